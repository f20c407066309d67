"""The complete schema, combined from the types of each domain."""

from collections.abc import Iterator
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
    Undefined,
)
from graphql.validation import NoSchemaIntrospectionCustomRule
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from app.graphql.server.document_cache import DocumentCache, DocumentCacheExtension
from app.graphql.server.fast_path import mark_fast_fields
from app.graphql.server.subscription_cache import SubscriptionExecutor
from app.graphql.types.account import AccountMutations, AccountQueries
from app.graphql.types.accounts import AccountAdminMutations, AccountAdminQueries
from app.graphql.types.albums import AlbumMutations, AlbumQueries
from app.graphql.types.categories import CategoryMutations, CategoryQueries
from app.graphql.types.events import EVENT_TYPES, EventQueries, Subscription
from app.graphql.types.explanations import ExplanationQueries
from app.graphql.types.images import ImageMutations, ImageQueries
from app.graphql.types.invitations import InvitationMutations, InvitationQueries
from app.graphql.types.nodes import NodeQueries
from app.graphql.types.presets import PresetQueries
from app.graphql.types.rate_limits import RateLimitQueries
from app.graphql.types.scalars import SCALARS
from app.graphql.types.sessions import SessionMutations
from app.graphql.types.tokens import TokenMutations
from app.graphql.types.uploads import UploadMutations, UploadQueries
from app.graphql.types.webhooks import WebhookMutations, WebhookQueries
from app.settings import Settings


@strawberry.type(description="The query root.")
class Query(
    NodeQueries,
    AccountQueries,
    ImageQueries,
    UploadQueries,
    PresetQueries,
    ExplanationQueries,
    AlbumQueries,
    CategoryQueries,
    AccountAdminQueries,
    InvitationQueries,
    WebhookQueries,
    EventQueries,
    RateLimitQueries,
):
    pass


@strawberry.type(description="The mutation root.")
class Mutation(
    ImageMutations,
    UploadMutations,
    AlbumMutations,
    CategoryMutations,
    AccountMutations,
    SessionMutations,
    TokenMutations,
    AccountAdminMutations,
    InvitationMutations,
    WebhookMutations,
):
    pass


SCHEMA_SETTINGS = (
    "introspection",
    "graphql_max_depth",
    "graphql_max_aliases",
    "graphql_max_directives",
    "graphql_max_tokens",
    "graphql_max_root_fields",
)


class Schema(strawberry.Schema):
    document_cache: DocumentCache

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        for argument in _arguments(self._schema):
            # Omit `= null` from the printed schema: it suggests that null differs from leaving the argument out.
            if argument.default_value is None:
                argument.default_value = Undefined
        mark_fast_fields(self._schema)

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Log nothing: unexpected errors are logged where they are presented, errors of clients are not."""


def _arguments(schema: GraphQLSchema) -> Iterator[GraphQLArgument | GraphQLInputField]:
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLInputObjectType):
            yield from kind.fields.values()
        elif isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for field in kind.fields.values():
                yield from field.args.values()


def build_schema(settings: Settings) -> Schema:
    """Return the schema with the limits of these settings. Settings with equal limits share one schema."""
    return _build_schema(Settings(**{name: getattr(settings, name) for name in SCHEMA_SETTINGS}))


@lru_cache(maxsize=8)
def _build_schema(settings: Settings) -> Schema:
    rules = () if settings.introspection else (NoSchemaIntrospectionCustomRule,)
    schema: Schema = Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=EVENT_TYPES.values(),
        execution_context_class=SubscriptionExecutor,
        extensions=[lambda: DocumentCacheExtension(schema.document_cache)],
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=not settings.introspection),
    )
    schema.document_cache = DocumentCache(schema, settings, rules)
    return schema
