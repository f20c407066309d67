"""Explanation of a URL under `/img` without rendering it."""

from dataclasses import dataclass

from app.auth.actor import Scope
from app.context import Context
from app.errors import InvalidParameter
from app.imaging import explanation
from app.imaging.explanation import ExplanationCase, ParameterValue, Remark, TransformRequest
from app.imaging.formats import Format
from app.resolvers import signed_urls, variants
from app.resolvers.variants import ImageRequest
from app.signing.signature import Signature
from app.urls import ParsedImageUrl

MAX_URL_LENGTH = 4_096


@dataclass(frozen=True, slots=True)
class Explanation:
    """The result of a URL for a client without newer formats, its canonical URL, and warnings.

    `parameters` has all parameters with their effective values.
    """

    picture: ImageRequest
    canonical_url: str
    width: int
    height: int
    frames: int
    parameters: list[ParameterValue]
    remarks: list[Remark]


async def explain(ctx: Context, url: str) -> Explanation:
    """Explain a URL. Raises NotFound, MissingScope, InvalidParameter, BadRequest."""
    ctx.require_token_scope(Scope.IMAGES_READ)
    address = _parse_url(ctx, url)
    asked = TransformRequest(address.parameters, _extension(address), ctx.services.images.presets)
    signature = Signature.parse(asked.own_parameters.get("exp"), asked.own_parameters.get("sig"))
    picture = await variants.find(
        ctx, address.id, asked.transform, extension=asked.extension, signature=signature
    )
    case = ExplanationCase(asked, picture.transform, variants.source_of(picture.image), picture.recipe)
    width, height = case.size
    return Explanation(
        picture=picture,
        canonical_url=_canonical(ctx, picture, signature),
        width=width,
        height=height,
        frames=picture.recipe.frames if picture.recipe else picture.image.frames,
        parameters=explanation.explained_parameters(case),
        remarks=[*explanation.remarks(case), *await _beside(ctx, address, asked, picture, signature)],
    )


def _parse_url(ctx: Context, url: str) -> ParsedImageUrl:
    if len(url) > MAX_URL_LENGTH:
        raise InvalidParameter("url", url, f"an address of {MAX_URL_LENGTH} characters at most")
    try:
        return ctx.services.images.urls.parse_image(url)
    except ValueError as error:
        raise InvalidParameter("url", url, str(error)) from error


def _extension(address: ParsedImageUrl) -> Format | None:
    try:
        return Format.parse(address.extension) if address.extension else None
    except ValueError as error:
        raise InvalidParameter("extension", address.extension, str(error)) from error


def _canonical(ctx: Context, picture: ImageRequest, signature: Signature | None) -> str:
    """Return the canonical URL, with the signature if the image is visible because of it."""
    if picture.until is None or signature is None:
        return variants.url_of(ctx, picture.image, picture.transform)
    return variants.signed_path(ctx, picture.image, picture.transform, signature)


async def _beside(
    ctx: Context,
    address: ParsedImageUrl,
    asked: TransformRequest,
    picture: ImageRequest,
    signature: Signature | None,
) -> list[Remark]:
    """Return warnings about parameters that are not part of the transform."""
    found = []
    if not address.is_own:
        found.append(
            Remark(None, "The address is of another server; it is explained as if it were of this one.")
        )
    if "sig" not in asked.own_parameters and "exp" not in asked.own_parameters:
        return found
    if picture.image.is_public:
        found.append(Remark("sig", "The image is public: anyone sees it without a signature."))
    elif signature is None or not await signed_urls.is_valid(
        ctx, picture.image, picture.transform, signature
    ):
        found.append(
            Remark("sig", "The signature does not hold, or no more: others than the owner are told 404.")
        )
    return found
