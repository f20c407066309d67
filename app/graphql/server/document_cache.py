"""Cache of parsed and validated documents.

Strawberry's two caches keep texts of any length. This one bounds the length of a document and of all together.
"""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import strawberry
from graphql import DocumentNode, GraphQLError, OperationDefinitionNode, parse, specified_rules, validate
from graphql.validation import ASTValidationRule
from strawberry.extensions import SchemaExtension
from strawberry.schema.exceptions import CannotGetOperationTypeError
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from app.graphql.server.document_limits import limit_errors
from app.graphql.server.errors import NESTING_ERROR
from app.observability import logging as logs
from app.settings import Settings

MAX_DOCUMENT_CHARACTERS = 16_000
"""Length of a document that is cached."""
MAX_CACHED_CHARACTERS = 200_000
"""Length of all cached documents. Once parsed, a character takes about 200 bytes of memory."""


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """A parsed document and its validation errors."""

    document: DocumentNode
    errors: tuple[GraphQLError, ...]
    has_many_operations: bool


class AmbiguousOperation(CannotGetOperationTypeError):
    """The document has several operations, and the request names none."""

    def as_http_error_reason(self) -> str:
        return "The document has several operations; set `operationName`"


class DocumentCache:
    def __init__(
        self, schema: strawberry.Schema, settings: Settings, rules: tuple[type[ASTValidationRule], ...]
    ) -> None:
        self._schema = schema._schema  # noqa: SLF001  (graphql-core's schema)
        self._settings = settings
        self._rules = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule, *rules)
        self._documents: OrderedDict[str, ParsedDocument] = OrderedDict()
        self.cached_characters = 0

    @property
    def max_tokens(self) -> int:
        return self._settings.graphql_max_tokens

    def parse(self, text: str) -> ParsedDocument:
        """Return the document with its validation errors. Raises GraphQLError, RecursionError if it can't be parsed."""
        cached = self._documents.get(text)
        if cached is not None:
            self._documents.move_to_end(text)
            return cached
        document = parse(text, max_tokens=self.max_tokens)
        operations = sum(isinstance(each, OperationDefinitionNode) for each in document.definitions)
        parsed = ParsedDocument(document, tuple(self._errors(document)), operations > 1)
        if not parsed.errors and len(text) <= MAX_DOCUMENT_CHARACTERS:
            self._store(text, parsed)
        return parsed

    def _store(self, text: str, parsed: ParsedDocument) -> None:
        self._documents[text] = parsed
        self.cached_characters += len(text)
        while self.cached_characters > MAX_CACHED_CHARACTERS:
            oldest, _ = self._documents.popitem(last=False)
            self.cached_characters -= len(oldest)

    def _errors(self, document: DocumentNode) -> list[GraphQLError]:
        # A document over the limits is not validated: some rules compare each field with each other field.
        try:
            return limit_errors(document, self._settings) or validate(
                self._schema,
                document,
                self._rules,
                hide_suggestions=not self._settings.introspection,
            )
        except RecursionError:
            return [GraphQLError(NESTING_ERROR)]


class DocumentCacheExtension(SchemaExtension):
    """Takes the documents of operations from the cache."""

    def __init__(self, cache: DocumentCache) -> None:
        self._cache = cache
        self._errors: tuple[GraphQLError, ...] = ()

    def on_operation(self) -> Iterator[None]:
        self.execution_context.parse_options["max_tokens"] = self._cache.max_tokens
        yield

    def on_parse(self) -> Iterator[None]:
        context = self.execution_context
        # If parsing fails, Strawberry parses the document again and reports the error.
        with suppress(GraphQLError, RecursionError):
            parsed = self._cache.parse(context.query or "")
            context.graphql_document, self._errors = parsed.document, parsed.errors
            if parsed.has_many_operations and context._provided_operation_name is None:  # noqa: SLF001
                raise AmbiguousOperation(None)  # Strawberry would run the first
        yield

    def on_validate(self) -> Iterator[None]:
        self.execution_context.pre_execution_errors = list(self._errors)
        yield

    def on_execute(self) -> Iterator[None]:
        logs.bind(operation=self.execution_context.operation_type.value)
        yield
