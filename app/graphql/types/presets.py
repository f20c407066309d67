"""Transforms that have a name, for front ends that choose among them."""

from typing import Self

import strawberry

from app.graphql.context import Info
from app.graphql.types.scalars import HexColor
from app.graphql.types.transforms import Fit, OutputFormat
from app.imaging import presets


@strawberry.type(
    description="A transform that has a name: `preset` in TransformInput, and in addresses under /img."
)
class Preset:
    preset: strawberry.Private[presets.Preset]
    name: str = strawberry.field(description="Its name.")
    canonical: str = strawberry.field(description="The shortest URL query that asks for the same.")

    @classmethod
    def of(cls, preset: presets.Preset) -> Self:
        return cls(preset=preset, name=preset.name, canonical=preset.canonical)

    @strawberry.field(description="The width it says, in pixels; null where it says none.")
    def width(self) -> int | None:
        return self.preset.transform.width

    @strawberry.field(description="The height it says, in pixels; null where it says none.")
    def height(self) -> int | None:
        return self.preset.transform.height

    @strawberry.field(description="The quality it says; null where it says none.")
    def quality(self) -> int | None:
        return self.preset.transform.quality

    @strawberry.field(description="How it fits a picture into both; null where it does not say.")
    def fit(self) -> Fit | None:
        return Fit(self.preset.transform.fit.value) if "fit" in self.preset.parameters else None

    @strawberry.field(description="The format it says; null where it says none.")
    def format(self) -> OutputFormat | None:
        said = self.preset.transform.format
        return OutputFormat(said.value) if said is not None else None

    @strawberry.field(description="By what it multiplies width and height; null where by nothing.")
    def dpr(self) -> float | None:
        return self.preset.transform.dpr if "dpr" in self.preset.parameters else None

    @strawberry.field(description="The background it says; null where it says none.")
    def background(self) -> HexColor | None:
        said = self.preset.transform.background
        return HexColor(str(said)) if said is not None else None

    @strawberry.field(
        description="Which part COVER keeps: a word such as top-left, or x,y from 0 to 1; null where it does not say."
    )
    def position(self) -> str | None:
        return str(self.preset.transform.position) if "pos" in self.preset.parameters else None


@strawberry.type
class PresetQueries:
    @strawberry.field(description="The presets of this server, for anyone.")
    def presets(self, info: Info) -> list[Preset]:
        return [Preset.of(preset) for preset in info.context.ctx.services.presets]
