"""Presets: named transforms."""

from typing import Self

import strawberry

from app.graphql.context import Info
from app.graphql.types.scalars import HexColor
from app.graphql.types.transforms import Fit, OutputFormat
from app.imaging import presets


@strawberry.type(
    description="A named transform, for use as `preset` in TransformInput and in URLs under /img."
)
class Preset:
    preset: strawberry.Private[presets.Preset]
    name: str = strawberry.field(description="The name of the preset.")
    canonical: str = strawberry.field(description="The shortest URL query with the same result.")

    @classmethod
    def of(cls, preset: presets.Preset) -> Self:
        return cls(preset=preset, name=preset.name, canonical=preset.canonical)

    @strawberry.field(description="The width in pixels. Null if the preset sets none.")
    def width(self) -> int | None:
        return self.preset.transform.width

    @strawberry.field(description="The height in pixels. Null if the preset sets none.")
    def height(self) -> int | None:
        return self.preset.transform.height

    @strawberry.field(description="The quality. Null if the preset sets none.")
    def quality(self) -> int | None:
        return self.preset.transform.quality

    @strawberry.field(description="The fit mode. Null if the preset sets none.")
    def fit(self) -> Fit | None:
        return Fit(self.preset.transform.fit.value) if "fit" in self.preset.parameters else None

    @strawberry.field(description="The output format. Null if the preset sets none.")
    def format(self) -> OutputFormat | None:
        format = self.preset.transform.format
        return OutputFormat(format.value) if format is not None else None

    @strawberry.field(description="The factor for width and height. Null if the preset sets none.")
    def dpr(self) -> float | None:
        return self.preset.transform.dpr if "dpr" in self.preset.parameters else None

    @strawberry.field(description="The background color. Null if the preset sets none.")
    def background(self) -> HexColor | None:
        background = self.preset.transform.background
        return HexColor(str(background)) if background is not None else None

    @strawberry.field(
        description="The part that COVER keeps: a name such as top-left, or x,y from 0 to 1. Null if not set."
    )
    def position(self) -> str | None:
        return str(self.preset.transform.position) if "pos" in self.preset.parameters else None


@strawberry.type
class PresetQueries:
    @strawberry.field(description="The presets of this server. Authentication is not required.")
    def presets(self, info: Info) -> list[Preset]:
        return [Preset.of(preset) for preset in info.context.ctx.services.images.presets]
