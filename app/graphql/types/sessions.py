from datetime import datetime
from typing import Self

import strawberry
from strawberry import ID

from app import models
from app.context import Context
from app.graphql.context import Info
from app.graphql.types.inputs import Input
from app.graphql.types.node import Node
from app.resolvers import sessions


@strawberry.type(description="A browser in which the account has signed in.")
class Session(Node):
    row: strawberry.Private[models.Session]
    user_agent: str = strawberry.field(description="How the browser called itself, up to 200 characters.")
    created_at: datetime = strawberry.field(description="When it signed in.")
    last_used_at: datetime = strawberry.field(description="When it last asked for something, to the minute.")
    expires_at: datetime = strawberry.field(description="When it must sign in again.")

    @classmethod
    def of(cls, row: models.Session) -> Self:
        return cls(
            row=row,
            id=ID(row.id),
            user_agent=row.user_agent,
            created_at=row.created_at,
            last_used_at=row.last_used_at,
            expires_at=row.expires_at,
        )

    @strawberry.field(description="Whether it is the one that asks.")
    def is_current(self, info: Info) -> bool:
        return sessions.is_current(info.context.ctx, self.row)


async def active_sessions(ctx: Context) -> list[Session]:
    return [Session.of(row) for row in await sessions.list_active(ctx)]


@strawberry.input(description="Which session to end.")
class RevokeSessionInput:
    id: ID = strawberry.field(description="The session's id.")


@strawberry.type(description="What revokeSession did.")
class RevokeSessionPayload:
    revoked_session_id: ID = strawberry.field(description="The id that the session had.")


@strawberry.type
class SessionMutations:
    @strawberry.mutation(
        description="Ends a session of the caller's: that browser must sign in again. Needs a session."
    )
    async def revoke_session(self, info: Info, input: Input[RevokeSessionInput]) -> RevokeSessionPayload:
        return RevokeSessionPayload(revoked_session_id=ID(await sessions.revoke(info.context.ctx, input.id)))
