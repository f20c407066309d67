"""Things found by their id alone, whatever their kind."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeAlias

import strawberry
from strawberry import ID

from app.context import Context
from app.errors import InvalidParameter, NotFound
from app.graphql.context import Info
from app.graphql.types.account import Account
from app.graphql.types.albums import Album
from app.graphql.types.categories import Category
from app.graphql.types.images import Image
from app.graphql.types.invitations import Invitation
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


def _alone(of: Callable[[Any], Node]) -> Present:
    """Of what needs no context to be shown."""
    return lambda row, _: of(row)


NODE_TYPES: dict[Kind, tuple[Load, Present]] = {
    Kind.ACCOUNT: (account.get_many, _alone(Account.of)),
    Kind.ALBUM: (albums.get_many, _alone(Album.of)),
    Kind.CATEGORY: (categories.get_many, _alone(Category.of)),
    Kind.IMAGE: (images.get_many, Image.of),
    Kind.INVITATION: (invitations.get_many, _alone(Invitation.of)),
    Kind.SESSION: (sessions.get_many, _alone(Session.of)),
    Kind.TOKEN: (tokens.get_many, _alone(ApiToken.of)),
    Kind.UPLOAD: (uploads.get_many, UploadTicket.of),
    Kind.WEBHOOK: (webhooks.get_many, _alone(Webhook.of)),
    Kind.DELIVERY: (webhooks.deliveries_by_id, _alone(Delivery.of)),
}


@strawberry.type
class NodeQueries:
    @strawberry.field(
        description="The thing with this id; null, with NOT_FOUND, where there is none that the caller may see."
    )
    async def node(
        self,
        info: Info,
        id: Annotated[ID, strawberry.argument(description="The id of any thing.")],
    ) -> Node | None:
        found = await _found(info, [id])
        if id not in found:
            raise NotFound("node", id)
        return found[id]

    @strawberry.field(
        description="The things with these ids, in their order; null for each that the caller may not see."
    )
    async def nodes(
        self,
        info: Info,
        ids: Annotated[list[ID], strawberry.argument(description=f"Up to {MAX_NODES} ids.")],
    ) -> list[Node | None]:
        if len(ids) > MAX_NODES:
            raise InvalidParameter("ids", f"{len(ids)} ids", f"a list of up to {MAX_NODES} ids")
        found = await _found(info, ids)
        return [found.get(id_) for id_ in ids]


async def _found(info: Info, ids: list[ID]) -> dict[str, Node]:
    """Those that the caller may see: one statement a kind."""
    nodes: dict[str, Node] = {}
    for kind, (load, present) in NODE_TYPES.items():
        wanted = [id_ for id_ in ids if kind_of(id_) is kind]
        if wanted:
            rows = await load(info.context.ctx, [*wanted])
            nodes |= {id_: present(row, info.context.ctx) for id_, row in rows.items()}
    return nodes
