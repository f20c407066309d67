"""Albums and images. Their types refer to each other, so they share a module."""

from datetime import datetime
from functools import partial
from typing import Annotated, Self

import strawberry

from app import models
from app.context import Context
from app.graphql.context import Info
from app.graphql.types.categories import Category
from app.graphql.types.connections import After, Before, Connection, First, Last, page_request
from app.graphql.types.node import Node, from_row
from app.graphql.types.scalars import URL, ByteCount, DataURI, HexColor
from app.graphql.types.transforms import ImageFormat, TransformInput, Variant
from app.imaging.transform import Transform
from app.resolvers import variants
from app.urls import Markup


@from_row()
@strawberry.type(
    description="A collection of images. A private album and its images are visible to their owner only."
)
class Album(Node):
    row: strawberry.Private[models.Album]
    name: str = strawberry.field(description="The name of the album.")
    description: str | None = strawberry.field(
        description="The description of the album. Null if there is none."
    )
    is_public: bool = strawberry.field(
        description="True if anyone with the link can view the album and its images."
    )
    image_count: int = strawberry.field(description="The number of images in the album.")
    created_at: datetime = strawberry.field(description="When the album was created.")
    updated_at: datetime = strawberry.field(description="When the album was last updated.")

    def __init__(self, row: models.Album) -> None:
        self.row = row

    @strawberry.field(description="The newest image in the album. Null if the album is empty.")
    async def cover(self, info: Info) -> "Image | None":
        row = await info.context.loaders.cover(self.row)
        return Image(row, info.context.ctx) if row else None

    @strawberry.field(description="The images in the album, newest first.")
    async def images(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> "Connection[Image]":
        request = page_request(first, after, last, before)
        page = await info.context.loaders.album_page(self.row, request)
        return Connection(page=page, present=partial(Image, ctx=info.context.ctx))


@strawberry.type(description="The image's URL in formats for embedding.")
class ImageLinks:
    url: URL = strawberry.field(description="The URL.")
    html: str = strawberry.field(description="An HTML `img` element.")
    markdown: str = strawberry.field(description="A Markdown image.")
    bbcode: str = strawberry.field(description="A BBCode `img` tag.")

    @classmethod
    def of(cls, markup: Markup) -> Self:
        return cls(url=URL(markup.url), html=markup.html, markdown=markup.markdown, bbcode=markup.bbcode)


@from_row()
@strawberry.type(description="An uploaded image.")
class Image(Node):
    row: strawberry.Private[models.Image]
    ctx: strawberry.Private[Context]
    filename: str = strawberry.field(description="The name of the uploaded file.")
    title: str | None = strawberry.field(description="The title. Null if there is none.")
    description: str | None = strawberry.field(description="The description. Null if there is none.")
    tags: list[str] = strawberry.field(description="The tags, in the order in which they were set.")
    width: int = strawberry.field(description="The width in pixels, after rotation by the EXIF orientation.")
    height: int = strawberry.field(
        description="The height in pixels, after rotation by the EXIF orientation."
    )
    frames: int = strawberry.field(description="The number of frames. More than 1 if the image is animated.")
    size: ByteCount = strawberry.field(description="The size of the original.")
    sha256: str = strawberry.field(description="The SHA-256 digest of the original, in hexadecimal.")
    dominant_color: HexColor = strawberry.field(
        description="The dominant color, for use as a placeholder while the image loads."
    )
    thumbhash: str = strawberry.field(
        description="The ThumbHash (evanw.github.io/thumbhash) in base64: a placeholder of about 25 bytes."
    )
    is_public: bool = strawberry.field(description="True if anyone with the link can view the image.")
    created_at: datetime = strawberry.field(description="When the image was uploaded.")
    updated_at: datetime = strawberry.field(description="When the image's metadata was last updated.")

    def __init__(self, row: models.Image, ctx: Context) -> None:
        self.row, self.ctx = row, ctx

    @strawberry.field(description="The format of the original.")
    def format(self) -> ImageFormat:
        return ImageFormat(self.row.format)

    @strawberry.field(description="The media type of the original.")
    def mime_type(self) -> str:
        return f"image/{'jpeg' if self.row.format == 'jpg' else self.row.format}"

    @strawberry.field(description="The URL of the original.")
    def url(self) -> URL:
        return URL(variants.url_of(self.ctx, self.row))

    @strawberry.field(description="The album of the image. Null if it is in no album.")
    def album(self) -> Album | None:
        return Album(self.row.album) if self.row.album else None

    @strawberry.field(
        description="The category of the image. Null if it has none, or if the caller is not its owner."
    )
    async def category(self, info: Info) -> Category | None:
        if self.row.category_id is None:
            return None
        row = await info.context.loaders.category.load(self.row.category_id)
        return Category(row) if row else None

    @strawberry.field(
        description="The ThumbHash as a PNG of about 2,000 characters, to display scaled up while the image loads."
    )
    async def placeholder(self, info: Info) -> DataURI:
        return DataURI(await info.context.loaders.placeholder.load(self.row.thumbhash))

    @strawberry.field(
        description="A variant of the image in another size or format: its URL and its exact properties."
    )
    def variant(
        self,
        info: Info,
        transform: Annotated[TransformInput, strawberry.argument(description="The transform to apply.")],
    ) -> Variant:
        return Variant.of(variants.variant(info.context.ctx, self.row, transform.to_domain(info.context.ctx)))

    @strawberry.field(
        description=(
            "The value of an HTML `srcset` attribute, with one variant per width. Widths beyond the "
            "image's own are reduced to the largest that needs no enlargement."
        )
    )
    def src_set(
        self,
        info: Info,
        widths: Annotated[list[int], strawberry.argument(description="1 to 20 widths, in pixels.")],
        transform: Annotated[
            TransformInput | None,
            strawberry.argument(
                description="The transform to apply to all variants. Its aspect ratio is kept at each width."
            ),
        ] = None,
    ) -> str:
        parsed = transform.to_domain(info.context.ctx) if transform else Transform()
        return variants.src_set(info.context.ctx, self.row, widths, parsed)

    @strawberry.field(
        description=(
            "A temporary URL with which anyone can view the image, even in a private album. FORBIDDEN for "
            "callers other than the image's owner."
        )
    )
    async def signed_url(
        self,
        info: Info,
        expires_in: Annotated[
            int,
            strawberry.argument(description="The lifetime of the URL in seconds, 1 to 604800 (7 days)."),
        ],
        transform: Annotated[
            TransformInput | None,
            strawberry.argument(
                description="The transform to apply. By default, the URL delivers the original."
            ),
        ] = None,
    ) -> URL:
        parsed = transform.to_domain(info.context.ctx) if transform else Transform()
        return URL(await variants.signed_url(info.context.ctx, self.row, parsed, expires_in=expires_in))

    @strawberry.field(description="The image's URL in formats for embedding.")
    def links(self, info: Info) -> ImageLinks:
        return ImageLinks.of(variants.markup(info.context.ctx, self.row))
