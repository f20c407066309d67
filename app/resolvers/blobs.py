"""Where an image's bytes lie in storage, and how they come and go together with its row.

originals/{image_id}.{ext}               the uploaded file, byte for byte
intermediates/{image_id}.jpg             a smaller one of a large original, to render from; can be made again
variants/{image_id}/{digest}.{ext}       what was made of it; can be made again
"""

import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

from app.context import Context
from app.errors import NotFound, OutOfStorage
from app.imaging.intermediates import is_worthwhile
from app.imaging.transform import Recipe, Source
from app.models import Image
from app.storage.base import Missing


def original_key(image_id: str, extension: str) -> str:
    return f"originals/{image_id}.{extension}"


def intermediate_key(image_id: str) -> str:
    return f"intermediates/{image_id}.jpg"


def incoming_intermediate(ctx: Context) -> Path:
    """Where an intermediate is written before it is kept; whoever asks removes what is left there."""
    return ctx.services.storage.incoming / f"{uuid.uuid4().hex}.intermediate"


def variant_key(image: Image, recipe: Recipe) -> str:
    return f"{_variants_of(image)}/{recipe.digest}.{recipe.format.extension}"


@asynccontextmanager
async def stored(ctx: Context, key: str, file: Path) -> AsyncIterator[None]:
    """Keeps the bytes of `file` under `key` for good, unless the block fails: then they go again.

    The bytes come first and the row second: a crash between them leaves bytes without a row, never a row without bytes.
    """
    await ctx.services.storage.put(key, file)
    try:
        yield
    except BaseException:
        await ctx.services.storage.delete(key)
        raise


@asynccontextmanager
async def stored_intermediate(ctx: Context, image_id: str, source: Source, file: Path) -> AsyncIterator[None]:
    """Keeps `file` as the intermediate of an image that has one, unless the block fails: then it goes again.

    No image is refused for want of one: it is made again when it is first wanted.
    """
    key = intermediate_key(image_id)
    if is_worthwhile(source):
        await _keep_if_possible(ctx, key, file)
    try:
        yield
    except BaseException:
        await ctx.services.storage.delete(key)
        raise


async def make_intermediate(ctx: Context, image: Image) -> None:
    """Makes the intermediate of an image if there is none. Raises NotFound, Busy, Invalid."""
    key = intermediate_key(image.id)
    if not await _is_kept(ctx, key):
        await ctx.services.renders.join(key, lambda: _make_intermediate(ctx, image, key))


@asynccontextmanager
async def intermediate(ctx: Context, image: Image) -> AsyncIterator[Path]:
    """A file to read the intermediate of an image from; one for this time where none could be kept.

    Raises Missing, Busy, Invalid.
    """
    async with AsyncExitStack() as held:
        try:
            file = await held.enter_async_context(ctx.services.storage.as_file(intermediate_key(image.id)))
        except Missing:
            file = await held.enter_async_context(_reduced(ctx, image))
        yield file


async def _make_intermediate(ctx: Context, image: Image, key: str) -> None:
    try:
        async with ctx.services.turns.take(key) as waited:
            if waited and await _is_kept(ctx, key):
                return
            async with _reduced(ctx, image) as file:
                await _keep_if_possible(ctx, key, file)
    except (Missing, FileNotFoundError) as error:  # deleted before it was read
        raise NotFound("image", image.id) from error
    if not await Image.exists(id=image.id):  # deleted meanwhile: the intermediate must not outlive it
        await ctx.services.storage.delete(key)
        raise NotFound("image", image.id)


@asynccontextmanager
async def _reduced(ctx: Context, image: Image) -> AsyncIterator[Path]:
    file = incoming_intermediate(ctx)
    try:
        async with ctx.services.storage.as_file(image.key) as original:
            await ctx.services.imaging.reduce(original, file)
        yield file
    finally:
        file.unlink(missing_ok=True)


async def _keep_if_possible(ctx: Context, key: str, file: Path) -> None:
    with suppress(OSError, OutOfStorage):  # it saves time, and nothing else depends on it
        await ctx.services.storage.put(key, file, durable=False)


async def _is_kept(ctx: Context, key: str) -> bool:
    """Whether there is one, and not the empty file that a crash of the machine may leave."""
    stat = await ctx.services.storage.stat(key)
    return stat is not None and stat.size > 0


async def erase(ctx: Context, image: Image) -> int:
    """Removes the original, its intermediate and every variant, once the row is gone. How many variants there were."""
    await ctx.services.storage.delete(image.key)
    await ctx.services.storage.delete(intermediate_key(image.id))
    return await erase_variants(ctx, image)


async def erase_variants(ctx: Context, image: Image) -> int:
    return await ctx.services.storage.delete_under(_variants_of(image))


def _variants_of(image: Image) -> str:
    return f"variants/{image.id}"
