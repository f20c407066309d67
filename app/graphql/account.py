from datetime import datetime
from enum import Enum
from typing import Self

import strawberry
from strawberry import ID

from app import models
from app.graphql.context import Info
from app.graphql.node import Node
from app.resolvers import account


@strawberry.enum(description="What an account may do beyond its own things.")
class Role(Enum):
    ADMIN = strawberry.enum_value("admin", description="Looks after the server and its accounts.")
    MEMBER = strawberry.enum_value("member", description="Has images of its own.")


@strawberry.type(description="Someone who owns images.")
class Account(Node):
    username: str = strawberry.field(description="The name to sign in with.")
    role: Role = strawberry.field(description="What it may do beyond its own things.")
    image_count: int = strawberry.field(description="How many images it has.")
    created_at: datetime = strawberry.field(description="When it was made.")

    @classmethod
    def of(cls, row: models.Account) -> Self:
        return cls(
            id=ID(row.id),
            username=row.username,
            role=Role(row.role.value),
            image_count=row.image_count,
            created_at=row.created_at,
        )


@strawberry.type
class AccountQueries:
    @strawberry.field(description="The account that asks; null where nobody is signed in.")
    async def viewer(self, info: Info) -> Account | None:
        row = await account.viewer(info.context.ctx)
        return Account.of(row) if row else None
