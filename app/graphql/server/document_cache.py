"""Reads documents: parsed, held to the limits and validated, and what was read is remembered.

Strawberry's two caches hold any text, however long. Here what is remembered is bounded in number and in length.
"""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

import strawberry
from graphql import DocumentNode, GraphQLError, OperationDefinitionNode, parse, specified_rules, validate
from graphql.validation import ASTValidationRule
from strawberry.extensions import SchemaExtension
from strawberry.schema.exceptions import CannotGetOperationTypeError
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from app.graphql.server.document_limits import limit_errors
from app.graphql.server.errors import TOO_NESTED
from app.observability import logging as logs
from app.settings import Settings

MAX_CACHED_LENGTH = 16_000
MAX_CACHED_CHARACTERS = 200_000
"""Characters of one document that is remembered, and of all. Once parsed, a character takes some 200 bytes."""


@dataclass(frozen=True)
class ParsedDocument:
    """What a document says, and what is wrong with it."""

    document: DocumentNode
    errors: tuple[GraphQLError, ...]

    @cached_property
    def operations(self) -> int:
        """How many operations it has."""
        return sum(isinstance(each, OperationDefinitionNode) for each in self.document.definitions)


class AmbiguousOperation(CannotGetOperationTypeError):
    """The document has several operations, and nothing says which to run."""

    def as_http_error_reason(self) -> str:
        return "The document has several operations: `operationName` must say which to run"


class DocumentCache:
    def __init__(
        self, schema: strawberry.Schema, settings: Settings, rules: tuple[type[ASTValidationRule], ...]
    ) -> None:
        self._schema = schema._schema  # noqa: SLF001  (what graphql-core knows of it)
        self._settings = settings
        self._rules = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule, *rules)
        self._remembered: OrderedDict[str, ParsedDocument] = OrderedDict()
        self._characters = 0

    @property
    def max_tokens(self) -> int:
        return self._settings.graphql_max_tokens

    @property
    def characters(self) -> int:
        """How long the documents are together that are remembered."""
        return self._characters

    def parse(self, text: str) -> ParsedDocument:
        """The document of this text. Raises GraphQLError, RecursionError where it is none."""
        known = self._remembered.get(text)
        if known is not None:
            self._remembered.move_to_end(text)
            return known
        document = parse(text, max_tokens=self._settings.graphql_max_tokens)
        read = ParsedDocument(document, tuple(self._errors(document)))
        if not read.errors and len(text) <= MAX_CACHED_LENGTH:
            self._remember(text, read)
        return read

    def _remember(self, text: str, read: ParsedDocument) -> None:
        self._remembered[text] = read
        self._characters += len(text)
        while self._characters > MAX_CACHED_CHARACTERS:
            oldest, _ = self._remembered.popitem(last=False)
            self._characters -= len(oldest)

    def _errors(self, document: DocumentNode) -> list[GraphQLError]:
        # What is too large is not validated: some rules compare each field with each other.
        try:
            return limit_errors(document, self._settings) or validate(
                self._schema,
                document,
                self._rules,
                hide_suggestions=not self._settings.introspection,
            )
        except RecursionError:
            return [GraphQLError(TOO_NESTED)]


class DocumentCacheExtension(SchemaExtension):
    """Lets an operation's document be read by the reader."""

    def __init__(self, reader: DocumentCache) -> None:
        self._reader = reader
        self._errors: tuple[GraphQLError, ...] = ()

    def on_operation(self) -> Iterator[None]:
        self.execution_context.parse_options["max_tokens"] = self._reader.max_tokens
        yield

    def on_parse(self) -> Iterator[None]:
        context = self.execution_context
        # What can't be read is left to Strawberry, which knows how to tell of it.
        with suppress(GraphQLError, RecursionError):
            read = self._reader.parse(context.query or "")
            context.graphql_document, self._errors = read.document, read.errors
            if read.operations > 1 and context._provided_operation_name is None:  # noqa: SLF001
                raise AmbiguousOperation(None)  # Strawberry would run the first
        yield

    def on_validate(self) -> Iterator[None]:
        self.execution_context.pre_execution_errors = list(self._errors)
        yield

    def on_execute(self) -> Iterator[None]:
        logs.note(operation=self.execution_context.operation_type.value)
        yield
