from datetime import datetime

import strawberry
from strawberry import ID

from app import models
from app.graphql.context import Info
from app.graphql.types.inputs import Input
from app.graphql.types.node import Node, from_row
from app.resolvers import sessions


@from_row()
@strawberry.type(description="A browser session of an account.")
class Session(Node):
    row: strawberry.Private[models.Session]
    user_agent: str = strawberry.field(description="The user agent of the browser, up to 200 characters.")
    created_at: datetime = strawberry.field(description="When the session was created.")
    last_used_at: datetime = strawberry.field(description="When the session was last used, to the minute.")
    expires_at: datetime = strawberry.field(description="When the session expires.")

    def __init__(self, row: models.Session) -> None:
        self.row = row

    @strawberry.field(description="True if this is the session of the request.")
    def is_current(self, info: Info) -> bool:
        return sessions.is_current(info.context.ctx, self.row)


@strawberry.input(description="Input of `revokeSession`.")
class RevokeSessionInput:
    id: ID = strawberry.field(description="The ID of the session.")


@strawberry.type(description="Return type of `revokeSession`.")
class RevokeSessionPayload:
    revoked_session_id: ID = strawberry.field(description="The ID of the revoked session.")


@strawberry.type
class SessionMutations:
    @strawberry.mutation(
        description="End one of the caller's sessions. Its browser must sign in again. Requires a session."
    )
    async def revoke_session(self, info: Info, input: Input[RevokeSessionInput]) -> RevokeSessionPayload:
        return RevokeSessionPayload(revoked_session_id=ID(await sessions.revoke(info.context.ctx, input.id)))
