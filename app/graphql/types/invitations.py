from datetime import datetime
from typing import Self

import strawberry
from strawberry import ID

from app import models
from app.graphql.context import Info
from app.graphql.types.inputs import Input
from app.graphql.types.node import Node
from app.resolvers import invitations


@strawberry.type(
    description="A code with which one person may sign up. One that was used or revoked is gone."
)
class Invitation(Node):
    note: str | None = strawberry.field(description="Whom it is for; null where nothing was said.")
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime = strawberry.field(description="When it ceases to hold.")

    @classmethod
    def of(cls, row: models.Invitation) -> Self:
        return cls(id=ID(row.id), note=row.note, created_at=row.created_at, expires_at=row.expires_at)


@strawberry.type
class InvitationQueries:
    @strawberry.field(description="For admins: the invitations that can still be used, newest first.")
    async def invitations(self, info: Info) -> list[Invitation]:
        return [Invitation.of(row) for row in await invitations.list_open(info.context.ctx)]


@strawberry.input(description="A new invitation.")
class CreateInvitationInput:
    note: str | None = strawberry.field(default=None, description="Whom it is for, up to 200 characters.")


@strawberry.input(description="Which invitation to revoke.")
class RevokeInvitationInput:
    id: ID = strawberry.field(description="The invitation's id.")


@strawberry.type(description="What createInvitation did.")
class CreateInvitationPayload:
    invitation: Invitation = strawberry.field(description="The new invitation.")
    code: str = strawberry.field(
        description="What to give to signUp. It is shown this once: nobody can read it again."
    )


@strawberry.type(description="What revokeInvitation did.")
class RevokeInvitationPayload:
    revoked_invitation_id: ID = strawberry.field(description="The id that the invitation had.")


@strawberry.type
class InvitationMutations:
    @strawberry.mutation(
        description="For admins: makes an invitation, with which one person may sign up within 7 days."
    )
    async def create_invitation(
        self, info: Info, input: Input[CreateInvitationInput | None] = None
    ) -> CreateInvitationPayload:
        invitation, code = await invitations.create(info.context.ctx, input.note if input else None)
        return CreateInvitationPayload(invitation=Invitation.of(invitation), code=code)

    @strawberry.mutation(description="For admins: revokes an invitation that was not used.")
    async def revoke_invitation(
        self, info: Info, input: Input[RevokeInvitationInput]
    ) -> RevokeInvitationPayload:
        revoked = await invitations.revoke(info.context.ctx, input.id)
        return RevokeInvitationPayload(revoked_invitation_id=ID(revoked))
