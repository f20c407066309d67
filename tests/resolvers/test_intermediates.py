"""Intermediates save time only: images and variants are the same with, without and after losing them."""

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


class RecordingPool(WorkerPool):
    """Worker pool that records the source of each render and counts reductions."""

    def __init__(self) -> None:
        super().__init__(workers=2, queue=10**9, deadline=20, memory=1 << 30, limits=LIMITS)
        self.sources: list[str] = []
        self.reductions = 0

    async def reduce(self, source: Path, destinations: Mapping[Step, Path], *, pixels: int) -> None:
        self.reductions += 1
        await super().reduce(source, destinations, pixels=pixels)

    async def render(self, source: Path, *args: Any, **options: Any) -> RenderResult:
        self.sources.append(source.stem if source.parent.parent.name == "intermediates" else "original")
        return await super().render(source, *args, **options)


class FailingReductionPool(RecordingPool):
    """Worker pool that fails to write intermediates while it identifies images."""

    async def identify(
        self, path: Path, *, size: int = 0, intermediates: Mapping[Step, Path] | None = None
    ) -> Probe:
        return await super().identify(
            path, size=size, intermediates=dict.fromkeys(Step, Path("/nowhere/at/all"))
        )


class FullStorage(DiskStorage):
    """Disk storage that has no space for intermediates."""

    async def put(self, key: str, source: Path | bytes, *, durable: bool = True) -> None:
        if key.startswith("intermediates/"):
            raise OutOfStorage("The disk is full")
        await super().put(key, source, durable=durable)


def with_services(ctx: Context, workers: WorkerPool, **services: Any) -> Context:
    with_workers = replace(ctx.services.images, workers=workers)
    return replace(ctx, services=replace(ctx.services, images=with_workers, **services))


@pytest.fixture
async def pool() -> AsyncIterator[RecordingPool]:
    async with RecordingPool() as pool:
        yield pool


@pytest.fixture
async def ctx(pichub: House, pool: RecordingPool) -> Context:
    return with_services(await context(pichub), pool)


def intermediates_of(image: Image) -> set[str]:
    return {stored_files.intermediate_key(image.id, step) for step in Step}


async def variant(ctx: Context, image: Image, transform: Transform = SMALL) -> bytes:
    request = await variants.find(ctx, image.id, transform, extension=None)
    return await variants.read(ctx, request, await variants.ensure_rendered(ctx, request))


async def test_only_large_images_have_intermediates(ctx: Context) -> None:
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
async def test_an_intermediate_is_read_if_the_result_is_as_good(
    ctx: Context, pool: RecordingPool, query: dict[str, str], source: str
) -> None:
    image = await upload(ctx, LARGE)
    await variant(ctx, image, Transform.parse(query))
    assert pool.sources == [source]


async def test_intermediates_are_deleted_with_their_image(ctx: Context) -> None:
    album = await albums.create(ctx, albums.NewAlbum("Large"))
    first, second = await upload(ctx, LARGE), await upload(ctx, LARGE, album_id=album.id)
    await images.delete(ctx, first.id)
    assert await keys(ctx) == {second.key, *intermediates_of(second)}


async def test_a_lost_intermediate_is_created_again_once(ctx: Context, pool: RecordingPool) -> None:
    image = await upload(ctx, LARGE)
    key, before = stored_files.intermediate_key(image.id, Step.SMALL), await variant(ctx, image)
    stored = await ctx.services.storage.read(key)
    await ctx.services.storage.delete(key)
    await stored_files.erase_variants(ctx, image)
    widths = [replace(SMALL, width=width) for width in (300, 301, 302, 303)]
    after = await asyncio.gather(*(variant(ctx, image, each) for each in widths))
    assert after[0] == before
    assert await ctx.services.storage.read(key) == stored
    assert pool.reductions == 1


async def test_an_empty_intermediate_is_created_again(ctx: Context) -> None:
    image = await upload(ctx, LARGE)
    before, key = await variant(ctx, image), stored_files.intermediate_key(image.id, Step.SMALL)
    await stored_files.erase_variants(ctx, image)
    await ctx.services.storage.put(key, b"")
    assert await variant(ctx, image) == before


async def test_an_upload_succeeds_without_its_intermediates(pichub: House) -> None:
    async with FailingReductionPool() as pool:
        ctx = with_services(await context(pichub), pool)
        image = await upload(ctx, LARGE)
        assert await keys(ctx) == {image.key}
        body = await variant(ctx, image)
        assert intermediates_of(image) < await keys(ctx)
    assert body == await variant(await context(pichub), await upload(await context(pichub), LARGE))


async def test_variants_work_if_intermediates_cannot_be_stored(pichub: House, pool: RecordingPool) -> None:
    ctx = await context(pichub)
    full = with_services(ctx, pool, storage=FullStorage(pichub.services.settings.data_dir / "files"))
    image = await upload(full, LARGE)
    body = await variant(full, image)
    assert {key.split("/")[0] for key in await keys(full)} == {"originals", "variants"}
    assert list(full.services.storage.incoming.iterdir()) == []
    assert body == await variant(ctx, await upload(ctx, LARGE))


async def test_a_rejected_upload_leaves_no_files(ctx: Context) -> None:
    with pytest.raises(Invalid):
        await upload(ctx, LARGE, album_id="alb_00000000000000000000000000")
    with pytest.raises(PicHubError):
        await upload(ctx, sample_images.cut(LARGE))
    assert await keys(ctx) == set()
    assert list(ctx.services.storage.incoming.iterdir()) == []


async def test_a_cancelled_upload_is_atomic(ctx: Context) -> None:
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


async def test_no_intermediate_outlives_an_image_deleted_meanwhile(ctx: Context) -> None:
    chance = random.Random(4)
    for _ in range(6):
        image = await upload(ctx, LARGE)
        await ctx.services.storage.delete_under(f"intermediates/{image.id}")
        task = asyncio.create_task(variant(ctx, image))
        await asyncio.sleep(chance.uniform(0, 0.12))
        await images.delete(ctx, image.id)
        (result,) = await asyncio.gather(task, return_exceptions=True)
        assert isinstance(result, bytes | NotFound), repr(result)
        assert await keys(ctx) == set()
