"""How a picture is asked for, and what the address of it delivers."""

from enum import Enum
from typing import Self

import strawberry

from app.context import Context
from app.graphql.types.scalars import URL, HexColor
from app.imaging.formats import Format
from app.imaging.transform import Transform
from app.resolvers import variants


@strawberry.enum(description="A format of pictures.")
class ImageFormat(Enum):
    JPG = strawberry.enum_value("jpg", description="JPEG: photographs, without transparency.")
    PNG = strawberry.enum_value("png", description="PNG: exact, with transparency.")
    WEBP = strawberry.enum_value("webp", description="WebP: small, with transparency and animation.")
    GIF = strawberry.enum_value("gif", description="GIF: 256 colours, with animation.")
    AVIF = strawberry.enum_value("avif", description="AVIF: smallest, with transparency; slower to make.")


@strawberry.enum(description="A format to deliver a picture in.")
class OutputFormat(Enum):
    JPG = strawberry.enum_value("jpg", description="JPEG: photographs, without transparency.")
    PNG = strawberry.enum_value("png", description="PNG: exact, with transparency.")
    WEBP = strawberry.enum_value("webp", description="WebP: small, with transparency and animation.")
    GIF = strawberry.enum_value("gif", description="GIF: 256 colours, with animation.")
    AVIF = strawberry.enum_value("avif", description="AVIF: smallest, with transparency; slower to make.")
    AUTO = strawberry.enum_value(
        "auto",
        description="The best of AVIF and WebP that the one who asks for the address takes, else the original's.",
    )


@strawberry.enum(
    description="How a picture is fitted into width and height, as CSS `object-fit` and sharp's `resize` do."
)
class Fit(Enum):
    COVER = strawberry.enum_value("cover", description="Fills both, and crops what stands over.")
    CONTAIN = strawberry.enum_value(
        "contain", description="Shows it all, and fills the rest with the background."
    )
    FILL = strawberry.enum_value("fill", description="Stretches it to both.")
    INSIDE = strawberry.enum_value(
        "inside", description="As large as goes into both, in its own proportions."
    )
    OUTSIDE = strawberry.enum_value("outside", description="As small as covers both, in its own proportions.")


@strawberry.enum(description="Which part of a picture COVER keeps.")
class Position(Enum):
    CENTER = strawberry.enum_value("center", description="The middle.")
    TOP = strawberry.enum_value("top", description="The middle of the upper edge.")
    RIGHT = strawberry.enum_value("right", description="The middle of the right edge.")
    BOTTOM = strawberry.enum_value("bottom", description="The middle of the lower edge.")
    LEFT = strawberry.enum_value("left", description="The middle of the left edge.")
    TOP_LEFT = strawberry.enum_value("top-left", description="The corner.")
    TOP_RIGHT = strawberry.enum_value("top-right", description="The corner.")
    BOTTOM_LEFT = strawberry.enum_value("bottom-left", description="The corner.")
    BOTTOM_RIGHT = strawberry.enum_value("bottom-right", description="The corner.")


@strawberry.input(description="How a picture is to be; what is left out stays as it is.")
class TransformInput:
    width: int | None = strawberry.field(default=None, description="Width in pixels, 1 to 8192.")
    height: int | None = strawberry.field(default=None, description="Height in pixels, 1 to 8192.")
    quality: int | None = strawberry.field(default=None, description="1 to 100; PNG and GIF have none.")
    fit: Fit | None = strawberry.field(
        default=None, description="How it is fitted into both; COVER by default."
    )
    format: OutputFormat | None = strawberry.field(default=None, description="The original's by default.")
    dpr: float | None = strawberry.field(default=None, description="Multiplies width and height: 1 to 4.")
    background: HexColor | None = strawberry.field(
        default=None,
        description="Fills CONTAIN, and what is transparent where the format is JPG (white by default).",
    )
    position: Position | None = strawberry.field(default=None, description="CENTER by default.")
    preset: str | None = strawberry.field(
        default=None,
        description="The name of a preset (see `presets`): what it says holds, but for what is said here beside it.",
    )

    def to_domain(self, ctx: Context) -> Transform:
        """The transform, by the same rules as in addresses. Raises InvalidParameter."""
        texts = {
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
        said = {name: str(value) for name, value in texts.items() if value is not None}
        return ctx.services.presets.transform(said)


@strawberry.type(description="A picture made of an image. Its size is known without making it.")
class Variant:
    url: URL = strawberry.field(description="The address that delivers it.")
    width: int = strawberry.field(description="The width it is delivered in, in pixels.")
    height: int = strawberry.field(description="The height it is delivered in, in pixels.")
    format: ImageFormat = strawberry.field(
        description="The format it is delivered in; with AUTO, to those who name none."
    )

    @classmethod
    def of(cls, variant: variants.Variant) -> Self:
        return cls(
            url=URL(variant.url),
            width=variant.width,
            height=variant.height,
            format=image_format(variant.format),
        )


def image_format(format: Format) -> ImageFormat:
    return ImageFormat(format.value)
