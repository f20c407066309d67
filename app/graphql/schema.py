"""The whole schema, put together from the rooms."""

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


@strawberry.type(description="What can be asked for.")
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


@strawberry.type(description="What can be changed.")
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


SETTINGS_IN_DESCRIPTIONS = (
    "introspection",
    "graphql_max_depth",
    "graphql_max_aliases",
    "graphql_max_directives",
    "graphql_max_tokens",
    "graphql_max_root_fields",
)


class Schema(strawberry.Schema):
    document_cache: DocumentCache

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        for each in _arguments(self._schema):
            # Left out is left out: `= null` would tell readers that null means something.
            if each.default_value is None:
                each.default_value = Undefined
        mark_fast_fields(self._schema)

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


def build_schema(settings: Settings) -> Schema:
    """The schema, held to the limits of these settings: one for all that say the same of GraphQL."""
    return _build_schema(Settings(**{name: getattr(settings, name) for name in SETTINGS_IN_DESCRIPTIONS}))


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
