"""Explanations of image URLs."""

from enum import Enum
from typing import Annotated, Self

import strawberry

from app.context import Context
from app.graphql.context import Info
from app.graphql.types.library import Image
from app.graphql.types.scalars import URL
from app.graphql.types.transforms import ImageFormat
from app.imaging.explanation import ParameterValue, Remark
from app.resolvers import explanations
from app.resolvers.explanations import Explanation


@strawberry.enum(description="The origin of a parameter's value.")
class ParameterOrigin(Enum):
    ADDRESS = strawberry.enum_value("address", description="The query of the URL.")
    PRESET = strawberry.enum_value("preset", description="The preset named in the URL.")
    EXTENSION = strawberry.enum_value("extension", description="The file extension in the URL's path.")
    DEFAULT = strawberry.enum_value("default", description="A default, which may depend on the image.")


@strawberry.type(description="The effective value of a transform parameter.")
class ExplainedParameter:
    name: str = strawberry.field(description="The name as in URLs: w, h, fit, pos, dpr, fm, q or bg.")
    value: str | None = strawberry.field(
        description="The value as in URLs. Null if the parameter does not apply, such as the quality of a PNG."
    )
    origin: ParameterOrigin = strawberry.field(description="The origin of the value.")

    @classmethod
    def of(cls, parameter: ParameterValue) -> Self:
        return cls(name=parameter.name, value=parameter.value, origin=ParameterOrigin(parameter.origin.value))


@strawberry.type(description="A parameter without effect or with an unexpected effect.")
class TransformWarning:
    parameter: str | None = strawberry.field(
        description="The parameter concerned. Null if the warning is about the whole URL."
    )
    message: str = strawberry.field(description="The warning in plain text.")

    @classmethod
    def of(cls, remark: Remark) -> Self:
        return cls(parameter=remark.parameter, message=remark.text)


@strawberry.type(
    description="The result of an image URL. With fm=auto, as for clients that accept neither AVIF nor WebP."
)
class TransformExplanation:
    image: Image = strawberry.field(description="The image.")
    is_original: bool = strawberry.field(description="True if the URL delivers the original file unchanged.")
    canonical_url: URL = strawberry.field(description="The shortest URL with the same result.")
    canonical: str | None = strawberry.field(
        description="The normalized recipe, which all URLs with this result share. Null for the original."
    )
    digest: str | None = strawberry.field(
        description="The key under which the variant is stored. Null for the original."
    )
    width: int = strawberry.field(description="The width of the result, in pixels.")
    height: int = strawberry.field(description="The height of the result, in pixels.")
    format: ImageFormat = strawberry.field(description="The format of the result.")
    frames: int = strawberry.field(description="The number of frames of the result.")
    parameters: list[ExplainedParameter] = strawberry.field(
        description="All parameters with their effective values, including defaults."
    )
    warnings: list[TransformWarning] = strawberry.field(
        description="Warnings about the URL. Empty if there are none."
    )

    @classmethod
    def of(cls, explained: Explanation, ctx: Context) -> Self:
        recipe = explained.picture.recipe
        return cls(
            image=Image(explained.picture.image, ctx),
            is_original=recipe is None,
            canonical_url=URL(explained.canonical_url),
            canonical=recipe.canonical if recipe else None,
            digest=recipe.digest if recipe else None,
            width=explained.width,
            height=explained.height,
            format=ImageFormat(explained.picture.format.value),
            frames=explained.frames,
            parameters=[ExplainedParameter.of(parameter) for parameter in explained.parameters],
            warnings=[TransformWarning.of(remark) for remark in explained.remarks],
        )


@strawberry.type
class ExplanationQueries:
    @strawberry.field(
        description="Explain a URL under /img without rendering it. The caller must be able to view the image."
    )
    async def explain_transform(
        self,
        info: Info,
        url: Annotated[
            str,
            strawberry.argument(
                description="The URL, with or without the server, such as /img/img_….webp?w=320."
            ),
        ],
    ) -> TransformExplanation:
        ctx = info.context.ctx
        return TransformExplanation.of(await explanations.explain(ctx, url), ctx)
