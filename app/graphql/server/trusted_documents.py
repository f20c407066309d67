"""Trusted documents: the operations that clients were built with, run by id, and where there are some, nothing else.

A client names a document by `documentId`, as the appendix of GraphQL over HTTP drafts it, or by
`extensions.persistedQuery.sha256Hash`, as Apollo's clients do
(apollographql.com/docs/apollo-server/performance/apq).
"""

import json
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any, Self

from graphql import GraphQLError
from strawberry.types.execution import ExecutionResult, PreExecutionError
from strawberry.types.graphql import OperationType
from strawberry.utils.operation import get_operation_type

from app.errors import BadRequest, PicHubError, excerpt
from app.graphql.schema import Schema
from app.graphql.server.document_cache import DocumentCache

MANIFEST = "apollo-persisted-query-manifest"


class InvalidDocument(Exception):
    """A document of the folder can't be run; the text names the file and what is wrong."""


class DocumentRefused(GraphQLError):
    """A document is not run. These are this face's own: in REST there is nothing that they could be."""

    def __init__(self, code: str, message: str, details: str) -> None:
        super().__init__(message, extensions={"code": code, "details": details})


class DocumentNotTrusted(DocumentRefused):
    def __init__(self) -> None:
        super().__init__(
            "DOCUMENT_NOT_TRUSTED",
            "The document is not trusted",
            "This server runs the documents that it was given and no other; it was not given this one",
        )


class PersistedQueryNotFound(DocumentRefused):
    """Apollo's clients look for this message, and send the text then."""

    def __init__(self, id: str) -> None:
        super().__init__(
            "PERSISTED_QUERY_NOT_FOUND",
            "PersistedQueryNotFound",
            f"This server was given no document with the id {excerpt(id)}",
        )


class PersistedQueryNotSupported(DocumentRefused):
    """Apollo's clients look for this message, and send no more ids then."""

    def __init__(self) -> None:
        super().__init__(
            "PERSISTED_QUERY_NOT_SUPPORTED",
            "PersistedQueryNotSupported",
            "This server was given no documents: send the `query`",
        )


@dataclass(frozen=True, slots=True)
class DocumentRequest:
    """The words of a request for a document: its text, and what may hold its id."""

    text: str | None
    extensions: Mapping[str, Any] | None

    @property
    def id(self) -> str | None:
        """The id, without the prefix that says that it is a digest. Raises BadRequest."""
        extensions = self.extensions or {}
        id = extensions.get("documentId")
        if id is None and extensions.get("persistedQuery") is not None:
            persisted = extensions["persistedQuery"]
            if not isinstance(persisted, dict) or persisted.get("version") != 1:
                raise BadRequest('`extensions.persistedQuery` must be {"version": 1, "sha256Hash": "…"}')
            id = persisted.get("sha256Hash", False)
        if not isinstance(id, str | None) or id == "":
            raise BadRequest("The id of a document must be a string")
        return id.removeprefix("sha256:") if id else None


def document_request(request: Any) -> Any:
    """A request whose `documentId`, if it has one, stands among its extensions: Strawberry passes those on."""
    if not isinstance(request, dict) or request.get("documentId") is None:
        return request
    extensions = request.get("extensions") or {}
    if not isinstance(extensions, dict):
        return request
    return request | {"extensions": extensions | {"documentId": request["documentId"]}}


class TrustedDocuments:
    """The documents of a folder: each file `.graphql` or `.gql`, and each entry of its manifests in JSON.

    A document's ids are the SHA-256 of its text, in hexadecimal, and those that a manifest gives it.
    """

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._by_id = texts
        self._by_text = {text.strip(): text for text in texts.values()}

    @classmethod
    def load(cls, folder: Path, reader: DocumentCache, *, own: Path | None = None) -> Self:
        """All documents of the folder, and of the manifest of our `own` pages; each is valid. Raises BadDocument."""
        texts: dict[str, str] = {}
        try:
            for source, id, text in chain(_found(folder), _own(own)):
                _check(source, text, reader)
                if texts.setdefault(id, text).strip() != text.strip():
                    raise InvalidDocument(f"{source}: another document has the id {excerpt(id)} too")
        except OSError as error:
            raise InvalidDocument(f"{error.filename}: {error.strerror}") from error
        if not any(_found(folder)):
            raise InvalidDocument(f"{folder}: it holds no document, neither *.graphql nor a manifest *.json")
        return cls(texts)

    def text(self, asked: DocumentRequest) -> str | None:
        """The text to run. Raises NotTrusted, PersistedQueryNotFound, BadRequest."""
        id, text = asked.id, asked.text
        if not text and id is None:
            return None
        if text and text.strip() not in self._by_text:
            raise DocumentNotTrusted
        if id is not None and id not in self._by_id:
            raise PersistedQueryNotFound(id)
        found = self._by_id[id] if id is not None else self._by_text[(text or "").strip()]
        if text and found.strip() != text.strip():
            raise BadRequest("`query` and the id of the document name two documents")
        return found


class TrustedDocumentSchema:
    """Stands for the schema: runs what is asked by id, and of what is asked in words only what is trusted."""

    def __init__(self, schema: Schema, documents: TrustedDocuments | None) -> None:
        self.config = schema.config
        self._schema = schema
        self._documents = documents

    async def execute(
        self, query: str | None, *, operation_extensions: dict[str, Any] | None = None, **given: Any
    ) -> ExecutionResult:
        try:
            text = self._text(DocumentRequest(query, operation_extensions))
        except (DocumentRefused, BadRequest) as error:
            return _refusal(error)
        return await self._schema.execute(text, operation_extensions=operation_extensions, **given)

    async def stream(
        self, query: str | None, *, operation_extensions: dict[str, Any] | None = None, **given: Any
    ) -> Any:
        try:
            text = self._text(DocumentRequest(query, operation_extensions))
        except (DocumentRefused, BadRequest) as error:
            return _one(_refusal(error))
        return await self._schema.stream(text, operation_extensions=operation_extensions, **given)

    def operation_type(
        self, query: str | None, name: str | None, extensions: dict[str, Any] | None
    ) -> OperationType | None:
        """What an operation of a document is; None where the document or its operation can't be made out."""
        with suppress(PicHubError, GraphQLError, RecursionError, RuntimeError):
            text = self._text(DocumentRequest(query, extensions)) or ""
            return get_operation_type(self._schema.document_cache.parse(text).document, name)
        return None

    def _text(self, asked: DocumentRequest) -> str | None:
        if self._documents is not None:
            return self._documents.text(asked)
        if not asked.text and asked.id is not None:
            raise PersistedQueryNotSupported
        return asked.text


def _found(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Of each document where it stands, an id and its text."""
    if not folder.is_dir():
        raise InvalidDocument(f"{folder}: there is no such folder")
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".graphql", ".gql"}:
            yield str(path), *_digested(_content(path))
        elif path.suffix == ".json":
            yield from _entries(path)


def _own(manifest: Path | None) -> Iterator[tuple[str, str, str]]:
    """The same of our own pages; nothing where they were not built."""
    if manifest is not None and manifest.is_file():
        yield from _entries(manifest)


def _entries(manifest: Path) -> Iterator[tuple[str, str, str]]:
    for id, text in _manifest(manifest):
        yield f"{manifest}, {excerpt(id)}", id, text
        yield f"{manifest}, {excerpt(id)}", *_digested(text)


def _digested(text: str) -> tuple[str, str]:
    return sha256(text.encode()).hexdigest(), text


def _content(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidDocument(f"{path}: it is not text in UTF-8") from error


def _manifest(path: Path) -> Iterator[tuple[str, str]]:
    """Ids and texts: an object of them, as Relay and GraphQL Code Generator write it, or Apollo's manifest."""
    try:
        content = json.loads(_content(path))
    except (ValueError, RecursionError) as error:
        raise InvalidDocument(f"{path}: it is not JSON") from error
    match content:
        case {"format": str(name), "version": 1, "operations": list(operations)} if name == MANIFEST:
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
            raise InvalidDocument(f"{path}: it must be an object of ids and texts, or a manifest of Apollo's")
        yield id.removeprefix("sha256:"), text


def _check(source: str, text: str, reader: DocumentCache) -> None:
    try:
        errors = reader.parse(text).errors
    except GraphQLError as error:
        errors = (error,)
    except RecursionError:
        raise InvalidDocument(f"{source}: it is nested too deeply") from None
    if errors:
        places = "".join(f" (line {place.line})" for place in (errors[0].locations or ())[:1])
        raise InvalidDocument(f"{source}: {errors[0].message}{places}")


def _refusal(error: DocumentRefused | BadRequest) -> PreExecutionError:
    told = GraphQLError(error.message, original_error=error) if isinstance(error, BadRequest) else error
    return PreExecutionError(data=None, errors=[told])


async def _one(result: ExecutionResult) -> AsyncGenerator[ExecutionResult, None]:
    yield result
