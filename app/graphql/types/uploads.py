from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry
from strawberry import ID

from app import models
from app.context import Context
from app.errors import PicHubError
from app.graphql.context import Info
from app.graphql.types.images import ItemError
from app.graphql.types.inputs import Input
from app.graphql.types.library import Image
from app.graphql.types.node import Node, from_row
from app.graphql.types.scalars import URL, ByteCount
from app.resolvers import uploads
from app.resolvers.uploads import NewUpload


@strawberry.enum(description="The state of an upload.")
class UploadState(Enum):
    RECEIVING = strawberry.enum_value("receiving", description="Waiting for more bytes.")
    DONE = strawberry.enum_value("done", description="The image was created.")
    REFUSED = strawberry.enum_value(
        "refused", description="All bytes were received, but the file was rejected."
    )


@from_row(
    url=lambda self: URL(self.ctx.services.images.urls.api(f"uploads/{self.row.id}")),
    state=lambda self: UploadState(self.row.state.value),
)
@strawberry.type(
    description=(
        "A resumable upload. The bytes can be sent in any number of pieces and connections. The "
        "upload can be queried until 24 hours after its last byte."
    )
)
class UploadTicket(Node):
    row: strawberry.Private[models.UploadTicket]
    ctx: strawberry.Private[Context]
    url: URL = strawberry.field(
        description="The URL for the bytes: in pieces with tus 1.0.0 (tus.io), or the whole file with one PUT."
    )
    filename: str = strawberry.field(description="The filename of the image.")
    size: ByteCount = strawberry.field(description="The size of the file.")
    offset: ByteCount = strawberry.field(
        description="The number of bytes received. The next piece starts here."
    )
    state: UploadState = strawberry.field(description="The state of the upload.")
    created_at: datetime = strawberry.field(description="When the upload was created.")
    expires_at: datetime = strawberry.field(
        description="When the upload expires: 24 hours after the last byte."
    )

    def __init__(self, row: models.UploadTicket, ctx: Context) -> None:
        self.row, self.ctx = row, ctx

    @strawberry.field(
        description="The image created from the upload. Null until it is done, and after the image is deleted."
    )
    def image(self) -> Image | None:
        return Image(self.row.image, self.ctx) if self.row.image else None

    @strawberry.field(description="The reason why the file was rejected. Null unless the state is REFUSED.")
    def error(self) -> ItemError | None:
        return ItemError.of(PicHubError.from_dict(self.row.error)) if self.row.error else None


@strawberry.type
class UploadQueries:
    @strawberry.field(
        description="Look up one of the caller's uploads by ID. Null, with NOT_FOUND, if there is none."
    )
    async def upload(
        self,
        info: Info,
        id: Annotated[ID, strawberry.argument(description="The ID of the upload.")],
    ) -> UploadTicket | None:
        ctx = info.context.ctx
        return UploadTicket(await uploads.get(ctx, id), ctx)


@strawberry.input(description="Input of `createUpload`.")
class CreateUploadInput:
    filename: str = strawberry.field(description="The filename, up to 255 characters.")
    size: ByteCount = strawberry.field(description="The size of the file.")
    title: str | None = strawberry.field(default=None, description="The title, up to 200 characters.")
    description: str | None = strawberry.field(default=None, description="The description.")
    album_id: ID | None = strawberry.field(default=None, description="The ID of the album for the image.")
    category_id: ID | None = strawberry.field(
        default=None, description="The ID of the category for the image."
    )
    tags: list[str] = strawberry.field(default_factory=list, description="Up to 50 tags.")


@strawberry.input(description="Input of `deleteUpload`.")
class DeleteUploadInput:
    id: ID = strawberry.field(description="The ID of the upload.")


@strawberry.type(description="Return type of `createUpload`.")
class CreateUploadPayload:
    upload: UploadTicket = strawberry.field(description="The new upload, with the URL for its bytes.")


@strawberry.type(description="Return type of `deleteUpload`.")
class DeleteUploadPayload:
    deleted_upload_id: ID = strawberry.field(description="The ID of the deleted upload.")


@strawberry.type
class UploadMutations:
    @strawberry.mutation(
        description="Create a resumable upload, for large files or unreliable networks. Counts as one uploaded file."
    )
    async def create_upload(self, info: Info, input: Input[CreateUploadInput]) -> CreateUploadPayload:
        new = NewUpload(
            filename=input.filename,
            size=input.size,
            title=input.title,
            description=input.description,
            album_id=input.album_id,
            category_id=input.category_id,
            tags=input.tags,
        )
        ctx = info.context.ctx
        return CreateUploadPayload(upload=UploadTicket(await uploads.create(ctx, new), ctx))

    @strawberry.mutation(
        description="Delete an upload and its received bytes. An image created from it is kept."
    )
    async def delete_upload(self, info: Info, input: Input[DeleteUploadInput]) -> DeleteUploadPayload:
        return DeleteUploadPayload(deleted_upload_id=ID(await uploads.delete(info.context.ctx, input.id)))
