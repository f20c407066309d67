"""A sweep beside people who upload, look and delete."""

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
from tests.jobs.cleanup.conftest import Clock, later
from tests.pichub import until
from tests.resolvers.test_images import keys, upload

PICTURE = sample_images.jpeg(640, 480)


async def test_an_upload_between_its_bytes_and_its_row_is_left_alone(ctx: Context) -> None:
    originals = ctx.services.settings.data_dir / "storage" / "originals"
    async with in_transaction():
        uploading = asyncio.create_task(upload(ctx, PICTURE), context=_outside())
        await until(lambda: originals.exists() and any(originals.iterdir()))
        for step in STEPS.values():  # without the lease, which waits for the transaction
            assert (
                await step(CleanupRun(services=ctx.services, now=ctx.now(), extend=_nobody_minds))
                == StorageTotals()
            )
        assert not uploading.done()
    assert await keys(ctx) == {(await uploading).key}


async def test_a_row_that_comes_after_hours_is_refused_and_its_bytes_go(ctx: Context) -> None:
    clock = Clock()
    ctx = later(ctx, clock)
    originals = ctx.services.settings.data_dir / "storage" / "originals"
    async with in_transaction():
        uploading = asyncio.create_task(upload(ctx, PICTURE), context=_outside())
        await until(lambda: originals.exists() and any(originals.iterdir()))
        clock.ahead = timedelta(hours=2)  # the machine slept
    with pytest.raises(Busy):
        await uploading
    assert await keys(ctx) == set()
    assert await Image.all().count() == 0


async def test_nothing_is_missed_by_those_who_work_beside_sweeps(ctx: Context) -> None:
    """Sweeps run all the while, under a clock by which each variant that was made is over the budget and old."""
    chance, done = random.Random(5), asyncio.Event()
    kept: list[Image] = []
    removed = StorageTotals()

    async def people() -> None:
        for _ in range(8):
            image = await upload(ctx, PICTURE)
            for width in (100, 200, 100):
                picture = await variants.find(ctx, image.id, Transform(width=width), extension=None)
                made = variants.StoredVariant((await variants.ensure_rendered(ctx, picture)).size)
                assert await variants.read(ctx, picture, made)
            if chance.random() < 0.5:
                await images.delete(ctx, image.id)
            else:
                kept.append(image)

    async def sweeps() -> None:
        nonlocal removed
        while not done.is_set():
            report = await clean_up(later(ctx, timedelta(minutes=50), variants_size=1).services)
            assert not report.failed
            removed += report.total

    sweeping = asyncio.create_task(sweeps())
    await asyncio.gather(*(people() for _ in range(4)))
    done.set()
    await sweeping
    assert removed.count > 10, "the sweeps must have come in between"
    for image in kept:
        assert await ctx.services.storage.read(image.key) == PICTURE
    await clean_up(later(ctx, timedelta(hours=2), variants_size=1).services)
    assert await keys(ctx) == {image.key for image in kept}


async def test_a_render_of_an_image_that_is_deleted_beside_sweeps_leaves_nothing(ctx: Context) -> None:
    soon = later(ctx, timedelta(minutes=50), variants_size=1).services
    for turn in range(6):
        image = await upload(ctx, PICTURE)
        picture = await variants.find(ctx, image.id, Transform(width=300 + turn), extension=None)
        answers = await asyncio.gather(
            variants.ensure_rendered(ctx, picture),
            images.delete(ctx, image.id),
            clean_up(soon),
            return_exceptions=True,
        )
        assert isinstance(answers[0], variants.StoredVariant | NotFound)
        assert not isinstance(answers[1], BaseException)
    assert await keys(ctx) == set()


async def _nobody_minds() -> None: ...


def _outside() -> contextvars.Context:
    """A task that is made in a transaction would write inside it."""
    return contextvars.Context()
