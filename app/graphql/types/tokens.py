from datetime import datetime
from enum import Enum
from typing import Self

import strawberry
from strawberry import ID

from app import models
from app.auth import actor
from app.graphql.context import Info
from app.graphql.types.albums import Album
from app.graphql.types.inputs import Input
from app.graphql.types.node import Node
from app.graphql.types.uploaders import Uploader
from app.resolvers import tokens, upload_clients
from app.resolvers.tokens import CreatedToken, NewToken


@strawberry.enum(description="One thing that an API token may be made for.")
class Scope(Enum):
    IMAGES_READ = strawberry.enum_value("images:read", description="Show and list images.")
    IMAGES_UPLOAD = strawberry.enum_value("images:upload", description="Upload images.")
    IMAGES_WRITE = strawberry.enum_value("images:write", description="Upload, change and delete images.")
    ALBUMS_READ = strawberry.enum_value("albums:read", description="Show and list albums and categories.")
    ALBUMS_WRITE = strawberry.enum_value(
        "albums:write", description="Make, change and delete albums and categories."
    )
    WEBHOOKS_READ = strawberry.enum_value("webhooks:read", description="Show and list webhooks.")
    WEBHOOKS_WRITE = strawberry.enum_value("webhooks:write", description="Make, change and delete webhooks.")
    ACCOUNT_READ = strawberry.enum_value("account:read", description="Show the account and what it uses.")


@strawberry.enum(description="Scopes that go together.")
class TokenPreset(Enum):
    UPLOAD_ONLY = strawberry.enum_value("upload_only", description="IMAGES_UPLOAD alone.")
    READ_ONLY = strawberry.enum_value(
        "read_only", description="Every scope that reads, and none that writes."
    )
    EVERYTHING = strawberry.enum_value("everything", description="Every scope.")


@strawberry.type(description="A key that acts for the account, in REST and GraphQL alike.")
class ApiToken(Node):
    row: strawberry.Private[models.ApiToken]
    name: str = strawberry.field(description="What it was made for, in its owner's words.")
    hint: str = strawberry.field(description="How its text begins. The rest is not kept.")
    scopes: list[Scope] = strawberry.field(description="What it opens.")
    created_at: datetime = strawberry.field(description="When it was made.")
    last_used_at: datetime | None = strawberry.field(
        description="When it was last used, to the minute; null where it never was."
    )
    expires_at: datetime | None = strawberry.field(
        description="When it ceases to hold; null where it holds until it is revoked."
    )

    @classmethod
    def of(cls, row: models.ApiToken) -> Self:
        return cls(
            row=row,
            id=ID(row.id),
            name=row.name,
            hint=row.hint,
            scopes=[Scope(scope) for scope in row.scopes],
            created_at=row.created_at,
            last_used_at=row.last_used_at,
            expires_at=row.expires_at,
        )

    @strawberry.field(
        description="The album that its uploads land in, unless they name another; null where it has none."
    )
    def album(self) -> Album | None:
        return Album.of(self.row.album) if self.row.album else None


@strawberry.input(description="A new API token. Give either scopes or a preset.")
class CreateApiTokenInput:
    name: str = strawberry.field(description="What it is for, 1 to 100 characters.")
    scopes: list[Scope] | None = strawberry.field(default=None, description="What it is to open.")
    preset: TokenPreset | None = strawberry.field(default=None, description="Or scopes that go together.")
    expires_at: datetime | None = strawberry.field(
        default=None, description="When it is to cease; left out, it holds until it is revoked."
    )
    album_id: ID | None = strawberry.field(
        default=None, description="The album of the caller's that its uploads are to land in."
    )

    def to_domain(self) -> NewToken:
        return NewToken(
            name=self.name,
            scopes=None if self.scopes is None else [actor.Scope(str(scope.value)) for scope in self.scopes],
            preset=None if self.preset is None else actor.ScopePreset(str(self.preset.value)),
            expires_at=self.expires_at,
            album_id=self.album_id,
        )


@strawberry.input(description="Which API token to revoke.")
class RevokeApiTokenInput:
    id: ID = strawberry.field(description="The token's id.")


@strawberry.type(description="What createApiToken did.")
class CreateApiTokenPayload:
    created: strawberry.Private[CreatedToken]
    api_token: ApiToken = strawberry.field(description="The new token.")
    text: str = strawberry.field(
        description="What to send as `Authorization: Bearer`. It is shown this once: nobody can read it again."
    )

    @strawberry.field(
        description=(
            "Files that make ShareX, PicGo and others upload with the token; none where it does not upload."
            " They are for a token of UPLOAD_ONLY: who has the file has the token."
        )
    )
    def uploaders(self, info: Info) -> list[Uploader]:
        return [
            Uploader.of(each) for each in upload_clients.configurations_for(info.context.ctx, self.created)
        ]


@strawberry.type(description="What revokeApiToken did.")
class RevokeApiTokenPayload:
    revoked_api_token_id: ID = strawberry.field(description="The id that the token had.")


@strawberry.type
class TokenMutations:
    @strawberry.mutation(description="Makes an API token. Needs a session: a token can't make another.")
    async def create_api_token(self, info: Info, input: Input[CreateApiTokenInput]) -> CreateApiTokenPayload:
        made = await tokens.create(info.context.ctx, input.to_domain())
        return CreateApiTokenPayload(created=made, api_token=ApiToken.of(made.row), text=made.text)

    @strawberry.mutation(
        description="Revokes an API token: the next request with it is refused. Needs a session."
    )
    async def revoke_api_token(self, info: Info, input: Input[RevokeApiTokenInput]) -> RevokeApiTokenPayload:
        return RevokeApiTokenPayload(revoked_api_token_id=ID(await tokens.revoke(info.context.ctx, input.id)))
