"""Tests of the cleanup beside concurrent uploads, renders and deletions."""

import asyncio
import contextvars
import random
from datetime import timedelta

import pytest
from tortoise.transactions import in_transaction

from app.context import Context
from app.errors import Busy, NotFound
from app.imaging.transform import Transform
from app.jobs.cleanup.run import CleanupRun
from app.jobs.cleanup.runner import clean_up
from app.jobs.cleanup.steps import STEPS
from app.models import Image
from app.resolvers import images, variants
from app.storage import StorageTotals
from scripts.fixtures import sample_images
from tests.jobs.cleanup.conftest import ShiftedClock, later
from tests.pichub import until
from tests.resolvers.test_images import keys, upload

IMAGE_BYTES = sample_images.jpeg(640, 480)


async def test_an_upload_between_its_bytes_and_its_row_is_kept(ctx: Context) -> None:
    originals = ctx.services.settings.data_dir / "storage" / "originals"
    async with in_transaction():
        uploading = asyncio.create_task(upload(ctx, IMAGE_BYTES), context=_no_transaction())
        await until(lambda: originals.exists() and any(originals.iterdir()))
        for step in STEPS.values():  # without the lease, which waits for the transaction
            assert (
                await step(CleanupRun(services=ctx.services, now=ctx.now(), extend=_keep_lease))
                == StorageTotals()
            )
        assert not uploading.done()
    assert await keys(ctx) == {(await uploading).key}


async def test_a_row_hours_after_its_bytes_is_refused(ctx: Context) -> None:
    clock = ShiftedClock()
    ctx = later(ctx, clock)
    originals = ctx.services.settings.data_dir / "storage" / "originals"
    async with in_transaction():
        uploading = asyncio.create_task(upload(ctx, IMAGE_BYTES), context=_no_transaction())
        await until(lambda: originals.exists() and any(originals.iterdir()))
        clock.ahead = timedelta(hours=2)  # the machine slept
    with pytest.raises(Busy):
        await uploading
    assert await keys(ctx) == set()
    assert await Image.all().count() == 0


async def test_concurrent_cleanups_remove_nothing_in_use(ctx: Context) -> None:
    """Cleanups run all the time, with a clock that makes each rendered variant old and over the budget."""
    seeded, done = random.Random(5), asyncio.Event()
    kept: list[Image] = []
    removed = StorageTotals()

    async def use_images() -> None:
        for _ in range(8):
            image = await upload(ctx, IMAGE_BYTES)
            for width in (100, 200, 100):
                found = await variants.find(ctx, image.id, Transform(width=width), extension=None)
                stored = variants.StoredVariant((await variants.ensure_rendered(ctx, found)).size)
                assert await variants.read(ctx, found, stored)
            if seeded.random() < 0.5:
                await images.delete(ctx, image.id)
            else:
                kept.append(image)

    async def clean_up_repeatedly() -> None:
        nonlocal removed
        while not done.is_set():
            report = await clean_up(later(ctx, timedelta(minutes=50), variants_size=1).services)
            assert not report.failed
            removed += report.total

    cleaning = asyncio.create_task(clean_up_repeatedly())
    await asyncio.gather(*(use_images() for _ in range(4)))
    done.set()
    await cleaning
    assert removed.count > 10, "cleanups must have run in between"
    for image in kept:
        assert await ctx.services.storage.read(image.key) == IMAGE_BYTES
    await clean_up(later(ctx, timedelta(hours=2), variants_size=1).services)
    assert await keys(ctx) == {image.key for image in kept}


async def test_a_render_during_deletion_and_cleanup_leaves_nothing(ctx: Context) -> None:
    soon = later(ctx, timedelta(minutes=50), variants_size=1).services
    for number in range(6):
        image = await upload(ctx, IMAGE_BYTES)
        found = await variants.find(ctx, image.id, Transform(width=300 + number), extension=None)
        results = await asyncio.gather(
            variants.ensure_rendered(ctx, found),
            images.delete(ctx, image.id),
            clean_up(soon),
            return_exceptions=True,
        )
        assert isinstance(results[0], variants.StoredVariant | NotFound)
        assert not isinstance(results[1], BaseException)
    assert await keys(ctx) == set()


async def _keep_lease() -> None: ...


def _no_transaction() -> contextvars.Context:
    """Return a context without the current transaction, which a new task would otherwise join."""
    return contextvars.Context()
