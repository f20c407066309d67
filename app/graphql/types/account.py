from datetime import datetime
from enum import Enum
from typing import Self

import strawberry
from strawberry import ID

from app import models
from app.context import Context
from app.errors import Forbidden
from app.graphql.context import Info
from app.graphql.types.connections import After, Before, Connection, First, Last, page_request
from app.graphql.types.inputs import Input
from app.graphql.types.node import Node, from_row
from app.graphql.types.scalars import ByteCount
from app.graphql.types.sessions import Session
from app.graphql.types.tokens import ApiToken
from app.resolvers import account, quotas, sessions, tokens
from app.resolvers.account import NewSignUp


@strawberry.enum(description="The role of an account.")
class Role(Enum):
    ADMIN = strawberry.enum_value("admin", description="Can manage the server and all accounts.")
    MEMBER = strawberry.enum_value("member", description="Can manage its own images, albums and webhooks.")


@strawberry.type(description="Storage use and quota of an account.")
class Usage:
    bytes: ByteCount = strawberry.field(description="The total size of the account's originals.")
    images: int = strawberry.field(description="The number of images.")
    quota: ByteCount | None = strawberry.field(description="The storage quota. Null if it is unlimited.")
    remaining: ByteCount | None = strawberry.field(
        description="The storage left of the quota. Null if it is unlimited."
    )

    @classmethod
    def of(cls, usage: quotas.Usage) -> Self:
        return cls(
            bytes=ByteCount(usage.bytes),
            images=usage.images,
            quota=None if usage.quota is None else ByteCount(usage.quota),
            remaining=None if usage.remaining is None else ByteCount(usage.remaining),
        )


@from_row(role=lambda self: Role(self.row.role.value))
@strawberry.type(description="An account that owns images, albums and webhooks.")
class Account(Node):
    row: strawberry.Private[models.Account]
    username: str = strawberry.field(description="The name used to sign in.")
    role: Role = strawberry.field(description="The account's role.")
    image_count: int = strawberry.field(description="The number of images the account has.")
    created_at: datetime = strawberry.field(description="When the account was created.")
    disabled_at: datetime | None = strawberry.field(
        description="When the account was disabled: sign-in and its tokens stop working. Null if it is enabled."
    )

    def __init__(self, row: models.Account) -> None:
        self.row = row

    @strawberry.field(description="The account's storage use and quota.")
    def usage(self, info: Info) -> Usage:
        return Usage.of(quotas.account_usage(info.context.ctx, self.row))

    @strawberry.field(
        description="Active browser sessions, newest first. FORBIDDEN for other accounts, including admins."
    )
    async def sessions(self, info: Info) -> list[Session]:
        return [Session(row) for row in await sessions.list_active(self._own(info))]

    @strawberry.field(
        description="API tokens that are not revoked, newest first. FORBIDDEN for other accounts, including admins."
    )
    async def api_tokens(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[ApiToken]:
        page = await tokens.page(self._own(info), page_request(first, after, last, before))
        return Connection(page=page, present=ApiToken)

    def _own(self, info: Info) -> Context:
        ctx = info.context.ctx
        if ctx.account_id != self.row.id:
            raise Forbidden("Sessions and tokens are visible to their own account only", reason="not_owner")
        return ctx


@strawberry.type
class AccountQueries:
    @strawberry.field(description="The authenticated account. Null for anonymous requests.")
    async def viewer(self, info: Info) -> Account | None:
        row = await account.viewer(info.context.ctx)
        return Account(row) if row else None


@strawberry.input(description="Input of `signUp`.")
class SignUpInput:
    username: str = strawberry.field(
        description="The name used to sign in: 3 to 64 characters of a-z, 0-9, '.', '-' and '_'. Not case-sensitive."
    )
    password: str = strawberry.field(description="The password, 10 to 200 characters.")
    invitation: str | None = strawberry.field(
        default=None,
        description="An invitation code. Required if the server only allows sign-up by invitation.",
    )


@strawberry.input(description="Input of `signIn`.")
class SignInInput:
    username: str = strawberry.field(description="The account's name. Not case-sensitive.")
    password: str = strawberry.field(description="The account's password.")


@strawberry.input(description="Input of `changePassword`.")
class ChangePasswordInput:
    current_password: str = strawberry.field(description="The current password.")
    new_password: str = strawberry.field(description="The new password, 10 to 200 characters.")


@strawberry.type(description="Return type of `signUp`. The response sets the session cookie.")
class SignUpPayload:
    account: Account = strawberry.field(description="The new account.")
    session: Session = strawberry.field(description="The account's first session.")


@strawberry.type(description="Return type of `signIn`. The response sets the session cookie.")
class SignInPayload:
    account: Account = strawberry.field(description="The account that signed in.")
    session: Session = strawberry.field(description="The new session.")


@strawberry.type(description="Return type of `signOut`. The response removes the session cookie.")
class SignOutPayload:
    revoked_session_id: ID = strawberry.field(description="The ID of the session that ended.")


@strawberry.type(description="Return type of `changePassword`.")
class ChangePasswordPayload:
    account: Account = strawberry.field(description="The account with the new password.")


@strawberry.type
class AccountMutations:
    @strawberry.mutation(
        description="Create an account and sign in to it. FORBIDDEN if the server does not allow sign-up."
    )
    async def sign_up(self, info: Info, input: Input[SignUpInput]) -> SignUpPayload:
        new = NewSignUp(username=input.username, password=input.password, invitation=input.invitation)
        signed_in = await account.sign_up(info.context.ctx, info.context.browser_credentials, new)
        info.context.start_session(signed_in)
        return SignUpPayload(account=Account(signed_in.account), session=Session(signed_in.session))

    @strawberry.mutation(description="Sign in. The rest of the operation runs as the account.")
    async def sign_in(self, info: Info, input: Input[SignInInput]) -> SignInPayload:
        signed_in = await account.sign_in(
            info.context.ctx, info.context.browser_credentials, input.username, input.password
        )
        info.context.start_session(signed_in)
        return SignInPayload(account=Account(signed_in.account), session=Session(signed_in.session))

    @strawberry.mutation(description="End the current session.")
    async def sign_out(self, info: Info) -> SignOutPayload:
        session_id = info.context.ctx.require_session().id
        info.context.end_session(await account.sign_out(info.context.ctx))
        return SignOutPayload(revoked_session_id=ID(session_id))

    @strawberry.mutation(
        description="Change the password and end all other sessions. API tokens stay valid. Requires a session."
    )
    async def change_password(self, info: Info, input: Input[ChangePasswordInput]) -> ChangePasswordPayload:
        row = await account.change_password(info.context.ctx, input.current_password, input.new_password)
        return ChangePasswordPayload(account=Account(row))
