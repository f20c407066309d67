"""Trusted documents: the operations that clients were built with, run by id. If configured, no others are allowed.

A request names a document by `documentId` (a draft appendix of GraphQL over HTTP) or by
`extensions.persistedQuery.sha256Hash`, as Apollo's clients do
(apollographql.com/docs/apollo-server/performance/apq).
"""

import json
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from graphql import GraphQLError
from strawberry.types.execution import ExecutionResult, PreExecutionError
from strawberry.types.graphql import OperationType
from strawberry.utils.operation import get_operation_type

from app.errors import BadRequest, PicHubError, excerpt
from app.graphql.schema import Schema
from app.graphql.server.document_cache import DocumentCache

APOLLO_MANIFEST = "apollo-persisted-query-manifest"


class InvalidDocument(Exception):
    """A document of the folder can't be run; the message names the file and the error."""


class DocumentError(GraphQLError):
    """The server does not run the document. REST has no such errors, so their codes are defined here."""

    def __init__(self, code: str, message: str, details: str) -> None:
        params = {"reason": code.lower()}
        super().__init__(message, extensions={"code": code, "details": details, "params": params})


class DocumentNotTrusted(DocumentError):
    def __init__(self) -> None:
        super().__init__(
            "DOCUMENT_NOT_TRUSTED",
            "The document is not trusted",
            "This server runs only documents from its configured folder, and this one is not among them",
        )


class PersistedQueryNotFound(DocumentError):
    """No document has the id. Apollo's clients recognize the message and send the text."""

    def __init__(self, id: str) -> None:
        super().__init__(
            "PERSISTED_QUERY_NOT_FOUND",
            "PersistedQueryNotFound",
            f"This server has no document with the id {excerpt(id)}",
        )


class PersistedQueryNotSupported(DocumentError):
    """No documents are configured. Apollo's clients recognize the message and stop sending ids."""

    def __init__(self) -> None:
        super().__init__(
            "PERSISTED_QUERY_NOT_SUPPORTED",
            "PersistedQueryNotSupported",
            "This server has no trusted documents; send the `query`",
        )


@dataclass(frozen=True, slots=True)
class DocumentRequest:
    """The parts of a request that name a document: its text, and extensions that may contain its id."""

    text: str | None
    extensions: Mapping[str, Any] | None

    @property
    def document_id(self) -> str | None:
        """The id without the prefix `sha256:`. Raises BadRequest."""
        extensions = self.extensions or {}
        id = extensions.get("documentId")
        if id is None and extensions.get("persistedQuery") is not None:
            persisted = extensions["persistedQuery"]
            if not isinstance(persisted, dict) or persisted.get("version") != 1:
                raise BadRequest(
                    '`extensions.persistedQuery` must be {"version": 1, "sha256Hash": "…"}',
                    reason="invalid_persisted_query",
                )
            id = persisted.get("sha256Hash", False)
        if not isinstance(id, str | None) or id == "":
            raise BadRequest("The id of a document must be a string", reason="invalid_document_id")
        return id.removeprefix("sha256:") if id else None


def with_document_id(request: Any) -> Any:
    """Copy the `documentId` of a request into its extensions, which Strawberry passes on."""
    if not isinstance(request, dict) or request.get("documentId") is None:
        return request
    extensions = request.get("extensions") or {}
    if not isinstance(extensions, dict):
        return request
    return request | {"extensions": extensions | {"documentId": request["documentId"]}}


class TrustedDocuments:
    """The documents of a folder: its `.graphql` and `.gql` files, and the entries of its JSON manifests.

    A document has as ids the SHA-256 of its text in hexadecimal, and the id in its manifest.
    """

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._by_id = texts
        self._by_text = {text.strip(): text for text in texts.values()}

    @classmethod
    def load(cls, folder: Path, cache: DocumentCache, *, own_manifest: Path | None = None) -> Self:
        """Load and validate the documents of a folder, and of the manifest of PicHub's own pages if it was built.

        Raises InvalidDocument.
        """
        texts: dict[str, str] = {}
        try:
            found = list(_documents(folder))
            if not found:
                raise InvalidDocument(f"{folder}: no documents found, neither *.graphql nor *.json")
            if own_manifest is not None and own_manifest.is_file():
                found += _manifest_documents(own_manifest)
            for source, id, text in found:
                _validate(source, text, cache)
                if texts.setdefault(id, text).strip() != text.strip():
                    raise InvalidDocument(f"{source}: another document has the id {excerpt(id)}")
        except OSError as error:
            raise InvalidDocument(f"{error.filename}: {error.strerror}") from error
        return cls(texts)

    def resolve(self, request: DocumentRequest) -> str | None:
        """Return the text to run. Raises DocumentNotTrusted, PersistedQueryNotFound, BadRequest."""
        id, text = request.document_id, request.text
        if not text and id is None:
            return None
        if text and text.strip() not in self._by_text:
            raise DocumentNotTrusted
        if id is not None and id not in self._by_id:
            raise PersistedQueryNotFound(id)
        found = self._by_id[id] if id is not None else self._by_text[(text or "").strip()]
        if text and found.strip() != text.strip():
            raise BadRequest(
                "`query` and the document id name different documents", reason="document_mismatch"
            )
        return found


class TrustedDocumentSchema:
    """Wrapper of the schema that resolves document ids, and refuses documents that are not trusted."""

    def __init__(self, schema: Schema, documents: TrustedDocuments | None) -> None:
        self.config = schema.config
        self._schema = schema
        self._documents = documents

    async def execute(
        self, query: str | None, *, operation_extensions: dict[str, Any] | None = None, **options: Any
    ) -> ExecutionResult:
        try:
            text = self._resolve(DocumentRequest(query, operation_extensions))
        except (DocumentError, BadRequest) as error:
            return _error_result(error)
        return await self._schema.execute(text, operation_extensions=operation_extensions, **options)

    async def stream(
        self, query: str | None, *, operation_extensions: dict[str, Any] | None = None, **options: Any
    ) -> Any:
        try:
            text = self._resolve(DocumentRequest(query, operation_extensions))
        except (DocumentError, BadRequest) as error:
            return _single_result(_error_result(error))
        return await self._schema.stream(text, operation_extensions=operation_extensions, **options)

    def operation_type(
        self, query: str | None, name: str | None, extensions: dict[str, Any] | None
    ) -> OperationType | None:
        """Return the type of a document's operation; None if there is no such document or operation."""
        with suppress(PicHubError, GraphQLError, RecursionError, RuntimeError):
            text = self._resolve(DocumentRequest(query, extensions)) or ""
            return get_operation_type(self._schema.document_cache.parse(text).document, name)
        return None

    def _resolve(self, request: DocumentRequest) -> str | None:
        if self._documents is not None:
            return self._documents.resolve(request)
        if not request.text and request.document_id is not None:
            raise PersistedQueryNotSupported
        return request.text


def _documents(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Yield the source, an id and the text of each document."""
    if not folder.is_dir():
        raise InvalidDocument(f"{folder}: no such folder")
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".graphql", ".gql"}:
            text = _read(path)
            yield str(path), _digest(text), text
        elif path.suffix == ".json":
            yield from _manifest_documents(path)


def _manifest_documents(path: Path) -> Iterator[tuple[str, str, str]]:
    for id, text in _manifest_entries(path):
        source = f"{path}, {excerpt(id)}"
        yield source, id, text
        yield source, _digest(text), text


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidDocument(f"{path}: not UTF-8 text") from error


def _manifest_entries(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the ids and texts of a manifest: one object, as Relay and GraphQL Code Generator write it, or Apollo's."""
    try:
        content = json.loads(_read(path))
    except (ValueError, RecursionError) as error:
        raise InvalidDocument(f"{path}: not JSON") from error
    match content:
        case {"format": str(name), "version": 1, "operations": list(operations)} if name == APOLLO_MANIFEST:
            entries = [
                (each.get("id"), each.get("body")) if isinstance(each, dict) else (None, None)
                for each in operations
            ]
        case dict():
            entries = list(content.items())
        case _:
            entries = [(None, None)]
    for id, text in entries:
        if not isinstance(id, str) or not isinstance(text, str):
            raise InvalidDocument(f"{path}: must be an object of ids and texts, or an Apollo manifest")
        yield id.removeprefix("sha256:"), text


def _validate(source: str, text: str, cache: DocumentCache) -> None:
    try:
        errors = cache.parse(text).errors
    except GraphQLError as error:
        errors = (error,)
    except RecursionError:
        raise InvalidDocument(f"{source}: nested too deeply") from None
    if errors:
        line = "".join(f" (line {location.line})" for location in (errors[0].locations or ())[:1])
        raise InvalidDocument(f"{source}: {errors[0].message}{line}")


def _error_result(error: DocumentError | BadRequest) -> PreExecutionError:
    if isinstance(error, BadRequest):
        return PreExecutionError(data=None, errors=[GraphQLError(error.message, original_error=error)])
    return PreExecutionError(data=None, errors=[error])


async def _single_result(result: ExecutionResult) -> AsyncGenerator[ExecutionResult, None]:
    yield result
