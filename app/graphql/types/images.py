from dataclasses import fields
from datetime import datetime
from enum import Enum
from functools import partial
from typing import Annotated, Self

import strawberry
from strawberry import ID, Maybe
from strawberry.scalars import JSON

from app.auth.actor import Scope
from app.errors import PicHubError
from app.graphql.context import Info
from app.graphql.types.connections import (
    NEWEST_FIRST,
    After,
    Before,
    Connection,
    First,
    Last,
    OrderDirection,
    page_request,
)
from app.graphql.types.inputs import Input, changes_of
from app.graphql.types.library import Image
from app.graphql.types.scalars import ByteCount
from app.graphql.types.transforms import ImageFormat
from app.imaging.formats import Format
from app.resolvers import filters, images
from app.resolvers.filters import ImageKey
from app.resolvers.images import ImageChanges, NewImage
from app.resolvers.validation import unique_values
from app.uploads.multipart import Upload

MAX_UPLOAD_FILES = 20
MAX_DELETED_IDS = 100


@strawberry.input(description="Filters for images. An image must match all of them.")
class ImageFilter:
    album_id: ID | None = strawberry.field(
        default=None, description="Only images in this album of the caller."
    )
    category_id: ID | None = strawberry.field(default=None, description="Only images in this category.")
    tag: str | None = strawberry.field(default=None, description="Only images with this tag.")
    search: str | None = strawberry.field(
        default=None,
        description=(
            "Only images with this text in their filename, title or description. A to Z match in either "
            "case, other letters exactly; % and _ have no special meaning."
        ),
    )
    formats: list[ImageFormat] | None = strawberry.field(
        default=None, description="Only images whose original has one of these formats."
    )
    created_after: datetime | None = strawberry.field(
        default=None, description="Only images uploaded at this time or later."
    )
    created_before: datetime | None = strawberry.field(
        default=None, description="Only images uploaded before this time."
    )
    min_width: int | None = strawberry.field(
        default=None, description="Only images at least this wide, in pixels."
    )
    max_width: int | None = strawberry.field(
        default=None, description="Only images at most this wide, in pixels."
    )
    min_height: int | None = strawberry.field(
        default=None, description="Only images at least this high, in pixels."
    )
    max_height: int | None = strawberry.field(
        default=None, description="Only images at most this high, in pixels."
    )
    min_size: ByteCount | None = strawberry.field(
        default=None, description="Only images whose original has at least this size."
    )
    max_size: ByteCount | None = strawberry.field(
        default=None, description="Only images whose original has at most this size."
    )
    is_public: bool | None = strawberry.field(
        default=None,
        description="True for images that anyone with the link can view, false for images in private albums.",
    )

    def to_domain(self) -> filters.ImageFilter:
        values = {field.name: getattr(self, field.name) for field in fields(filters.ImageFilter)}
        if self.formats is not None:
            values["formats"] = sorted({Format[format.name] for format in self.formats})
        return filters.ImageFilter(**values)


@strawberry.enum(description="Properties by which images can be ordered.")
class ImageOrderField(Enum):
    CREATED_AT = strawberry.enum_value("created_at", description="The time of upload.")
    FILENAME = strawberry.enum_value(
        "filename",
        description="The filename, by Unicode code points: 10 comes before 9, and B before a.",
    )
    SIZE = strawberry.enum_value("size", description="The size of the original.")


@strawberry.input(description="Ordering of images. Equal images are ordered by ID.")
class ImageOrder:
    field: ImageOrderField = strawberry.field(
        default=ImageOrderField.CREATED_AT,
        description="The property to order by. By default, the time of upload.",
    )
    direction: OrderDirection = strawberry.field(default=NEWEST_FIRST, description="The ordering direction.")

    def to_domain(self) -> filters.ImageOrder:
        return filters.ImageOrder(ImageKey[self.field.name], self.direction.to_domain())


@strawberry.type
class ImageQueries:
    @strawberry.field(
        description="Look up an image by ID. Null, with NOT_FOUND, if there is none or the caller can't view it."
    )
    async def image(
        self,
        info: Info,
        id: Annotated[ID, strawberry.argument(description="The ID of the image.")],
    ) -> Image | None:
        return Image(await images.get(info.context.ctx, id), info.context.ctx)

    @strawberry.field(description="The caller's own images, newest first by default.")
    async def images(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            ImageFilter | None, strawberry.argument(description="Filters for the images.")
        ] = None,
        order_by: Annotated[
            ImageOrder | None, strawberry.argument(description="Ordering of the images.")
        ] = None,
    ) -> Connection[Image]:
        page = await images.page(
            info.context.ctx,
            (filter or ImageFilter()).to_domain(),
            page_request(first, after, last, before),
            (order_by or ImageOrder()).to_domain(),
        )
        return Connection(page=page, present=partial(Image, ctx=info.context.ctx))


@strawberry.input(description="Input of `uploadImage`.")
class UploadImageInput:
    file: Upload = strawberry.field(description="A JPG, PNG, WebP or GIF file.")
    title: str | None = strawberry.field(default=None, description="The title, up to 200 characters.")
    description: str | None = strawberry.field(default=None, description="The description.")
    album_id: ID | None = strawberry.field(default=None, description="The ID of the album for the image.")
    category_id: ID | None = strawberry.field(
        default=None, description="The ID of the category for the image."
    )
    tags: list[str] = strawberry.field(default_factory=list, description="Up to 50 tags.")


@strawberry.input(description="Input of `uploadImages`.")
class UploadImagesInput:
    files: list[Upload] = strawberry.field(description="1 to 20 JPG, PNG, WebP or GIF files.")
    album_id: ID | None = strawberry.field(default=None, description="The ID of the album for all images.")
    category_id: ID | None = strawberry.field(
        default=None, description="The ID of the category for all images."
    )
    tags: list[str] = strawberry.field(default_factory=list, description="Up to 50 tags for each image.")


@strawberry.input(description="Input of `updateImage`. Omitted fields are not changed.")
class UpdateImageInput:
    id: ID = strawberry.field(description="The ID of the image.")
    filename: Maybe[str] = strawberry.field(description="The new filename.", default=None)
    title: Maybe[str | None] = strawberry.field(description="The new title. Null removes it.", default=None)
    description: Maybe[str | None] = strawberry.field(
        description="The new description. Null removes it.", default=None
    )
    album_id: Maybe[ID | None] = strawberry.field(
        description="The ID of another album of the caller. Null removes the image from its album.",
        default=None,
    )
    category_id: Maybe[ID | None] = strawberry.field(
        description="The ID of another category. Null removes the image from its category.", default=None
    )
    tags: Maybe[list[str]] = strawberry.field(
        description="The new tags. They replace all existing tags.", default=None
    )


@strawberry.input(description="Input of `deleteImage`.")
class DeleteImageInput:
    id: ID = strawberry.field(description="The ID of the image.")


@strawberry.input(description="Input of `deleteImages`.")
class DeleteImagesInput:
    ids: list[ID] = strawberry.field(description="The IDs of 1 to 100 images.")


@strawberry.type(description="Return type of `uploadImage`.")
class UploadImagePayload:
    image: Image = strawberry.field(description="The new image.")


@strawberry.type(description="The error of one item of a list. Other items are not affected.")
class ItemError:
    code: str = strawberry.field(description="The error code, as in `extensions.code`.")
    message: str = strawberry.field(description="A short description of the error.")
    details: str = strawberry.field(description="A longer description, with the remedy.")
    params: JSON = strawberry.field(
        description="The facts of the error and their `reason`, for translated messages."
    )

    @classmethod
    def of(cls, error: PicHubError) -> Self:
        return cls(code=error.code, message=error.message, details=error.details, params=JSON(error.params))


@strawberry.type(description="The result of uploading one file.")
class UploadImageResult:
    filename: str = strawberry.field(description="The name of the uploaded file.")
    image: Image | None = strawberry.field(
        default=None, description="The new image. Null if there was an error."
    )
    error: ItemError | None = strawberry.field(
        default=None, description="The error. Null if the image was created."
    )


@strawberry.type(description="Return type of `uploadImages`.")
class UploadImagesPayload:
    results: list[UploadImageResult] = strawberry.field(description="One result per file, in the same order.")


@strawberry.type(description="Return type of `updateImage`.")
class UpdateImagePayload:
    image: Image = strawberry.field(description="The updated image.")


@strawberry.type(description="Return type of `deleteImage`.")
class DeleteImagePayload:
    deleted_image_id: ID = strawberry.field(description="The ID of the deleted image.")
    variants_removed: int = strawberry.field(
        description="The number of stored variants deleted with the image."
    )


@strawberry.type(description="The result of deleting one image.")
class DeleteImageResult:
    id: ID = strawberry.field(description="The ID of the image.")
    variants_removed: int | None = strawberry.field(
        default=None,
        description="The number of stored variants deleted with the image. Null if there was an error.",
    )
    error: ItemError | None = strawberry.field(
        default=None, description="The error. Null if the image was deleted."
    )


@strawberry.type(description="Return type of `deleteImages`.")
class DeleteImagesPayload:
    results: list[DeleteImageResult] = strawberry.field(
        description="One result per ID, in the same order. Duplicate IDs have one result."
    )


@strawberry.type
class ImageMutations:
    @strawberry.mutation(description="Upload an image.")
    async def upload_image(self, info: Info, input: Input[UploadImageInput]) -> UploadImagePayload:
        new = NewImage(
            file=input.file,
            title=input.title,
            description=input.description,
            album_id=input.album_id,
            category_id=input.category_id,
            tags=input.tags,
        )
        ctx = info.context.ctx
        return UploadImagePayload(image=Image(await images.upload(ctx, new), ctx))

    @strawberry.mutation(
        description="Upload up to 20 images. A file that is rejected does not affect the others."
    )
    async def upload_images(self, info: Info, input: Input[UploadImagesInput]) -> UploadImagesPayload:
        ctx = info.context.ctx
        ctx.require(Scope.IMAGES_UPLOAD)
        results = []
        for file in unique_values("files", input.files, max_count=MAX_UPLOAD_FILES):
            new = NewImage(file=file, album_id=input.album_id, category_id=input.category_id, tags=input.tags)
            try:
                image = Image(await images.upload(ctx, new), ctx)
                results.append(UploadImageResult(filename=file.filename or "", image=image))
            except PicHubError as error:
                results.append(UploadImageResult(filename=file.filename or "", error=ItemError.of(error)))
        return UploadImagesPayload(results=results)

    @strawberry.mutation(description="Update an image's metadata, album or category.")
    async def update_image(self, info: Info, input: Input[UpdateImageInput]) -> UpdateImagePayload:
        ctx = info.context.ctx
        row = await images.update(ctx, input.id, changes_of(input, ImageChanges))
        return UpdateImagePayload(image=Image(row, ctx))

    @strawberry.mutation(description="Permanently delete an image and its variants.")
    async def delete_image(self, info: Info, input: Input[DeleteImageInput]) -> DeleteImagePayload:
        deleted = await images.delete(info.context.ctx, input.id)
        return DeleteImagePayload(deleted_image_id=ID(deleted.id), variants_removed=deleted.variants_removed)

    @strawberry.mutation(
        description="Permanently delete up to 100 images. An image that can't be deleted does not affect the others."
    )
    async def delete_images(self, info: Info, input: Input[DeleteImagesInput]) -> DeleteImagesPayload:
        info.context.ctx.require(Scope.IMAGES_WRITE)
        results = []
        for id_ in unique_values("ids", input.ids, max_count=MAX_DELETED_IDS):
            try:
                deleted = await images.delete(info.context.ctx, id_)
                results.append(DeleteImageResult(id=ID(id_), variants_removed=deleted.variants_removed))
            except PicHubError as error:
                results.append(DeleteImageResult(id=ID(id_), error=ItemError.of(error)))
        return DeleteImagesPayload(results=results)
