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
    @strawberry.field(description="All accounts, newest first. Admins only.")
    async def accounts(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Account]:
        page = await accounts.page(info.context.ctx, page_request(first, after, last, before))
        return Connection(page=page, present=Account)


@strawberry.input(description="Input of `createAccount`.")
class CreateAccountInput:
    username: str = strawberry.field(
        description="The name used to sign in: 3 to 64 characters of a-z, 0-9, '.', '-' and '_'. Not case-sensitive."
    )
    password: str = strawberry.field(description="The password, 10 to 200 characters.")
    role: Role = strawberry.field(default=Role.MEMBER, description="The account's role.")
    quota: ByteCount | None = strawberry.field(
        default=None, description="The storage quota. Null means the server's default."
    )

    def to_domain(self) -> NewAccount:
        return NewAccount(
            username=self.username,
            password=self.password,
            role=models.Role(str(self.role.value)),
            quota=self.quota,
        )


@strawberry.input(description="Input of `updateAccount`. Omitted fields are not changed.")
class UpdateAccountInput:
    id: ID = strawberry.field(description="The ID of the account.")
    disabled: Maybe[bool] = strawberry.field(
        description="True disables the account: sessions end and tokens stop working. Public images stay visible.",
        default=None,
    )
    quota: Maybe[ByteCount | None] = strawberry.field(
        description="The storage quota. Null means the server's default.", default=None
    )
    role: Maybe[Role] = strawberry.field(description="The account's role.", default=None)

    def to_domain(self) -> AccountChanges:
        changes = changes_of(self, AccountChanges)
        return replace(changes, role=models.Role(str(self.role.value.value))) if self.role else changes


@strawberry.input(description="Input of `setAccountPassword`.")
class SetAccountPasswordInput:
    id: ID = strawberry.field(description="The ID of the account.")
    password: str = strawberry.field(description="The new password, 10 to 200 characters.")


@strawberry.type(description="Return type of `createAccount`.")
class CreateAccountPayload:
    account: Account = strawberry.field(description="The new account.")


@strawberry.type(description="Return type of `updateAccount`.")
class UpdateAccountPayload:
    account: Account = strawberry.field(description="The updated account.")


@strawberry.type(description="Return type of `setAccountPassword`.")
class SetAccountPasswordPayload:
    account: Account = strawberry.field(description="The account with the new password.")


@strawberry.type
class AccountAdminMutations:
    @strawberry.mutation(description="Create an account. Admins only.")
    async def create_account(self, info: Info, input: Input[CreateAccountInput]) -> CreateAccountPayload:
        row = await accounts.create(info.context.ctx, input.to_domain())
        return CreateAccountPayload(account=Account(row))

    @strawberry.mutation(
        description="Update an account. Admins only. The last enabled admin can't be disabled or made a member."
    )
    async def update_account(self, info: Info, input: Input[UpdateAccountInput]) -> UpdateAccountPayload:
        row = await accounts.update(info.context.ctx, input.id, input.to_domain())
        return UpdateAccountPayload(account=Account(row))

    @strawberry.mutation(
        description="Set the password of an account and end its sessions. API tokens stay valid. Admins only."
    )
    async def set_account_password(
        self, info: Info, input: Input[SetAccountPasswordInput]
    ) -> SetAccountPasswordPayload:
        row = await accounts.set_password(info.context.ctx, input.id, input.password)
        return SetAccountPasswordPayload(account=Account(row))
