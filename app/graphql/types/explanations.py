"""What an address comes to, for those who write addresses."""

from enum import Enum
from typing import Annotated, Self

import strawberry

from app.context import Context
from app.graphql.context import Info
from app.graphql.types.images import Image
from app.graphql.types.scalars import URL
from app.graphql.types.transforms import ImageFormat, image_format
from app.imaging.explanation import ParameterValue, Remark
from app.resolvers import explanations
from app.resolvers.explanations import Explanation


@strawberry.enum(description="Who said the value of a parameter.")
class ParameterOrigin(Enum):
    ADDRESS = strawberry.enum_value("address", description="The address.")
    PRESET = strawberry.enum_value("preset", description="The preset that the address names.")
    EXTENSION = strawberry.enum_value("extension", description="The extension in the address's path.")
    DEFAULT = strawberry.enum_value(
        "default", description="Nobody: it follows from the picture, or is always so."
    )


@strawberry.type(description="A parameter as it counts.")
class ExplainedParameter:
    name: str = strawberry.field(description="Its name in addresses: w, h, fit, pos, dpr, fm, q or bg.")
    value: str | None = strawberry.field(
        description="Its value as addresses have it; null where this result has none, as a PNG has no quality."
    )
    origin: ParameterOrigin = strawberry.field(description="Who said it.")

    @classmethod
    def of(cls, parameter: ParameterValue) -> Self:
        return cls(name=parameter.name, value=parameter.value, origin=ParameterOrigin(parameter.origin.value))


@strawberry.type(description="What has no effect, or another than one may think.")
class TransformWarning:
    parameter: str | None = strawberry.field(
        description="The parameter it is about; null where it is about the whole."
    )
    message: str = strawberry.field(description="What is so, in words for people.")

    @classmethod
    def of(cls, remark: Remark) -> Self:
        return cls(parameter=remark.parameter, message=remark.text)


@strawberry.type(description="What an address comes to. With fm=auto: for who names neither AVIF nor WebP.")
class TransformExplanation:
    image: Image = strawberry.field(description="The image it is of.")
    is_original: bool = strawberry.field(description="Whether it delivers the original, byte for byte.")
    canonical_url: URL = strawberry.field(description="The shortest address of the same.")
    canonical: str | None = strawberry.field(
        description="The recipe, spelled out, that all addresses of this result share; null for the original."
    )
    digest: str | None = strawberry.field(
        description="The key it is kept under among the image's variants; null for the original."
    )
    width: int = strawberry.field(description="The width it delivers, in pixels.")
    height: int = strawberry.field(description="The height it delivers, in pixels.")
    format: ImageFormat = strawberry.field(description="The format it delivers.")
    frames: int = strawberry.field(description="How many frames it delivers.")
    parameters: list[ExplainedParameter] = strawberry.field(
        description="All parameters there are, each as it counts, with what nobody said filled in."
    )
    warnings: list[TransformWarning] = strawberry.field(
        description="What to look at; empty where all is well."
    )

    @classmethod
    def of(cls, explained: Explanation, ctx: Context) -> Self:
        recipe = explained.picture.recipe
        return cls(
            image=Image.of(explained.picture.image, ctx),
            is_original=recipe is None,
            canonical_url=URL(explained.canonical_url),
            canonical=recipe.canonical if recipe else None,
            digest=recipe.digest if recipe else None,
            width=explained.width,
            height=explained.height,
            format=image_format(explained.picture.format),
            frames=explained.frames,
            parameters=[ExplainedParameter.of(each) for each in explained.parameters],
            warnings=[TransformWarning.of(each) for each in explained.remarks],
        )


@strawberry.type
class ExplanationQueries:
    @strawberry.field(
        description="What an address under /img comes to, without making it: for those who may see the image."
    )
    async def explain_transform(
        self,
        info: Info,
        url: Annotated[
            str,
            strawberry.argument(
                description="The address, with or without the server: /img/img_….webp?w=320."
            ),
        ],
    ) -> TransformExplanation:
        ctx = info.context.ctx
        return TransformExplanation.of(await explanations.explain(ctx, url), ctx)
