"""Where an image's bytes lie in storage, and how they come and go together with its row.

originals/{image_id}.{ext}               the uploaded file, byte for byte
intermediates/{image_id}/{step}.jpg      smaller ones of a large original, to render from; can be made again
variants/{image_id}/{digest}.{ext}       what was made of it; can be made again
uploads/{upload_id}/{start}-{random}     a piece of an upload that is not all there yet
"""

import logging
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

from app.context import Context
from app.errors import Busy, NotFound, OutcomeUnknown, OutOfStorage, StorageUnreachable
from app.ids import Kind, kind_of
from app.imaging.intermediates import Step, is_worthwhile
from app.imaging.transform import Recipe, Source
from app.models import Image
from app.storage.base import ObjectMissing

log = logging.getLogger("pichub.storage")

Intermediates: TypeAlias = Mapping[Step, Path]

ORPHAN_GRACE = timedelta(hours=1)
"""How long bytes may lie in storage before their row comes: what is older and has none is swept away."""


class StoragePrefix(StrEnum):
    """The first segment of a key: what kind of object it names."""

    ORIGINALS = "originals"
    INTERMEDIATES = "intermediates"
    VARIANTS = "variants"
    UPLOADS = "uploads"


def image_of(key: str) -> str | None:
    """The id of the image that an object belongs to, or None for what is no object of ours."""
    room, _, rest = key.partition("/")
    image_id = rest.partition("." if room == StoragePrefix.ORIGINALS else "/")[0]
    return image_id if room in set(StoragePrefix) and kind_of(image_id) is Kind.IMAGE else None


def upload_of(key: str) -> str | None:
    """The id of the upload that an object is a piece of, or None for what is none."""
    room, upload_id, *_ = [*key.split("/"), ""]
    return upload_id if room == StoragePrefix.UPLOADS and kind_of(upload_id) is Kind.UPLOAD else None


def pieces_of(upload_id: str) -> str:
    """What the keys of all pieces of an upload begin with."""
    return f"{StoragePrefix.UPLOADS}/{upload_id}"


def piece_key(upload_id: str, name: str) -> str:
    return f"{pieces_of(upload_id)}/{name}"


def original_key(image_id: str, extension: str) -> str:
    return f"{StoragePrefix.ORIGINALS}/{image_id}.{extension}"


def intermediate_key(image_id: str, step: Step) -> str:
    return f"{_intermediates_of(image_id)}/{step}.jpg"


@contextmanager
def incoming_intermediates(ctx: Context) -> Iterator[Intermediates]:
    """Where intermediates are written before they are kept; what is left there at the end is removed."""
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
    """Keeps the bytes of `file` under `key` for good, unless the block fails: then they go again.

    The bytes come first and the row second: a crash between them leaves bytes without a row, never a row without bytes.
    Where nobody knows whether there is a row they stay, and are the sweep's if there is none.
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
    """Refuses the row of bytes that came so long ago that the sweep may soon take them for left behind. Raises Busy.

    It is called inside of the transaction: a machine may have slept for hours between the bytes and the row.
    """
    if ctx.now() - since > ORPHAN_GRACE / 2:
        raise Busy("Keeping this file took too long; send it again")


@asynccontextmanager
async def stored_intermediates(
    ctx: Context, image_id: str, source: Source, files: Intermediates
) -> AsyncIterator[None]:
    """Keeps `files` as the intermediates of an image that has them, unless the block fails: then they go again.

    No image is refused for want of them: they are made again when one is first wanted.
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
    """A file to read an intermediate of an image from; one for this time where none could be kept.

    Raises NotFound, Missing, Busy, Invalid.
    """
    key = intermediate_key(image.id, step)
    async with AsyncExitStack() as held:
        file = await _kept(ctx, key, held)
        if file is None:
            flight = _intermediates_of(image.id)
            await ctx.services.renders.do(flight, lambda: _make_intermediates(ctx, image, flight))
            file = await _kept(ctx, key, held)
        yield file or (await held.enter_async_context(_reduced(ctx, image)))[step]


async def _kept(ctx: Context, key: str, held: AsyncExitStack) -> Path | None:
    """What is stored, but not the empty file that a crash of the machine may leave."""
    with suppress(ObjectMissing, FileNotFoundError):
        file = await held.enter_async_context(ctx.services.storage.as_file(key))
        return file if file.stat().st_size else None
    return None


async def _make_intermediates(ctx: Context, image: Image, flight: str) -> None:
    try:
        async with ctx.services.locks.acquire(flight) as waited:
            if waited and await _are_kept(ctx, image.id):
                return
            async with _reduced(ctx, image) as files:
                await _keep_if_possible(ctx, image.id, files)
    except (ObjectMissing, FileNotFoundError) as error:  # deleted before it was read
        raise NotFound("image", image.id) from error
    if not await Image.exists(id=image.id):  # deleted meanwhile: the intermediates must not outlive it
        await ctx.services.storage.delete_under(flight)
        raise NotFound("image", image.id)


@asynccontextmanager
async def _reduced(ctx: Context, image: Image) -> AsyncIterator[Intermediates]:
    with incoming_intermediates(ctx) as files:
        async with ctx.services.storage.as_file(image.key) as original:
            pixels = image.width * image.height * image.frames
            await ctx.services.imaging.reduce(original, files, pixels=pixels)
        yield files


async def _keep_if_possible(ctx: Context, image_id: str, files: Intermediates) -> None:
    with suppress(OSError, OutOfStorage):  # they save time, and nothing else depends on them
        for step, file in files.items():
            await ctx.services.storage.put(intermediate_key(image_id, step), file, durable=False)


async def _are_kept(ctx: Context, image_id: str) -> bool:
    stats = [await ctx.services.storage.stat(intermediate_key(image_id, step)) for step in Step]
    return all(stat is not None and stat.size > 0 for stat in stats)


async def erase(ctx: Context, image: Image) -> int:
    """Removes the original, its intermediates and every variant, once the row is gone. How many variants there were.

    Where the storage can't be reached they are the sweep's: nobody is shown them any more.
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
