"""Transforms and the variants that they describe."""

from enum import Enum
from typing import Self

import strawberry

from app.context import Context
from app.graphql.types.scalars import URL, HexColor
from app.imaging.transform import Transform
from app.resolvers import variants


@strawberry.enum(description="An image format.")
class ImageFormat(Enum):
    JPG = strawberry.enum_value("jpg", description="JPEG: for photos. No transparency.")
    PNG = strawberry.enum_value("png", description="PNG: lossless, with transparency.")
    WEBP = strawberry.enum_value("webp", description="WebP: small files, with transparency and animation.")
    GIF = strawberry.enum_value("gif", description="GIF: 256 colors, with animation.")
    AVIF = strawberry.enum_value(
        "avif", description="AVIF: smallest files, with transparency. Slower to encode."
    )


@strawberry.enum(description="An output format for variants.")
class OutputFormat(Enum):
    JPG = strawberry.enum_value("jpg", description="JPEG: for photos. No transparency.")
    PNG = strawberry.enum_value("png", description="PNG: lossless, with transparency.")
    WEBP = strawberry.enum_value("webp", description="WebP: small files, with transparency and animation.")
    GIF = strawberry.enum_value("gif", description="GIF: 256 colors, with animation.")
    AVIF = strawberry.enum_value(
        "avif", description="AVIF: smallest files, with transparency. Slower to encode."
    )
    AUTO = strawberry.enum_value(
        "auto",
        description="AVIF or WebP if the client accepts it, otherwise the format of the original.",
    )


@strawberry.enum(
    description="Modes of fitting an image into width and height, as in CSS `object-fit` and sharp's `resize`."
)
class Fit(Enum):
    COVER = strawberry.enum_value("cover", description="Fill both dimensions and crop the rest.")
    CONTAIN = strawberry.enum_value(
        "contain", description="Fit the whole image and fill the rest with the background."
    )
    FILL = strawberry.enum_value("fill", description="Stretch to both dimensions.")
    INSIDE = strawberry.enum_value(
        "inside", description="Fit within both dimensions, keeping the aspect ratio."
    )
    OUTSIDE = strawberry.enum_value(
        "outside", description="Cover both dimensions without cropping, keeping the aspect ratio."
    )


@strawberry.enum(description="The part of an image that COVER keeps.")
class Position(Enum):
    CENTER = strawberry.enum_value("center", description="The center.")
    TOP = strawberry.enum_value("top", description="The middle of the top edge.")
    RIGHT = strawberry.enum_value("right", description="The middle of the right edge.")
    BOTTOM = strawberry.enum_value("bottom", description="The middle of the bottom edge.")
    LEFT = strawberry.enum_value("left", description="The middle of the left edge.")
    TOP_LEFT = strawberry.enum_value("top-left", description="The top left corner.")
    TOP_RIGHT = strawberry.enum_value("top-right", description="The top right corner.")
    BOTTOM_LEFT = strawberry.enum_value("bottom-left", description="The bottom left corner.")
    BOTTOM_RIGHT = strawberry.enum_value("bottom-right", description="The bottom right corner.")


@strawberry.input(description="A transform of an image. Omitted properties are not changed.")
class TransformInput:
    width: int | None = strawberry.field(default=None, description="The width in pixels, 1 to 8192.")
    height: int | None = strawberry.field(default=None, description="The height in pixels, 1 to 8192.")
    quality: int | None = strawberry.field(
        default=None, description="The quality, 1 to 100. Does not apply to PNG and GIF."
    )
    fit: Fit | None = strawberry.field(default=None, description="The fit mode. The default is COVER.")
    format: OutputFormat | None = strawberry.field(
        default=None, description="The output format. By default, the format of the original."
    )
    dpr: float | None = strawberry.field(default=None, description="A factor for width and height, 1 to 4.")
    background: HexColor | None = strawberry.field(
        default=None,
        description="The color of empty areas with CONTAIN, and of transparent areas in JPG (white by default).",
    )
    position: Position | None = strawberry.field(
        default=None, description="The part of the image that COVER keeps. The default is CENTER."
    )
    preset: str | None = strawberry.field(
        default=None,
        description="The name of a preset (see `presets`). Other properties override those of the preset.",
    )

    def to_domain(self, ctx: Context) -> Transform:
        """Return the transform, by the same rules as in URLs. Raises InvalidParameter."""
        values = {
            "preset": self.preset,
            "w": self.width,
            "h": self.height,
            "q": self.quality,
            "fit": self.fit and self.fit.value,
            "fm": self.format and self.format.value,
            "dpr": self.dpr,
            "bg": self.background,
            "pos": self.position and self.position.value,
        }
        return ctx.services.images.presets.transform(
            {name: str(value) for name, value in values.items() if value is not None}
        )


@strawberry.type(description="A variant of an image. Its properties are computed without rendering it.")
class Variant:
    url: URL = strawberry.field(description="The URL of the variant.")
    width: int = strawberry.field(description="The width in pixels.")
    height: int = strawberry.field(description="The height in pixels.")
    format: ImageFormat = strawberry.field(
        description="The format. With AUTO, the format for clients that accept neither AVIF nor WebP."
    )

    @classmethod
    def of(cls, variant: variants.Variant) -> Self:
        return cls(
            url=URL(variant.url),
            width=variant.width,
            height=variant.height,
            format=ImageFormat(variant.format.value),
        )
