from datetime import datetime
from enum import Enum
from typing import Annotated, Self

import strawberry
from strawberry import ID

from app import models
from app.context import Context
from app.errors import PicHubError
from app.graphql.context import Info
from app.graphql.types.images import Image, ItemError
from app.graphql.types.inputs import Input
from app.graphql.types.node import Node
from app.graphql.types.scalars import URL, ByteCount
from app.resolvers import uploads
from app.resolvers.uploads import NewUpload


@strawberry.enum(description="Where an upload stands.")
class UploadState(Enum):
    RECEIVING = strawberry.enum_value("receiving", description="Bytes are still to come.")
    DONE = strawberry.enum_value("done", description="It has become an image.")
    REFUSED = strawberry.enum_value("refused", description="All bytes came, and the picture was not taken.")


@strawberry.type(
    description="""A file that is sent straight to an address, in as many pieces and over as many connections as it
takes. It can be asked for until 24 hours after its last byte."""
)
class UploadTicket(Node):
    row: strawberry.Private[models.UploadTicket]
    ctx: strawberry.Private[Context]
    url: URL = strawberry.field(
        description="Where the bytes go: by tus 1.0.0 (tus.io) in pieces, or by one PUT of the whole file."
    )
    filename: str = strawberry.field(description="The name that the image will have.")
    size: ByteCount = strawberry.field(description="How many bytes the file has.")
    offset: ByteCount = strawberry.field(
        description="How many of them are here: the next is sent from there on."
    )
    state: UploadState = strawberry.field(description="Where it stands.")
    created_at: datetime = strawberry.field(description="When it began.")
    expires_at: datetime = strawberry.field(
        description="When it ends, unless more bytes come before: 24 hours after the last."
    )

    @classmethod
    def of(cls, row: models.UploadTicket, ctx: Context) -> Self:
        return cls(
            row=row,
            ctx=ctx,
            id=ID(row.id),
            url=URL(ctx.services.urls.api(f"uploads/{row.id}")),
            filename=row.filename,
            size=ByteCount(row.size),
            offset=ByteCount(row.offset),
            state=UploadState(row.state.value),
            created_at=row.created_at,
            expires_at=row.expires_at,
        )

    @strawberry.field(
        description="The image that it became; null until it is done, and once that image is deleted."
    )
    def image(self) -> Image | None:
        return Image.of(self.row.image, self.ctx) if self.row.image else None

    @strawberry.field(description="Why the picture was not taken; null unless it was refused.")
    def error(self) -> ItemError | None:
        return ItemError.of(PicHubError.from_dict(self.row.error)) if self.row.error else None


@strawberry.type
class UploadQueries:
    @strawberry.field(
        description="One of the caller's own uploads; null, with NOT_FOUND, where it is not theirs."
    )
    async def upload(
        self,
        info: Info,
        id: Annotated[ID, strawberry.argument(description="The upload's id.")],
    ) -> UploadTicket | None:
        ctx = info.context.ctx
        return UploadTicket.of(await uploads.get(ctx, id), ctx)


@strawberry.input(description="A file that is to be sent straight to an address, and what is said of it.")
class CreateUploadInput:
    filename: str = strawberry.field(description="Its name, up to 255 characters.")
    size: ByteCount = strawberry.field(description="How many bytes it has.")
    title: str | None = strawberry.field(default=None, description="Its title, up to 200 characters.")
    description: str | None = strawberry.field(default=None, description="What it shows.")
    album_id: ID | None = strawberry.field(default=None, description="The album it goes into.")
    category_id: ID | None = strawberry.field(default=None, description="The category it goes into.")
    tags: list[str] = strawberry.field(default_factory=list, description="Up to 50 tags.")


@strawberry.input(description="Which upload to end.")
class DeleteUploadInput:
    id: ID = strawberry.field(description="The upload's id.")


@strawberry.type(description="What createUpload did.")
class CreateUploadPayload:
    upload: UploadTicket = strawberry.field(description="The new upload, with the address for its bytes.")


@strawberry.type(description="What deleteUpload did.")
class DeleteUploadPayload:
    deleted_upload_id: ID = strawberry.field(description="The id that the upload had.")


@strawberry.type
class UploadMutations:
    @strawberry.mutation(
        description="""Begins the upload of a file whose bytes are sent to an address of its own: for large files, and
for connections that break. It counts as one uploaded file."""
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
        return CreateUploadPayload(upload=UploadTicket.of(await uploads.create(ctx, new), ctx))

    @strawberry.mutation(
        description="Ends an upload: what came of it goes. An image that it has become stays."
    )
    async def delete_upload(self, info: Info, input: Input[DeleteUploadInput]) -> DeleteUploadPayload:
        return DeleteUploadPayload(deleted_upload_id=ID(await uploads.delete(info.context.ctx, input.id)))
