from dataclasses import fields
from datetime import datetime
from enum import Enum
from functools import partial
from typing import Annotated, Self

import strawberry
from strawberry import ID, Maybe
from strawberry.scalars import JSON

from app import models
from app.auth.actor import Scope
from app.context import Context
from app.errors import PicHubError
from app.graphql.context import Info
from app.graphql.types.albums import Album
from app.graphql.types.categories import Category
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
from app.graphql.types.node import Node, from_row
from app.graphql.types.scalars import URL, ByteCount, DataURI, HexColor
from app.graphql.types.transforms import ImageFormat, TransformInput, Variant
from app.imaging.formats import Format
from app.imaging.transform import Transform
from app.resolvers import filters, images, variants
from app.resolvers.filters import ImageKey
from app.resolvers.images import ImageChanges, NewImage
from app.resolvers.validation import unique_values
from app.uploads.multipart import Upload
from app.urls import Markup

MAX_UPLOAD_FILES = 20
MAX_DELETED_IDS = 100


@strawberry.type(description="An image's address, ready to paste.")
class ImageLinks:
    url: URL = strawberry.field(description="The address alone.")
    html: str = strawberry.field(description="For a page: an `img` element.")
    markdown: str = strawberry.field(description="For a README or a chat.")
    bbcode: str = strawberry.field(description="For a forum.")

    @classmethod
    def of(cls, markup: Markup) -> Self:
        return cls(url=URL(markup.url), html=markup.html, markdown=markup.markdown, bbcode=markup.bbcode)


@from_row
@strawberry.type(description="A picture.")
class Image(Node):
    row: strawberry.Private[models.Image]
    ctx: strawberry.Private[Context]
    filename: str = strawberry.field(description="The name that the file was uploaded under.")
    title: str | None = strawberry.field(description="Its title; null where it has none.")
    description: str | None = strawberry.field(description="What it shows; null where nothing was said.")
    tags: list[str] = strawberry.field(description="Its tags, in the order they were given.")
    width: int = strawberry.field(description="Width of the upright picture in pixels.")
    height: int = strawberry.field(description="Height of the upright picture in pixels.")
    frames: int = strawberry.field(description="How many frames it has: 1, or more where it is animated.")
    size: ByteCount = strawberry.field(description="Size of the original.")
    sha256: str = strawberry.field(description="SHA-256 of the original, in hexadecimal.")
    dominant_color: HexColor = strawberry.field(description="Its main colour, to show before it has loaded.")
    thumbhash: str = strawberry.field(
        description="Its ThumbHash (evanw.github.io/thumbhash) in base64: some 25 bytes to show before it has loaded."
    )
    is_public: bool = strawberry.field(description="Whether those who have a link may see it.")
    created_at: datetime = strawberry.field(description="When it was uploaded.")
    updated_at: datetime = strawberry.field(description="When what is said of it was last changed.")

    def __init__(self, row: models.Image, ctx: Context) -> None:
        self.row, self.ctx = row, ctx

    @classmethod
    def of(cls, row: models.Image, ctx: Context) -> Self:
        return cls(row, ctx)

    @strawberry.field(description="The original's format.")
    def format(self) -> ImageFormat:
        return ImageFormat(self.row.format)

    @strawberry.field(description="The original's media type.")
    def mime_type(self) -> str:
        return f"image/{'jpeg' if self.row.format == 'jpg' else self.row.format}"

    @strawberry.field(description="The address of the original.")
    def url(self) -> URL:
        return URL(variants.url_of(self.ctx, self.row))

    @strawberry.field(description="The album it is in; null where it is in none.")
    def album(self) -> Album | None:
        return Album.of(self.row.album) if self.row.album else None

    @strawberry.field(
        description="The category it is in; null where it is in none, and to all but its owner."
    )
    async def category(self, info: Info) -> Category | None:
        if self.row.category_id is None:
            return None
        row = await info.context.loaders.category.load(self.row.category_id)
        return Category.of(row) if row else None

    @strawberry.field(
        description="Its ThumbHash as a small PNG: some 2,000 characters, to show scaled up before it has loaded."
    )
    async def placeholder(self, info: Info) -> DataURI:
        return DataURI(await info.context.loaders.placeholder.load(self.row.thumbhash))

    @strawberry.field(
        description="An address that delivers the picture in another size or format, and exactly what it delivers."
    )
    def variant(
        self,
        info: Info,
        transform: Annotated[TransformInput, strawberry.argument(description="How it is to be.")],
    ) -> Variant:
        return Variant.of(variants.variant(info.context.ctx, self.row, transform.to_domain(info.context.ctx)))

    @strawberry.field(
        description="""The value of an `srcset` attribute: one variant a width.
A width beyond the picture's own stands for the widest at which it is not enlarged."""
    )
    def src_set(
        self,
        info: Info,
        widths: Annotated[list[int], strawberry.argument(description="Widths in pixels, 1 to 20 of them.")],
        transform: Annotated[
            TransformInput | None,
            strawberry.argument(
                description="How all of them are to be; its proportions are kept at each width."
            ),
        ] = None,
    ) -> str:
        parsed = transform.to_domain(info.context.ctx) if transform else Transform()
        return variants.src_set(info.context.ctx, self.row, widths, parsed)

    @strawberry.field(
        description="""An address by which anyone sees the picture for a while, also one in a private album.
It is for the image's owner to ask for; others are answered with FORBIDDEN."""
    )
    async def signed_url(
        self,
        info: Info,
        expires_in: Annotated[
            int,
            strawberry.argument(description="For how many seconds it holds: 1 to 604800, which is 7 days."),
        ],
        transform: Annotated[
            TransformInput | None,
            strawberry.argument(description="How the picture is to be; the original where it is left out."),
        ] = None,
    ) -> URL:
        parsed = transform.to_domain(info.context.ctx) if transform else Transform()
        return URL(await variants.signed_url(info.context.ctx, self.row, parsed, expires_in=expires_in))

    @strawberry.field(description="Its address, ready to paste.")
    def links(self, info: Info) -> ImageLinks:
        return ImageLinks.of(variants.markup(info.context.ctx, self.row))


@strawberry.input(description="Which images: each condition that is given must hold.")
class ImageFilter:
    album_id: ID | None = strawberry.field(default=None, description="Those in this album of the caller's.")
    category_id: ID | None = strawberry.field(default=None, description="Those in this category.")
    tag: str | None = strawberry.field(default=None, description="Those that have this tag.")
    search: str | None = strawberry.field(
        default=None,
        description="""Those with this text in their filename, title or description. A to Z are found in either case,
other letters as they stand; % and _ are themselves.""",
    )
    formats: list[ImageFormat] | None = strawberry.field(
        default=None, description="Those whose original has one of these formats."
    )
    created_after: datetime | None = strawberry.field(
        default=None, description="Those uploaded at this time or later."
    )
    created_before: datetime | None = strawberry.field(
        default=None, description="Those uploaded before this time."
    )
    min_width: int | None = strawberry.field(default=None, description="Those as wide, or wider.")
    max_width: int | None = strawberry.field(default=None, description="Those as wide, or narrower.")
    min_height: int | None = strawberry.field(default=None, description="Those as high, or higher.")
    max_height: int | None = strawberry.field(default=None, description="Those as high, or lower.")
    min_size: ByteCount | None = strawberry.field(
        default=None, description="Those whose original has so many bytes, or more."
    )
    max_size: ByteCount | None = strawberry.field(
        default=None, description="Those whose original has so many bytes, or fewer."
    )
    is_public: bool | None = strawberry.field(
        default=None, description="Those that anyone with a link may see, or those in private albums."
    )

    def to_domain(self) -> filters.ImageFilter:
        said = {field.name: getattr(self, field.name) for field in fields(filters.ImageFilter)}
        if self.formats is not None:
            said["formats"] = sorted({Format[format.name] for format in self.formats})
        return filters.ImageFilter(**said)


@strawberry.enum(description="What images are ordered by.")
class ImageOrderField(Enum):
    CREATED_AT = strawberry.enum_value("created_at", description="The time of upload.")
    FILENAME = strawberry.enum_value(
        "filename",
        description="The filename, by the numbers of its characters in Unicode: 10 before 9, B before a.",
    )
    SIZE = strawberry.enum_value("size", description="The original's bytes.")


@strawberry.input(description="The order of images. Those that are equal in it are ordered by id.")
class ImageOrder:
    field: ImageOrderField = strawberry.field(
        default=ImageOrderField.CREATED_AT, description="By what: the time of upload unless said otherwise."
    )
    direction: OrderDirection = strawberry.field(default=NEWEST_FIRST, description="Which way.")

    def to_domain(self) -> filters.ImageOrder:
        return filters.ImageOrder(ImageKey[self.field.name], self.direction.to_domain())


@strawberry.type
class ImageQueries:
    @strawberry.field(
        description="An image: by its link for anyone, a private one for its owner; null, with NOT_FOUND, for others."
    )
    async def image(
        self,
        info: Info,
        id: Annotated[ID, strawberry.argument(description="The image's id.")],
    ) -> Image | None:
        return Image.of(await images.get(info.context.ctx, id), info.context.ctx)

    @strawberry.field(description="The caller's own images, newest first unless `orderBy` says otherwise.")
    async def images(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[ImageFilter | None, strawberry.argument(description="Only some.")] = None,
        order_by: Annotated[ImageOrder | None, strawberry.argument(description="Another order.")] = None,
    ) -> Connection[Image]:
        page = await images.page(
            info.context.ctx,
            (filter or ImageFilter()).to_domain(),
            page_request(first, after, last, before),
            (order_by or ImageOrder()).to_domain(),
        )
        return Connection(page=page, present=partial(Image.of, ctx=info.context.ctx))


@strawberry.input(description="A file, and what is said of it.")
class UploadImageInput:
    file: Upload = strawberry.field(description="A JPG, PNG, WebP or GIF.")
    title: str | None = strawberry.field(default=None, description="Its title, up to 200 characters.")
    description: str | None = strawberry.field(default=None, description="What it shows.")
    album_id: ID | None = strawberry.field(default=None, description="The album it goes into.")
    category_id: ID | None = strawberry.field(default=None, description="The category it goes into.")
    tags: list[str] = strawberry.field(default_factory=list, description="Up to 50 tags.")


@strawberry.input(description="Files, and what is said of all of them.")
class UploadImagesInput:
    files: list[Upload] = strawberry.field(description="JPGs, PNGs, WebPs or GIFs, 1 to 20.")
    album_id: ID | None = strawberry.field(default=None, description="The album they go into.")
    category_id: ID | None = strawberry.field(default=None, description="The category they go into.")
    tags: list[str] = strawberry.field(default_factory=list, description="Up to 50 tags, for each.")


@strawberry.input(description="What to change of an image; what is left out stays.")
class UpdateImageInput:
    id: ID = strawberry.field(description="The image's id.")
    filename: Maybe[str] = strawberry.field(description="A new filename.", default=None)
    title: Maybe[str | None] = strawberry.field(description="A new title; null empties it.", default=None)
    description: Maybe[str | None] = strawberry.field(
        description="A new description; null empties it.", default=None
    )
    album_id: Maybe[ID | None] = strawberry.field(
        description="Another album of the caller's; null takes it out.", default=None
    )
    category_id: Maybe[ID | None] = strawberry.field(
        description="Another category; null takes it out.", default=None
    )
    tags: Maybe[list[str]] = strawberry.field(description="All its tags from now on.", default=None)


@strawberry.input(description="Which image to delete.")
class DeleteImageInput:
    id: ID = strawberry.field(description="The image's id.")


@strawberry.input(description="Which images to delete.")
class DeleteImagesInput:
    ids: list[ID] = strawberry.field(description="The images' ids, 1 to 100.")


@strawberry.type(description="What uploadImage did.")
class UploadImagePayload:
    image: Image = strawberry.field(description="The new image.")


@strawberry.type(description="Why one of several could not be done; the others are not touched by it.")
class ItemError:
    code: str = strawberry.field(description="The code, as in `extensions.code` of errors.")
    message: str = strawberry.field(description="What is wrong, in a few words.")
    details: str = strawberry.field(description="What to do about it.")
    params: JSON = strawberry.field(description="Facts in the message, and their `reason`, for translations.")

    @classmethod
    def of(cls, error: PicHubError) -> Self:
        return cls(code=error.code, message=error.message, details=error.details, params=JSON(error.params))


@strawberry.type(description="What became of one file.")
class UploadImageResult:
    filename: str = strawberry.field(description="The name it came under.")
    image: Image | None = strawberry.field(
        default=None, description="The new image; null where there is an error."
    )
    error: ItemError | None = strawberry.field(
        default=None, description="Why there is none; null where there is one."
    )


@strawberry.type(description="What uploadImages did.")
class UploadImagesPayload:
    results: list[UploadImageResult] = strawberry.field(description="One for each file, in their order.")


@strawberry.type(description="What updateImage did.")
class UpdateImagePayload:
    image: Image = strawberry.field(description="The image as it is now.")


@strawberry.type(description="What deleteImage did.")
class DeleteImagePayload:
    deleted_image_id: ID = strawberry.field(description="The id that the image had.")
    variants_removed: int = strawberry.field(description="How many stored variants went with it.")


@strawberry.type(description="What became of one id.")
class DeleteImageResult:
    id: ID = strawberry.field(description="The id.")
    variants_removed: int | None = strawberry.field(
        default=None, description="How many stored variants went with it; null where there is an error."
    )
    error: ItemError | None = strawberry.field(
        default=None, description="Why it is still there; null where it is gone."
    )


@strawberry.type(description="What deleteImages did.")
class DeleteImagesPayload:
    results: list[DeleteImageResult] = strawberry.field(
        description="One for each id, in their order; one for an id that is given twice."
    )


@strawberry.type
class ImageMutations:
    @strawberry.mutation(description="Takes a picture in.")
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
        return UploadImagePayload(image=Image.of(await images.upload(ctx, new), ctx))

    @strawberry.mutation(description="Takes pictures in. One that is refused does not hold the others up.")
    async def upload_images(self, info: Info, input: Input[UploadImagesInput]) -> UploadImagesPayload:
        ctx = info.context.ctx
        ctx.require(Scope.IMAGES_UPLOAD)
        results = []
        for file in unique_values("files", input.files, max_count=MAX_UPLOAD_FILES):
            new = NewImage(file=file, album_id=input.album_id, category_id=input.category_id, tags=input.tags)
            try:
                image = Image.of(await images.upload(ctx, new), ctx)
                results.append(UploadImageResult(filename=file.filename or "", image=image))
            except PicHubError as error:
                results.append(UploadImageResult(filename=file.filename or "", error=ItemError.of(error)))
        return UploadImagesPayload(results=results)

    @strawberry.mutation(description="Changes what is said of an image, and where it is filed.")
    async def update_image(self, info: Info, input: Input[UpdateImageInput]) -> UpdateImagePayload:
        ctx = info.context.ctx
        row = await images.update(ctx, input.id, changes_of(input, ImageChanges))
        return UpdateImagePayload(image=Image.of(row, ctx))

    @strawberry.mutation(description="Deletes an image for ever, with all that was made of it.")
    async def delete_image(self, info: Info, input: Input[DeleteImageInput]) -> DeleteImagePayload:
        done = await images.delete(info.context.ctx, input.id)
        return DeleteImagePayload(deleted_image_id=ID(done.id), variants_removed=done.variants_removed)

    @strawberry.mutation(
        description="Deletes images for ever. One that can't be does not hold the others up."
    )
    async def delete_images(self, info: Info, input: Input[DeleteImagesInput]) -> DeleteImagesPayload:
        info.context.ctx.require(Scope.IMAGES_WRITE)
        results = []
        for id_ in unique_values("ids", input.ids, max_count=MAX_DELETED_IDS):
            try:
                done = await images.delete(info.context.ctx, id_)
                results.append(DeleteImageResult(id=ID(id_), variants_removed=done.variants_removed))
            except PicHubError as error:
                results.append(DeleteImageResult(id=ID(id_), error=ItemError.of(error)))
        return DeleteImagesPayload(results=results)
