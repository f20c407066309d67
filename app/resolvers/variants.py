"""Delivery of images: the original, or a variant that is rendered once and stored."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from app.caching.epochs import Epochs
from app.cancellation import in_thread
from app.context import Context, RateLimit
from app.db.prepared import PreparedQuery
from app.errors import Busy, Invalid, InvalidParameter, NotFound, OutOfStorage, RateLimited, TooSlow
from app.ids import Kind, kind_of
from app.imaging import intermediates, placeholder
from app.imaging.formats import Format
from app.imaging.geometry import Fit
from app.imaging.intermediates import Step
from app.imaging.transform import Recipe, Source, Transform
from app.models import Image
from app.observability.metrics import TransformOutcome
from app.resolvers import signed_urls, stored_files
from app.signing.signature import Signature
from app.storage.base import ObjectMissing, Stat, StoredObject
from app.storage.keys import StoragePrefix
from app.urls import Markup

T = TypeVar("T")

THUMBNAIL_SIDE = 400
THUMBNAIL_QUERY = Transform(width=THUMBNAIL_SIDE, height=THUMBNAIL_SIDE, fit=Fit.INSIDE).query()
BY_ID = PreparedQuery(Image, lambda: Image.with_album().filter(id="").limit(1))
MAX_RETRIES = 3
"""Number of times to render again a variant that was removed just before it was read."""
MAX_WIDTHS = 20


@dataclass(frozen=True, slots=True)
class Variant:
    """A URL with the exact properties of its result, determined without decoding."""

    url: str
    width: int
    height: int
    format: Format


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """A resolved request for a URL under `/img`: `recipe` is None for the original.

    `transform` includes the extension of the path. It is valid while `epochs` are. `until` is set if a signature
    grants access: the Unix second at which it ends.
    """

    image: Image
    transform: Transform
    recipe: Recipe | None
    epochs: Epochs
    until: int | None = None

    @property
    def format(self) -> Format:
        return self.recipe.format if self.recipe else Format(self.image.format)

    @property
    def etag(self) -> str:
        """Strong validator: the bytes are determined by the original and the recipe."""
        digest = self.image.sha256[:32]
        return f"{digest}-{self.recipe.digest}" if self.recipe else digest

    @property
    def modified_at(self) -> datetime:
        """Images never change their bytes, so variants are as old as the image."""
        return self.image.created_at

    @property
    def filename(self) -> str:
        """Filename for downloads."""
        stem = self.image.filename.rpartition(".")[0] or self.image.filename
        return f"{stem}.{self.format.extension}"


@dataclass(frozen=True, slots=True)
class StoredVariant:
    """A stored variant: its size, and its bytes if they are small and in memory."""

    size: int
    body: bytes | None = None


def variant(ctx: Context, image: Image, transform: Transform) -> Variant:
    """Return the variant of a transform. Raises BadRequest if the result would be too large."""
    if transform.is_identity:
        return Variant(url_of(ctx, image), image.width, image.height, Format(image.format))
    recipe = transform.resolve(source_of(image))
    width, height = recipe.output_size
    return Variant(url_of(ctx, image, transform), width, height, recipe.format)


def url_of(ctx: Context, image: Image, transform: Transform | None = None) -> str:
    """Return the URL of the original, or of a transform of it."""
    if transform is None:
        return ctx.services.images.urls.image(image.id, image.format)
    if not isinstance(transform.format, Format):
        return ctx.services.images.urls.image(image.id, image.format, transform.query())
    query = transform.query(without_format=True)
    return ctx.services.images.urls.image(image.id, transform.format.extension, query)


async def signed_url(ctx: Context, image: Image, transform: Transform, *, expires_in: int) -> str:
    """Return a URL that works for anyone for `expires_in` seconds, also while the image is private.

    Raises Unauthorized, Forbidden unless the caller owns the image, and BadRequest.
    """
    signature = await signed_urls.sign(ctx, image, transform, expires_in=expires_in)
    return signed_path(ctx, image, transform, signature)


def signed_path(ctx: Context, image: Image, transform: Transform, signature: Signature) -> str:
    """Return the URL with a signature of this transform. Raises BadRequest as `variant` does."""
    made = variant(ctx, image, transform)
    # The format is in the query, as it is signed, not in the extension.
    return ctx.services.images.urls.signed_image(
        image.id, made.format.extension, transform.query(), exp=signature.exp, sig=signature.sig
    )


def src_set(ctx: Context, image: Image, widths: Sequence[int], transform: Transform) -> str:
    """Return the value of an `srcset` attribute: one variant per width, with the transform's proportions.

    A width that would enlarge the image is replaced by the largest that does not. Raises BadRequest.
    """
    if not 1 <= len(widths) <= MAX_WIDTHS:
        raise InvalidParameter(
            "widths", f"{len(widths)} widths", f"a list of 1 to {MAX_WIDTHS} widths in pixels"
        )
    for width in widths:
        if width < 1:
            raise InvalidParameter("widths", width, "widths of 1 or more")
    widest = _max_width(image, transform)
    several = [
        variant(ctx, image, _at_width(transform, width))
        for width in sorted({min(width, widest) for width in widths})
    ]
    # Two boxes may result in the same width, which must be listed once.
    return ", ".join(f"{url} {width}w" for width, url in {each.width: each.url for each in several}.items())


def _max_width(image: Image, transform: Transform) -> int:
    """Return the largest width that does not enlarge the image."""
    across: float = image.width
    if transform.width is not None and transform.height is not None:
        choose = max if transform.fit in {Fit.CONTAIN, Fit.INSIDE} else min
        across = choose(across, image.height * transform.width / transform.height)
    return max(1, int(across / transform.dpr))


def _at_width(transform: Transform, width: int) -> Transform:
    """Return the transform at another width; with both sides given, the height is scaled too."""
    if transform.width is None or transform.height is None:
        return replace(transform, width=width, height=None)
    return replace(
        transform, width=width, height=max(1, int(transform.height * width / transform.width + 0.5))
    )


def thumbnail_url(ctx: Context, image: Image) -> str:
    """Return the thumbnail URL for lists: WebP, up to 400 px on its longer side, never enlarged."""
    asked = "" if max(image.width, image.height) <= THUMBNAIL_SIDE else THUMBNAIL_QUERY
    return ctx.services.images.urls.image(image.id, Format.WEBP, asked)


async def placeholders(thumbhashes: Sequence[str]) -> list[str]:
    """Return the previews of these ThumbHashes as data URIs: 2 ms each unless cached."""
    return await in_thread(lambda: [placeholder.data_uri(each) for each in thumbhashes])


def markup(ctx: Context, image: Image) -> Markup:
    """Return the image's URL as HTML, Markdown and BBCode."""
    return Markup(url_of(ctx, image), image.title or image.filename)


async def find(
    ctx: Context,
    image_id: str,
    transform: Transform,
    *,
    extension: Format | None,
    accept: str = "",
    signature: Signature | None = None,
) -> ImageRequest:
    """Resolve an image URL. Raises NotFound, MissingScope, BadRequest.

    `extension` is the format in the path, used unless the transform has its own. `accept` is the Accept header, for
    `fm=auto`. `signature` grants access to a private image.
    """
    marks = ctx.services.cache.epochs.current(image_id)
    image = await ctx.services.cache.images.load(image_id, lambda: _row(image_id), image_id=image_id)
    if transform.format is None and extension not in {None, Format(image.format)}:
        transform = replace(transform, format=extension)
    until = await signed_urls.authorize(ctx, image, transform, signature)
    if transform.is_identity:
        return ImageRequest(image, transform, None, marks, until)
    source = source_of(image)
    recipe = transform.negotiated(accept, source).resolve(source)
    return ImageRequest(image, transform, recipe, marks, until)


async def _row(image_id: str) -> Image:
    """Return the image with its album, without access control. Raises NotFound."""
    image = await BY_ID.first(image_id) if kind_of(image_id) is Kind.IMAGE else None
    if image is None:
        raise NotFound("image", image_id)
    return image


async def ensure_rendered(ctx: Context, picture: ImageRequest) -> StoredVariant:
    """Return the variant of an image, rendering it at most once. Raises NotFound, RateLimited, Busy, Invalid."""
    key = key_of(picture)
    led = False

    async def lead() -> StoredVariant:
        nonlocal led
        led = True
        return await _render_counted(ctx, picture, key)

    while True:
        try:
            made: StoredVariant = await ctx.services.images.renders.do(key, lead)
        except RateLimited as refused:
            if refused.key == ctx.rate_limit_key(RateLimit.RENDERS):
                raise
            # The first caller's limit was exhausted: now another one renders.
        else:
            if not led:
                ctx.services.observability.metrics.count_transform(TransformOutcome.JOINED)
            return made


async def _render_counted(ctx: Context, picture: ImageRequest, key: str) -> StoredVariant:
    """Render and count the outcome in the metrics. Originals are not counted."""
    if picture.recipe is None:
        return (await _render_or_read(ctx, picture, key))[0]
    try:
        made, outcome = await _render_or_read(ctx, picture, key)
    except (Busy, Invalid, OutOfStorage) as error:
        ctx.services.observability.metrics.count_transform(_outcome_of(error))
        raise
    ctx.services.observability.metrics.count_transform(outcome)
    return made


def _outcome_of(error: Exception) -> TransformOutcome:
    match error:
        case Busy():
            return TransformOutcome.BUSY
        case TooSlow():
            return TransformOutcome.DEADLINE
    return TransformOutcome.FAILED


async def _render_or_read(
    ctx: Context, picture: ImageRequest, key: str
) -> tuple[StoredVariant, TransformOutcome]:
    made, recipe = await _read_existing(ctx, key), picture.recipe
    if made is not None:
        return made, TransformOutcome.STORED
    if recipe is None:  # deleted in the meantime
        raise NotFound("image", picture.image.id)
    await ctx.consume(RateLimit.RENDERS)
    try:
        async with (
            _source(ctx, picture.image, recipe) as (file, step),
            ctx.services.coordination.locks.acquire(key) as waited,
        ):
            made = await _read_existing(ctx, key) if waited else None
            if made is not None:
                return made, TransformOutcome.JOINED
            return await _render(ctx, picture, recipe, key, file, step), TransformOutcome.RENDERED
    except (ObjectMissing, FileNotFoundError) as error:  # deleted before it was read
        raise NotFound("image", picture.image.id) from error


@asynccontextmanager
async def _source(ctx: Context, image: Image, recipe: Recipe) -> AsyncIterator[tuple[Path, Step | None]]:
    """Yield the file to render from, and which intermediate it is."""
    step = intermediates.best_step(source_of(image), recipe)
    file = stored_files.intermediate(ctx, image, step) if step else ctx.services.storage.as_file(image.key)
    async with file as path:
        yield path, step


async def _read_existing(ctx: Context, key: str) -> StoredVariant | None:
    """Return the stored variant. An empty file is left by a machine crash and counts as missing."""
    stat = await ctx.services.storage.stat(key)
    if stat is None or not stat.size:
        return None
    if key.startswith(StoragePrefix.VARIANTS) and _needs_touch(ctx, stat):
        with suppress(OSError):  # it is delivered, even if its use can't be recorded
            await ctx.services.storage.touch(key)
    return StoredVariant(stat.size)


def _needs_touch(ctx: Context, variant: Stat) -> bool:
    """Return True if the variant's use should be recorded, which is needed only with a variant budget."""
    if ctx.services.settings.variants_size is None:
        return False
    return ctx.now() - variant.modified_at > ctx.services.storage.touch_after


async def read(ctx: Context, picture: ImageRequest, made: StoredVariant) -> bytes:
    """Return all bytes of a small variant. Raises NotFound, and errors of `ensure_rendered`."""
    if made.body is not None:
        return made.body
    return await _with_retries(ctx, picture, ctx.services.storage.read)


@asynccontextmanager
async def open_variant(
    ctx: Context, picture: ImageRequest, start: int = 0, stop: int | None = None
) -> AsyncIterator[StoredObject]:
    """Open the bytes of a variant from `start` up to, not including, `stop`.

    Raises NotFound, and errors of `ensure_rendered`.
    """
    async with AsyncExitStack() as held:
        yield await _with_retries(
            ctx,
            picture,
            lambda key: held.enter_async_context(ctx.services.storage.open(key, start, stop)),
        )


async def _with_retries(ctx: Context, picture: ImageRequest, get: Callable[[str], Awaitable[T]]) -> T:
    """Call `get` with the variant's key, rendering it again if it was removed in the meantime."""
    for _ in range(1 + MAX_RETRIES):
        with suppress(ObjectMissing):
            return await get(key_of(picture))
        await ensure_rendered(ctx, picture)
    raise NotFound("image", picture.image.id)


def key_of(picture: ImageRequest) -> str:
    """Return the storage key."""
    return stored_files.variant_key(picture.image, picture.recipe) if picture.recipe else picture.image.key


def source_of(image: Image) -> Source:
    """Return the facts about the stored image that a recipe needs."""
    return Source(
        format=Format(image.format),
        width=image.width,
        height=image.height,
        frames=image.frames,
        has_alpha=image.has_alpha,
    )


async def _render(
    ctx: Context, picture: ImageRequest, recipe: Recipe, key: str, file: Path, step: Step | None
) -> StoredVariant:
    image, storage = picture.image, ctx.services.storage
    pixels = intermediates.pixels(source_of(image), step)
    target = storage.incoming / f"{uuid.uuid4().hex}.variant"
    try:
        with ctx.services.observability.tracing.span("render", {"image": image.id, "pixels": pixels}):
            rendered = await ctx.services.images.workers.render(
                file, recipe, target, pixels=pixels, step=step, place=storage.local_path(key)
            )
        if not rendered.is_stored:
            await storage.put(key, target, durable=False)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    if not ctx.services.cache.epochs.is_valid(image.id, picture.epochs) and not await Image.exists(
        id=image.id
    ):
        await stored_files.erase_variants(
            ctx, image
        )  # deleted during the render: the variant must not outlive it
        raise NotFound("image", image.id)
    return StoredVariant(rendered.size, rendered.body)
