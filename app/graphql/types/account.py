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
from app.graphql.types.node import Node
from app.graphql.types.scalars import ByteCount
from app.graphql.types.sessions import Session, active_sessions
from app.graphql.types.tokens import ApiToken
from app.resolvers import account, quotas, tokens
from app.resolvers.account import NewSignUp


@strawberry.enum(description="What an account may do beyond its own things.")
class Role(Enum):
    ADMIN = strawberry.enum_value("admin", description="Looks after the server and its accounts.")
    MEMBER = strawberry.enum_value("member", description="Has images of its own.")


@strawberry.type(description="What an account keeps, and what it may keep.")
class Usage:
    bytes: ByteCount = strawberry.field(description="The size of its originals together.")
    images: int = strawberry.field(description="How many images it has.")
    quota: ByteCount | None = strawberry.field(
        description="How many bytes it may keep; null where there is no bound."
    )
    remaining: ByteCount | None = strawberry.field(
        description="How many bytes more it may keep; null where there is no bound."
    )

    @classmethod
    def of(cls, usage: quotas.Usage) -> Self:
        return cls(
            bytes=ByteCount(usage.bytes),
            images=usage.images,
            quota=None if usage.quota is None else ByteCount(usage.quota),
            remaining=None if usage.remaining is None else ByteCount(usage.remaining),
        )


@strawberry.type(description="Someone who owns images.")
class Account(Node):
    row: strawberry.Private[models.Account]
    username: str = strawberry.field(description="The name to sign in with.")
    role: Role = strawberry.field(description="What it may do beyond its own things.")
    image_count: int = strawberry.field(description="How many images it has.")
    created_at: datetime = strawberry.field(description="When it was made.")
    disabled_at: datetime | None = strawberry.field(
        description="Since when nobody can sign in to it and its tokens open nothing; null where it is enabled."
    )

    @classmethod
    def of(cls, row: models.Account) -> Self:
        return cls(
            row=row,
            id=ID(row.id),
            username=row.username,
            role=Role(row.role.value),
            image_count=row.image_count,
            created_at=row.created_at,
            disabled_at=row.disabled_at,
        )

    @strawberry.field(description="What it keeps, and what it may keep.")
    def usage(self, info: Info) -> Usage:
        return Usage.of(quotas.account_usage(info.context.ctx, self.row))

    @strawberry.field(
        description="The browsers in which it has signed in, newest first. FORBIDDEN to all others, admins too."
    )
    async def sessions(self, info: Info) -> list[Session]:
        return await active_sessions(self._own(info))

    @strawberry.field(
        description="Its API tokens that were not revoked, newest first. FORBIDDEN to all others, admins too."
    )
    async def api_tokens(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[ApiToken]:
        page = await tokens.page(self._own(info), page_request(first, after, last, before))
        return Connection(page=page, present=ApiToken.of)

    def _own(self, info: Info) -> Context:
        ctx = info.context.ctx
        if ctx.account_id != self.row.id:
            raise Forbidden("Sessions and tokens are visible to their own account only")
        return ctx


@strawberry.type
class AccountQueries:
    @strawberry.field(description="The account that asks; null where nobody is signed in.")
    async def viewer(self, info: Info) -> Account | None:
        row = await account.viewer(info.context.ctx)
        return Account.of(row) if row else None


@strawberry.input(description="A new account of one's own.")
class SignUpInput:
    username: str = strawberry.field(
        description="The name to sign in with: 3 to 64 of a-z, 0-9, dot, hyphen and underscore. Case does not count."
    )
    password: str = strawberry.field(description="10 to 200 characters, whatever they are.")
    invitation: str | None = strawberry.field(
        default=None, description="The code of an invitation, where the server asks for one."
    )


@strawberry.input(description="A username and its password.")
class SignInInput:
    username: str = strawberry.field(description="The account's name, in whatever case.")
    password: str = strawberry.field(description="Its password.")


@strawberry.input(description="The password there is, and the one that is to be.")
class ChangePasswordInput:
    current_password: str = strawberry.field(description="The password until now.")
    new_password: str = strawberry.field(description="The password from now on: 10 to 200 characters.")


@strawberry.type(description="What signUp did. The answer sets the cookie of the session.")
class SignUpPayload:
    account: Account = strawberry.field(description="The new account.")
    session: Session = strawberry.field(description="Its first session.")


@strawberry.type(description="What signIn did. The answer sets the cookie of the session.")
class SignInPayload:
    account: Account = strawberry.field(description="The account.")
    session: Session = strawberry.field(description="The new session.")


@strawberry.type(description="What signOut did. The answer removes the cookie.")
class SignOutPayload:
    revoked_session_id: ID = strawberry.field(description="The id that the session had.")


@strawberry.type(description="What changePassword did.")
class ChangePasswordPayload:
    account: Account = strawberry.field(description="The account.")


@strawberry.type
class AccountMutations:
    @strawberry.mutation(
        description="Makes an account and signs it in. FORBIDDEN where the server does not let people sign up."
    )
    async def sign_up(self, info: Info, input: Input[SignUpInput]) -> SignUpPayload:
        new = NewSignUp(username=input.username, password=input.password, invitation=input.invitation)
        begun = await account.sign_up(info.context.ctx, info.context.browser_credentials, new)
        info.context.start_session(begun)
        return SignUpPayload(account=Account.of(begun.account), session=Session.of(begun.session))

    @strawberry.mutation(description="Signs in. The operation goes on as the account.")
    async def sign_in(self, info: Info, input: Input[SignInInput]) -> SignInPayload:
        begun = await account.sign_in(
            info.context.ctx, info.context.browser_credentials, input.username, input.password
        )
        info.context.start_session(begun)
        return SignInPayload(account=Account.of(begun.account), session=Session.of(begun.session))

    @strawberry.mutation(description="Ends the session that asks.")
    async def sign_out(self, info: Info) -> SignOutPayload:
        session_id = info.context.ctx.require_session().id
        info.context.end_session(await account.sign_out(info.context.ctx))
        return SignOutPayload(revoked_session_id=ID(session_id))

    @strawberry.mutation(
        description="Changes the password and ends the account's other sessions; its API tokens stay. Needs a session."
    )
    async def change_password(self, info: Info, input: Input[ChangePasswordInput]) -> ChangePasswordPayload:
        row = await account.change_password(info.context.ctx, input.current_password, input.new_password)
        return ChangePasswordPayload(account=Account.of(row))
