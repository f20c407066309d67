"""Intermediates save time and change nothing: whatever becomes of them, images and variants are the same."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow

from app.context import Context
from app.errors import Invalid, NotFound, OutOfStorage, PicHubError
from app.imaging.intermediates import Step
from app.imaging.results import Probe, RenderResult
from app.imaging.transform import Transform
from app.imaging.workers.pool import ImageLimits, WorkerPool
from app.models import Image
from app.resolvers import albums, images, stored_files, variants
from app.storage.disk import DiskStorage
from scripts.fixtures import sample_images
from tests.pichub import House
from tests.resolvers.test_images import context, keys, upload

LARGE = sample_images.jpeg(3264, 2448)
SMALL = Transform(width=300)
LIMITS = ImageLimits(max_pixels=50_000_000, max_dimension=16_384)


class WatchedPool(WorkerPool):
    """The real pool, and what it was asked to read."""

    def __init__(self) -> None:
        super().__init__(workers=2, queue=10**9, deadline=20, memory=1 << 30, limits=LIMITS)
        self.sources: list[str] = []
        self.reductions = 0

    async def reduce(self, source: Path, destinations: Mapping[Step, Path], *, pixels: int) -> None:
        self.reductions += 1
        await super().reduce(source, destinations, pixels=pixels)

    async def render(self, source: Path, *given: Any, **named: Any) -> RenderResult:
        self.sources.append(source.stem if source.parent.parent.name == "intermediates" else "original")
        return await super().render(source, *given, **named)


class ClumsyPool(WatchedPool):
    """Fails to write intermediates while it looks at pictures."""

    async def identify(
        self, path: Path, *, size: int = 0, intermediates: Mapping[Step, Path] | None = None
    ) -> Probe:
        return await super().identify(
            path, size=size, intermediates=dict.fromkeys(Step, Path("/nowhere/at/all"))
        )


class StrictStorage(DiskStorage):
    """Has no room for intermediates."""

    async def put(self, key: str, source: Path | bytes, *, durable: bool = True) -> None:
        if key.startswith("intermediates/"):
            raise OutOfStorage("The disk is full")
        await super().put(key, source, durable=durable)


def using(ctx: Context, workers: WorkerPool, **services: Any) -> Context:
    images = replace(ctx.services.images, workers=workers)
    return replace(ctx, services=replace(ctx.services, images=images, **services))


@pytest.fixture
async def pool() -> AsyncIterator[WatchedPool]:
    async with WatchedPool() as pool:
        yield pool


@pytest.fixture
async def ctx(built: House, pool: WatchedPool) -> Context:
    return using(await context(built), pool)


def intermediates_of(image: Image) -> set[str]:
    return {stored_files.intermediate_key(image.id, step) for step in Step}


async def variant(ctx: Context, image: Image, transform: Transform = SMALL) -> bytes:
    picture = await variants.find(ctx, image.id, transform, extension=None)
    return await variants.read(ctx, picture, await variants.ensure_rendered(ctx, picture))


async def test_a_large_picture_has_intermediates_and_a_small_one_has_none(ctx: Context) -> None:
    large, small = await upload(ctx, LARGE), await upload(ctx, sample_images.jpeg(2000, 1500))
    assert await keys(ctx) == {large.key, *intermediates_of(large), small.key}
    for step, size in (Step.LARGE, (1632, 1224)), (Step.SMALL, (816, 612)):
        data = await ctx.services.storage.read(stored_files.intermediate_key(large.id, step))
        with Pillow.open(BytesIO(data)) as intermediate:
            assert (intermediate.format, intermediate.size) == ("JPEG", size)
            assert not intermediate.getexif()
            assert "icc_profile" not in intermediate.info


@pytest.mark.parametrize(
    ("query", "source"),
    [
        ({"w": "300"}, "small"),
        ({"w": "509", "fm": "webp"}, "small"),
        ({"w": "510", "fm": "webp"}, "large"),
        ({"w": "1305", "fm": "webp"}, "large"),
        ({"w": "1306", "fm": "webp"}, "original"),
        ({"w": "200", "h": "900"}, "large"),
        ({"w": "200", "h": "1200"}, "original"),
        ({"w": "300", "q": "89"}, "small"),
        ({"w": "300", "q": "90"}, "original"),
        ({"w": "300", "fm": "png"}, "original"),
        ({"w": "300", "fm": "gif"}, "original"),
        ({"w": "300", "fm": "avif"}, "small"),
        ({"w": "300", "fm": "avif", "q": "75"}, "original"),
    ],
)
async def test_it_is_read_where_it_is_large_enough_and_not_to_be_told(
    ctx: Context, pool: WatchedPool, query: dict[str, str], source: str
) -> None:
    image = await upload(ctx, LARGE)
    await variant(ctx, image, Transform.parse(query))
    assert pool.sources == [source]


async def test_it_goes_with_its_image(ctx: Context) -> None:
    album = await albums.create(ctx, albums.NewAlbum("Large"))
    first, second = await upload(ctx, LARGE), await upload(ctx, LARGE, album_id=album.id)
    await images.delete(ctx, first.id)
    assert await keys(ctx) == {second.key, *intermediates_of(second)}


async def test_a_lost_one_is_made_again_once_and_the_bytes_are_the_same(
    ctx: Context, pool: WatchedPool
) -> None:
    image = await upload(ctx, LARGE)
    key, before = stored_files.intermediate_key(image.id, Step.SMALL), await variant(ctx, image)
    kept = await ctx.services.storage.read(key)
    await ctx.services.storage.delete(key)
    await stored_files.erase_variants(ctx, image)
    widths = [replace(SMALL, width=width) for width in (300, 301, 302, 303)]
    after = await asyncio.gather(*(variant(ctx, image, each) for each in widths))
    assert after[0] == before
    assert await ctx.services.storage.read(key) == kept
    assert pool.reductions == 1


async def test_an_empty_one_that_a_crash_left_is_made_again(ctx: Context) -> None:
    image = await upload(ctx, LARGE)
    before, key = await variant(ctx, image), stored_files.intermediate_key(image.id, Step.SMALL)
    await stored_files.erase_variants(ctx, image)
    await ctx.services.storage.put(key, b"")
    assert await variant(ctx, image) == before


async def test_an_upload_stands_where_it_could_not_be_made(built: House) -> None:
    async with ClumsyPool() as clumsy:
        ctx = using(await context(built), clumsy)
        image = await upload(ctx, LARGE)
        assert await keys(ctx) == {image.key}
        lost = await variant(ctx, image)
        assert intermediates_of(image) < await keys(ctx)
    assert lost == await variant(await context(built), await upload(await context(built), LARGE))


async def test_where_it_can_not_be_kept_everything_works_without(built: House, pool: WatchedPool) -> None:
    ctx = await context(built)
    strict = using(ctx, pool, storage=StrictStorage(built.services.settings.data_dir / "files"))
    image = await upload(strict, LARGE)
    without = await variant(strict, image)
    assert {key.split("/")[0] for key in await keys(strict)} == {"originals", "variants"}
    assert list(strict.services.storage.incoming.iterdir()) == []
    assert without == await variant(ctx, await upload(ctx, LARGE))


async def test_a_refused_upload_leaves_nothing(ctx: Context) -> None:
    with pytest.raises(Invalid):
        await upload(ctx, LARGE, album_id="alb_00000000000000000000000000")
    with pytest.raises(PicHubError):
        await upload(ctx, sample_images.cut(LARGE))
    assert await keys(ctx) == set()
    assert list(ctx.services.storage.incoming.iterdir()) == []


async def test_a_cancelled_upload_leaves_all_or_nothing(ctx: Context) -> None:
    chance = random.Random(3)
    for _ in range(12):
        task = asyncio.create_task(upload(ctx, LARGE))
        await asyncio.sleep(chance.uniform(0, 0.25))
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    rows = await Image.all()
    expected = {row.key for row in rows}.union(*map(intermediates_of, rows))
    assert await keys(ctx) == expected
    assert list(ctx.services.storage.incoming.iterdir()) == []


async def test_one_that_is_made_while_its_image_is_deleted_does_not_outlive_it(ctx: Context) -> None:
    chance = random.Random(4)
    for _ in range(6):
        image = await upload(ctx, LARGE)
        await ctx.services.storage.delete_under(f"intermediates/{image.id}")
        asked = asyncio.create_task(variant(ctx, image))
        await asyncio.sleep(chance.uniform(0, 0.12))
        await images.delete(ctx, image.id)
        (answer,) = await asyncio.gather(asked, return_exceptions=True)
        assert isinstance(answer, bytes | NotFound), repr(answer)
        assert await keys(ctx) == set()
