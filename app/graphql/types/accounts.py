from dataclasses import replace

import strawberry
from strawberry import ID, Maybe

from app import models
from app.graphql.context import Info
from app.graphql.types.account import Account, Role
from app.graphql.types.connections import After, Before, Connection, First, Last, page_request
from app.graphql.types.inputs import Input, changes_of
from app.graphql.types.scalars import ByteCount
from app.resolvers import accounts
from app.resolvers.accounts import AccountChanges, NewAccount


@strawberry.type
class AccountAdminQueries:
    @strawberry.field(description="For admins: all accounts, newest first.")
    async def accounts(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Account]:
        page = await accounts.page(info.context.ctx, page_request(first, after, last, before))
        return Connection(page=page, present=Account.of)


@strawberry.input(description="A new account.")
class CreateAccountInput:
    username: str = strawberry.field(
        description="The name to sign in with: 3 to 64 of a-z, 0-9, dot, hyphen and underscore. Case does not count."
    )
    password: str = strawberry.field(description="10 to 200 characters, whatever they are.")
    role: Role = strawberry.field(default=Role.MEMBER, description="What it may do beyond its own things.")
    quota: ByteCount | None = strawberry.field(
        default=None, description="How many bytes it may keep; null is the server's default."
    )

    def to_domain(self) -> NewAccount:
        return NewAccount(
            username=self.username,
            password=self.password,
            role=models.Role(str(self.role.value)),
            quota=self.quota,
        )


@strawberry.input(description="What to change of an account; what is left out stays.")
class UpdateAccountInput:
    id: ID = strawberry.field(description="The account's id.")
    disabled: Maybe[bool] = strawberry.field(
        description="True ends its sessions, and stops its tokens; its public images stay visible.",
        default=None,
    )
    quota: Maybe[ByteCount | None] = strawberry.field(
        description="How many bytes it may keep; null is the server's default.", default=None
    )
    role: Maybe[Role] = strawberry.field(description="What it may do beyond its own things.", default=None)

    def to_domain(self) -> AccountChanges:
        changes = changes_of(self, AccountChanges)
        return replace(changes, role=models.Role(str(self.role.value.value))) if self.role else changes


@strawberry.input(description="Another password for an account.")
class SetAccountPasswordInput:
    id: ID = strawberry.field(description="The account's id.")
    password: str = strawberry.field(description="10 to 200 characters, whatever they are.")


@strawberry.type(description="What createAccount did.")
class CreateAccountPayload:
    account: Account = strawberry.field(description="The new account.")


@strawberry.type(description="What updateAccount did.")
class UpdateAccountPayload:
    account: Account = strawberry.field(description="The account as it is now.")


@strawberry.type(description="What setAccountPassword did.")
class SetAccountPasswordPayload:
    account: Account = strawberry.field(description="The account.")


@strawberry.type
class AccountAdminMutations:
    @strawberry.mutation(description="For admins: makes an account.")
    async def create_account(self, info: Info, input: Input[CreateAccountInput]) -> CreateAccountPayload:
        row = await accounts.create(info.context.ctx, input.to_domain())
        return CreateAccountPayload(account=Account.of(row))

    @strawberry.mutation(
        description="For admins: changes an account. The last enabled admin can't be disabled or made a member."
    )
    async def update_account(self, info: Info, input: Input[UpdateAccountInput]) -> UpdateAccountPayload:
        row = await accounts.update(info.context.ctx, input.id, input.to_domain())
        return UpdateAccountPayload(account=Account.of(row))

    @strawberry.mutation(
        description="For admins: gives an account another password, and ends its sessions; its API tokens stay."
    )
    async def set_account_password(
        self, info: Info, input: Input[SetAccountPasswordInput]
    ) -> SetAccountPasswordPayload:
        row = await accounts.set_password(info.context.ctx, input.id, input.password)
        return SetAccountPasswordPayload(account=Account.of(row))
