from datetime import datetime

import strawberry
from strawberry import ID

from app import models
from app.graphql.context import Info
from app.graphql.types.inputs import Input
from app.graphql.types.node import Node, from_row
from app.resolvers import invitations


@from_row()
@strawberry.type(
    description="A code with which one person can sign up. It is deleted when it is used or revoked."
)
class Invitation(Node):
    row: strawberry.Private[models.Invitation]
    note: str | None = strawberry.field(description="A note about the invited person. Null if there is none.")
    created_at: datetime = strawberry.field(description="When the invitation was created.")
    expires_at: datetime = strawberry.field(description="When the invitation expires.")

    def __init__(self, row: models.Invitation) -> None:
        self.row = row


@strawberry.type
class InvitationQueries:
    @strawberry.field(description="The invitations that can still be used, newest first. Admins only.")
    async def invitations(self, info: Info) -> list[Invitation]:
        return [Invitation(row) for row in await invitations.list_open(info.context.ctx)]


@strawberry.input(description="Input of `createInvitation`.")
class CreateInvitationInput:
    note: str | None = strawberry.field(
        default=None, description="A note about the invited person, up to 200 characters."
    )


@strawberry.input(description="Input of `revokeInvitation`.")
class RevokeInvitationInput:
    id: ID = strawberry.field(description="The ID of the invitation.")


@strawberry.type(description="Return type of `createInvitation`.")
class CreateInvitationPayload:
    invitation: Invitation = strawberry.field(description="The new invitation.")
    code: str = strawberry.field(
        description="The code to pass to `signUp`. It is returned only here and can't be retrieved later."
    )


@strawberry.type(description="Return type of `revokeInvitation`.")
class RevokeInvitationPayload:
    revoked_invitation_id: ID = strawberry.field(description="The ID of the revoked invitation.")


@strawberry.type
class InvitationMutations:
    @strawberry.mutation(
        description="Create an invitation with which one person can sign up within 7 days. Admins only."
    )
    async def create_invitation(
        self, info: Info, input: Input[CreateInvitationInput | None] = None
    ) -> CreateInvitationPayload:
        invitation, code = await invitations.create(info.context.ctx, input.note if input else None)
        return CreateInvitationPayload(invitation=Invitation(invitation), code=code)

    @strawberry.mutation(description="Revoke an unused invitation. Admins only.")
    async def revoke_invitation(
        self, info: Info, input: Input[RevokeInvitationInput]
    ) -> RevokeInvitationPayload:
        revoked = await invitations.revoke(info.context.ctx, input.id)
        return RevokeInvitationPayload(revoked_invitation_id=ID(revoked))
