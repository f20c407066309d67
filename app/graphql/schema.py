"""The whole schema, put together from the rooms."""

from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from typing import Any

import strawberry
from graphql import (
    GraphQLArgument,
    GraphQLError,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    Undefined,
)
from graphql.validation import ASTValidationRule, NoSchemaIntrospectionCustomRule
from strawberry.extensions import (
    AddValidationRules,
    MaxTokensLimiter,
    ParserCache,
    ValidationCache,
)
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.exceptions import CannotGetOperationTypeError
from strawberry.types import ExecutionContext
from strawberry.types.graphql import OperationType
from strawberry.utils.operation import get_operation_type

from app.graphql.account import AccountMutations, AccountQueries
from app.graphql.accounts import AccountsMutations, AccountsQueries
from app.graphql.albums import AlbumMutations, AlbumQueries
from app.graphql.categories import CategoryMutations, CategoryQueries
from app.graphql.events import KINDS, EventQueries, Subscription
from app.graphql.explanations import ExplanationQueries
from app.graphql.guards import limits_rule
from app.graphql.images import ImageMutations, ImageQueries
from app.graphql.invitations import InvitationMutations, InvitationQueries
from app.graphql.limits import LimitQueries
from app.graphql.nodes import NodeQueries
from app.graphql.presets import PresetQueries
from app.graphql.scalars import SCALARS
from app.graphql.sessions import SessionMutations
from app.graphql.sharing import Executor
from app.graphql.tokens import TokenMutations
from app.graphql.webhooks import WebhookMutations, WebhookQueries
from app.settings import Settings


@strawberry.type(description="What can be asked for.")
class Query(
    NodeQueries,
    AccountQueries,
    ImageQueries,
    PresetQueries,
    ExplanationQueries,
    AlbumQueries,
    CategoryQueries,
    AccountsQueries,
    InvitationQueries,
    WebhookQueries,
    EventQueries,
    LimitQueries,
):
    pass


@strawberry.type(description="What can be changed.")
class Mutation(
    ImageMutations,
    AlbumMutations,
    CategoryMutations,
    AccountMutations,
    SessionMutations,
    TokenMutations,
    AccountsMutations,
    InvitationMutations,
    WebhookMutations,
):
    pass


TOLD_BY_SETTINGS = (
    "introspection",
    "graphql_max_depth",
    "graphql_max_aliases",
    "graphql_max_tokens",
    "graphql_max_root_fields",
)


class Schema(strawberry.Schema):
    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        for each in _arguments(self._schema):
            # Left out is left out: `= null` would tell readers that null means something.
            if each.default_value is None:
                each.default_value = Undefined

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Nothing: what deserves it is logged where errors are presented, and a client's mistakes do not."""


def _arguments(schema: GraphQLSchema) -> Iterator[GraphQLArgument | GraphQLInputField]:
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLInputObjectType):
            yield from kind.fields.values()
        elif isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for field in kind.fields.values():
                yield from field.args.values()


class SeveralOperations(CannotGetOperationTypeError):
    """The document has several operations, and nothing says which to run."""

    def as_http_error_reason(self) -> str:
        return "The document has several operations: `operationName` must say which to run"


class Documents(ParserCache):
    """Remembers what documents say. One that says nothing is left to Strawberry, which knows how to tell of it."""

    def on_parse(self) -> Iterator[None]:
        with suppress(GraphQLError, RecursionError):
            self.execution_context.graphql_document = self.cached_parse_document(
                self.execution_context.query, **self.execution_context.parse_options
            )
        # Strawberry would run the first.
        if self.execution_context._provided_operation_name is None and self._operations() > 1:  # noqa: SLF001
            raise SeveralOperations(None)
        yield

    def _operations(self) -> int:
        document = self.execution_context.graphql_document
        definitions = document.definitions if document else ()
        return sum(isinstance(each, OperationDefinitionNode) for each in definitions)


def operation_type(query: str | None, name: str | None, settings: Settings) -> OperationType | None:
    """What an operation of a document is; None where the document or its operation can't be made out."""
    parse = Documents().cached_parse_document
    with suppress(GraphQLError, RecursionError, RuntimeError):
        return get_operation_type(parse(query or "", max_tokens=settings.graphql_max_tokens), name)
    return None


def build_schema(settings: Settings) -> Schema:
    """The schema, held to the limits of these settings: one for all that say the same of GraphQL."""
    return _built(Settings(**{name: getattr(settings, name) for name in TOLD_BY_SETTINGS}))


@lru_cache(maxsize=8)
def _built(settings: Settings) -> Schema:
    rules: list[type[ASTValidationRule]] = [limits_rule(settings)]
    if not settings.introspection:
        rules.append(NoSchemaIntrospectionCustomRule)

    def extensions() -> list[Any]:
        return [
            lambda: MaxTokensLimiter(max_token_count=settings.graphql_max_tokens),
            # The rules are made once: they are part of the key by which validation is remembered.
            lambda: AddValidationRules(rules),
            Documents,
            ValidationCache,
        ]

    return Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=KINDS.values(),
        execution_context_class=Executor,
        extensions=extensions(),
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=not settings.introspection),
    )
