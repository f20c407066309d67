from datetime import datetime
from enum import Enum

import strawberry
from strawberry import ID

from app import models
from app.auth import actor
from app.graphql.context import Info
from app.graphql.types.inputs import Input
from app.graphql.types.library import Album
from app.graphql.types.node import Node, from_row
from app.graphql.types.uploaders import Uploader
from app.resolvers import tokens, upload_clients
from app.resolvers.tokens import CreatedToken, NewToken


@strawberry.enum(description="A permission of an API token.")
class Scope(Enum):
    IMAGES_READ = strawberry.enum_value("images:read", description="View and list images.")
    IMAGES_UPLOAD = strawberry.enum_value("images:upload", description="Upload images.")
    IMAGES_WRITE = strawberry.enum_value("images:write", description="Upload, update and delete images.")
    ALBUMS_READ = strawberry.enum_value("albums:read", description="View and list albums and categories.")
    ALBUMS_WRITE = strawberry.enum_value(
        "albums:write", description="Create, update and delete albums and categories."
    )
    WEBHOOKS_READ = strawberry.enum_value("webhooks:read", description="View and list webhooks.")
    WEBHOOKS_WRITE = strawberry.enum_value(
        "webhooks:write", description="Create, update and delete webhooks."
    )
    ACCOUNT_READ = strawberry.enum_value("account:read", description="View the account and its usage.")


@strawberry.enum(description="A named set of scopes.")
class TokenPreset(Enum):
    UPLOAD_ONLY = strawberry.enum_value("upload_only", description="IMAGES_UPLOAD only.")
    READ_ONLY = strawberry.enum_value("read_only", description="All scopes that read, none that write.")
    EVERYTHING = strawberry.enum_value("everything", description="All scopes.")


@from_row(scopes=lambda self: [Scope(scope) for scope in self.row.scopes])
@strawberry.type(description="A token that authenticates an application as the account, in REST and GraphQL.")
class ApiToken(Node):
    row: strawberry.Private[models.ApiToken]
    name: str = strawberry.field(description="The name given by the owner.")
    hint: str = strawberry.field(description="The first characters of the token. The rest is not stored.")
    scopes: list[Scope] = strawberry.field(description="The scopes of the token.")
    created_at: datetime = strawberry.field(description="When the token was created.")
    last_used_at: datetime | None = strawberry.field(
        description="When the token was last used, to the minute. Null if it was never used."
    )
    expires_at: datetime | None = strawberry.field(
        description="When the token expires. Null if it does not expire."
    )

    def __init__(self, row: models.ApiToken) -> None:
        self.row = row

    @strawberry.field(description="The default album for uploads with the token. Null if there is none.")
    def album(self) -> Album | None:
        return Album(self.row.album) if self.row.album else None


@strawberry.input(description="Input of `createApiToken`. Set either `scopes` or `preset`.")
class CreateApiTokenInput:
    name: str = strawberry.field(description="The name, 1 to 100 characters.")
    scopes: list[Scope] | None = strawberry.field(default=None, description="The scopes of the token.")
    preset: TokenPreset | None = strawberry.field(default=None, description="A named set of scopes.")
    expires_at: datetime | None = strawberry.field(
        default=None, description="When the token expires. By default, it does not expire."
    )
    album_id: ID | None = strawberry.field(
        default=None,
        description="The ID of one of the caller's albums: the default for uploads with the token.",
    )

    def to_domain(self) -> NewToken:
        return NewToken(
            name=self.name,
            scopes=None if self.scopes is None else [actor.Scope(str(scope.value)) for scope in self.scopes],
            preset=None if self.preset is None else actor.ScopePreset(str(self.preset.value)),
            expires_at=self.expires_at,
            album_id=self.album_id,
        )


@strawberry.input(description="Input of `revokeApiToken`.")
class RevokeApiTokenInput:
    id: ID = strawberry.field(description="The ID of the token.")


@strawberry.type(description="Return type of `createApiToken`.")
class CreateApiTokenPayload:
    created: strawberry.Private[CreatedToken]
    api_token: ApiToken = strawberry.field(description="The new token.")
    text: str = strawberry.field(
        description="The token, for `Authorization: Bearer`. It is returned only here and can't be retrieved later."
    )

    @strawberry.field(
        description=(
            "Configuration files for ShareX, PicGo and other upload tools. Empty if the token can't "
            "upload. The files contain the token: use the preset UPLOAD_ONLY for them."
        )
    )
    def uploaders(self, info: Info) -> list[Uploader]:
        return [
            Uploader.of(each) for each in upload_clients.configurations_for(info.context.ctx, self.created)
        ]


@strawberry.type(description="Return type of `revokeApiToken`.")
class RevokeApiTokenPayload:
    revoked_api_token_id: ID = strawberry.field(description="The ID of the revoked token.")


@strawberry.type
class TokenMutations:
    @strawberry.mutation(description="Create an API token. Requires a session: tokens can't create tokens.")
    async def create_api_token(self, info: Info, input: Input[CreateApiTokenInput]) -> CreateApiTokenPayload:
        created = await tokens.create(info.context.ctx, input.to_domain())
        return CreateApiTokenPayload(created=created, api_token=ApiToken(created.row), text=created.text)

    @strawberry.mutation(description="Revoke an API token, with immediate effect. Requires a session.")
    async def revoke_api_token(self, info: Info, input: Input[RevokeApiTokenInput]) -> RevokeApiTokenPayload:
        return RevokeApiTokenPayload(revoked_api_token_id=ID(await tokens.revoke(info.context.ctx, input.id)))
