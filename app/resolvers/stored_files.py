"""Files of an image in storage, created and deleted together with its row. Their keys: `app.storage.keys`."""

import logging
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from app.context import Context
from app.errors import Busy, NotFound, OutcomeUnknown, OutOfStorage, StorageUnreachable
from app.imaging.intermediates import Step, is_worthwhile
from app.imaging.transform import Recipe, Source
from app.models import Image
from app.storage.base import ObjectMissing
from app.storage.keys import ORPHAN_GRACE, StoragePrefix

log = logging.getLogger("pichub.storage")

Intermediates: TypeAlias = Mapping[Step, Path]


def intermediate_key(image_id: str, step: Step) -> str:
    return f"{_intermediates_of(image_id)}/{step}.jpg"


@contextmanager
def incoming_intermediates(ctx: Context) -> Iterator[Intermediates]:
    """Yield paths to write intermediates to; remaining files are removed at the end."""
    name = uuid.uuid4().hex
    files = {step: ctx.services.storage.incoming / f"{name}.{step}" for step in Step}
    try:
        yield files
    finally:
        for file in files.values():
            file.unlink(missing_ok=True)


def variant_key(image: Image, recipe: Recipe) -> str:
    return f"{_variants_of(image)}/{recipe.digest}.{recipe.format.extension}"


@asynccontextmanager
async def stored(ctx: Context, key: str, file: Path) -> AsyncIterator[None]:
    """Store `file` under `key`, and delete it again if the block fails.

    The object comes first and the row second: a crash in between leaves an object without a row, never a row
    without an object. If it is unknown whether the row exists, the object stays and is left to the cleanup.
    """
    await ctx.services.storage.put(key, file)
    try:
        yield
    except OutcomeUnknown:
        raise
    except BaseException:
        await ctx.services.storage.delete(key)
        raise


def refuse_late(ctx: Context, since: datetime) -> None:
    """Refuse a row whose object is so old that the cleanup may take it for an orphan. Raises Busy.

    Call it within the transaction: the machine may have been suspended for hours before the row.
    """
    if ctx.now() - since > ORPHAN_GRACE / 2:
        raise Busy("Storing the file took too long; send it again", reason="stored_too_late")


@asynccontextmanager
async def stored_intermediates(
    ctx: Context, image_id: str, source: Source, files: Intermediates
) -> AsyncIterator[None]:
    """Store `files` as intermediates, and delete them again if the block fails.

    Failures are ignored: intermediates are made again on demand.
    """
    if is_worthwhile(source):
        await _keep_if_possible(ctx, image_id, files)
    try:
        yield
    except OutcomeUnknown:
        raise
    except BaseException:
        await ctx.services.storage.delete_under(_intermediates_of(image_id))
        raise


@asynccontextmanager
async def intermediate(ctx: Context, image: Image, step: Step) -> AsyncIterator[Path]:
    """Yield a file with an intermediate, or a temporary one if it can't be stored.

    Raises NotFound, ObjectMissing, Busy, Invalid.
    """
    key = intermediate_key(image.id, step)
    async with AsyncExitStack() as held:
        file = await _kept(ctx, key, held)
        if file is None:
            flight = _intermediates_of(image.id)
            await ctx.services.images.renders.do(flight, lambda: _make_intermediates(ctx, image, flight))
            file = await _kept(ctx, key, held)
        yield file or (await held.enter_async_context(_reduced(ctx, image)))[step]


async def _kept(ctx: Context, key: str, held: AsyncExitStack) -> Path | None:
    """Return the stored file, ignoring an empty one that a crash of the machine may leave."""
    with suppress(ObjectMissing, FileNotFoundError):
        file = await held.enter_async_context(ctx.services.storage.as_file(key))
        return file if file.stat().st_size else None
    return None


async def _make_intermediates(ctx: Context, image: Image, flight: str) -> None:
    try:
        async with ctx.services.coordination.locks.acquire(flight) as waited:
            if waited and await _are_kept(ctx, image.id):
                return
            async with _reduced(ctx, image) as files:
                await _keep_if_possible(ctx, image.id, files)
    except (ObjectMissing, FileNotFoundError) as error:  # deleted before it was read
        raise NotFound("image", image.id) from error
    if not await Image.exists(id=image.id):  # deleted in the meantime: its intermediates must not outlive it
        await ctx.services.storage.delete_under(flight)
        raise NotFound("image", image.id)


@asynccontextmanager
async def _reduced(ctx: Context, image: Image) -> AsyncIterator[Intermediates]:
    with incoming_intermediates(ctx) as files:
        async with ctx.services.storage.as_file(image.key) as original:
            pixels = image.width * image.height * image.frames
            await ctx.services.images.workers.reduce(original, files, pixels=pixels)
        yield files


async def _keep_if_possible(ctx: Context, image_id: str, files: Intermediates) -> None:
    with suppress(OSError, OutOfStorage):  # intermediates only save time
        for step, file in files.items():
            await ctx.services.storage.put(intermediate_key(image_id, step), file, durable=False)


async def _are_kept(ctx: Context, image_id: str) -> bool:
    stats = [await ctx.services.storage.stat(intermediate_key(image_id, step)) for step in Step]
    return all(stat is not None and stat.size > 0 for stat in stats)


async def erase(ctx: Context, image: Image) -> int:
    """Delete the original, intermediates and variants after the row. Return the number of variants.

    If the storage is unreachable they are left to the cleanup: without a row they are not served.
    """
    try:
        await ctx.services.storage.delete(image.key)
        await ctx.services.storage.delete_under(_intermediates_of(image.id))
        return await erase_variants(ctx, image)
    except StorageUnreachable:
        log.warning("the storage can't be reached: the sweep will remove the bytes of %s", image.id)
        return 0


async def erase_variants(ctx: Context, image: Image) -> int:
    return await ctx.services.storage.delete_under(_variants_of(image))


def _intermediates_of(image_id: str) -> str:
    return f"{StoragePrefix.INTERMEDIATES}/{image_id}"


def _variants_of(image: Image) -> str:
    return f"{StoragePrefix.VARIANTS}/{image.id}"
