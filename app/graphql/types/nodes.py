"""Lookup of objects of any type by ID."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeAlias

import strawberry
from strawberry import ID

from app.context import Context
from app.errors import InvalidParameter, NotFound
from app.graphql.context import Info
from app.graphql.types.account import Account
from app.graphql.types.categories import Category
from app.graphql.types.invitations import Invitation
from app.graphql.types.library import Album, Image
from app.graphql.types.node import Node
from app.graphql.types.sessions import Session
from app.graphql.types.tokens import ApiToken
from app.graphql.types.uploads import UploadTicket
from app.graphql.types.webhooks import Delivery, Webhook
from app.ids import Kind, kind_of
from app.resolvers import (
    account,
    albums,
    categories,
    images,
    invitations,
    sessions,
    tokens,
    uploads,
    webhooks,
)

MAX_NODES = 100
Load: TypeAlias = Callable[[Context, list[str]], Awaitable[dict[str, Any]]]

Present: TypeAlias = Callable[[Any, Context], Node]


def _without_context(node_type: Callable[[Any], Node]) -> Present:
    return lambda row, _: node_type(row)


NODE_TYPES: dict[Kind, tuple[Load, Present]] = {
    Kind.ACCOUNT: (account.get_many, _without_context(Account)),
    Kind.ALBUM: (albums.get_many, _without_context(Album)),
    Kind.CATEGORY: (categories.get_many, _without_context(Category)),
    Kind.IMAGE: (images.get_many, Image),
    Kind.INVITATION: (invitations.get_many, _without_context(Invitation)),
    Kind.SESSION: (sessions.get_many, _without_context(Session)),
    Kind.TOKEN: (tokens.get_many, _without_context(ApiToken)),
    Kind.UPLOAD: (uploads.get_many, UploadTicket),
    Kind.WEBHOOK: (webhooks.get_many, _without_context(Webhook)),
    Kind.DELIVERY: (webhooks.deliveries_by_id, _without_context(Delivery)),
}


@strawberry.type
class NodeQueries:
    @strawberry.field(
        description="Look up an object by ID. Null, with NOT_FOUND, if there is none or the caller can't view it."
    )
    async def node(
        self,
        info: Info,
        id: Annotated[ID, strawberry.argument(description="The ID of the object.")],
    ) -> Node | None:
        nodes = await _load_nodes(info, [id])
        if id not in nodes:
            raise NotFound("node", id)
        return nodes[id]

    @strawberry.field(
        description="Look up objects by ID, in the given order. An item is null if the caller can't view the object."
    )
    async def nodes(
        self,
        info: Info,
        ids: Annotated[list[ID], strawberry.argument(description=f"Up to {MAX_NODES} ids.")],
    ) -> list[Node | None]:
        if len(ids) > MAX_NODES:
            raise InvalidParameter("ids", f"{len(ids)} ids", f"a list of up to {MAX_NODES} ids")
        nodes = await _load_nodes(info, ids)
        return [nodes.get(id_) for id_ in ids]


async def _load_nodes(info: Info, ids: list[ID]) -> dict[str, Node]:
    """Return the objects that the caller can view, with one statement per type."""
    nodes: dict[str, Node] = {}
    for kind, (load, present) in NODE_TYPES.items():
        if matching := [str(id_) for id_ in ids if kind_of(id_) is kind]:
            rows = await load(info.context.ctx, matching)
            nodes |= {id_: present(row, info.context.ctx) for id_, row in rows.items()}
    return nodes
