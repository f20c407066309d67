"""Invariants of images under cancellation, failure and concurrency."""

import asyncio
import random
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.datastructures import Headers

from app.auth.credentials import Credentials
from app.context import Context
from app.errors import Invalid, NotFound, OutOfStorage, PicHubError
from app.imaging.formats import Format
from app.imaging.render import RenderResult
from app.imaging.transform import Transform
from app.imaging.workers.pool import ImageLimits, WorkerPool
from app.models import Account, Album, Image
from app.resolvers import account, albums, images, variants
from app.uploads.multipart import Upload
from scripts.fixtures import sample_images
from tests.pichub import House, house, signed


async def context(pichub: House, token: str = "") -> Context:
    return await account.authenticate_and_count(
        Context(pichub.services), Credentials(signed(token or pichub.token)["Authorization"])
    )


@asynccontextmanager
async def received_file(ctx: Context, data: bytes, filename: str = "a.jpg") -> AsyncIterator[Upload]:
    path = ctx.services.storage.incoming / secrets.token_hex(8)
    file = Upload(path, filename=filename, headers=Headers(), max_size=100_000_000)
    try:
        await file.write(data)
        await file.seek(0)
        yield file
    finally:
        await file.close()


async def upload(ctx: Context, data: bytes, **fields: str | None) -> Image:
    async with received_file(ctx, data) as file:
        return await images.upload(ctx, images.NewImage(file=file, **fields))  # type: ignore[arg-type]


async def keys(ctx: Context) -> set[str]:
    return {key async for key, _ in ctx.services.storage.list()}


async def test_the_album_of_an_image_counts_the_image(pichub: House) -> None:
    ctx = await context(pichub)
    one, two = [await albums.create(ctx, albums.NewAlbum(name)) for name in ("One", "Two")]
    image = await upload(ctx, sample_images.jpeg(), album_id=one.id)
    assert image.album is not None
    assert image.album.image_count == 1
    moved = await images.update(ctx, image.id, images.ImageChanges(album_id=two.id))
    assert moved.album is not None
    assert (moved.album.id, moved.album.image_count) == (two.id, 1)
    assert [(await Album.get(id=each.id)).image_count for each in (one, two)] == [0, 1]


async def test_cancelled_uploads_leave_bytes_and_rows_consistent(pichub: House) -> None:
    ctx = await context(pichub)
    album = await albums.create(ctx, albums.NewAlbum("Busy"))
    data, chance = sample_images.jpeg(64, 48), random.Random(7)
    await upload(ctx, data)
    for _ in range(150):
        task = asyncio.create_task(upload(ctx, data, album_id=album.id))
        await asyncio.sleep(chance.uniform(0, 0.02))
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    rows = await Image.all()
    assert await keys(ctx) == {row.key for row in rows}
    assert list(ctx.services.storage.incoming.iterdir()) == []
    assert (await Album.get(id=album.id)).image_count == len(rows) - 1
    owner = await Account.get(username="admin")
    assert (owner.image_count, owner.bytes_used) == (len(rows), len(data) * len(rows))
    assert 1 < len(rows) < 151, "some cancellations must fall before the commit and some after"


async def test_a_cancelled_delete_is_atomic(pichub: House) -> None:
    ctx = await context(pichub)
    chance = random.Random(8)
    for _ in range(40):
        image = await upload(ctx, sample_images.jpeg(64, 48))
        task = asyncio.create_task(images.delete(ctx, image.id))
        await asyncio.sleep(chance.uniform(0, 0.004))
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        assert await Image.exists(id=image.id) == (image.key in await keys(ctx))


async def test_one_of_several_concurrent_deletes_succeeds(pichub: House) -> None:
    ctx = await context(pichub)
    image = await upload(ctx, sample_images.jpeg(64, 48))
    results = await asyncio.gather(*(images.delete(ctx, image.id) for _ in range(8)), return_exceptions=True)
    assert [type(result) for result in results].count(NotFound) == 7
    owner = await Account.get(username="admin")
    assert (owner.image_count, owner.bytes_used) == (0, 0)


async def test_album_counts_survive_concurrent_moves(pichub: House) -> None:
    ctx = await context(pichub)
    one, two = [await albums.create(ctx, albums.NewAlbum(name)) for name in ("One", "Two")]
    moved = [await upload(ctx, sample_images.jpeg(64, 48)) for _ in range(4)]
    chance = random.Random(9)
    targets = [one.id, two.id, None]
    await asyncio.gather(
        *(
            images.update(ctx, chance.choice(moved).id, images.ImageChanges(album_id=chance.choice(targets)))
            for _ in range(60)
        ),
        *(
            albums.add_images(ctx, chance.choice([one.id, two.id]), [chance.choice(moved).id])
            for _ in range(20)
        ),
    )
    for album in (one, two):
        assert (await Album.get(id=album.id)).image_count == await Image.filter(album_id=album.id).count()


async def test_images_are_added_to_and_removed_from_albums(pichub: House) -> None:
    ctx = await context(pichub)
    album, other = [await albums.create(ctx, albums.NewAlbum(name)) for name in ("One", "Two")]
    inside = await upload(ctx, sample_images.jpeg(64, 48), album_id=other.id)
    outside = await upload(ctx, sample_images.jpeg(64, 48))
    both = [inside.id, outside.id]
    assert (await albums.add_images(ctx, album.id, [*both, inside.id])).image_count == 2
    assert (await albums.get(ctx, other.id)).image_count == 0
    assert (await albums.remove_images(ctx, album.id, [inside.id])).image_count == 1
    with pytest.raises(Invalid, match=inside.id):
        await albums.remove_images(ctx, album.id, both)
    with pytest.raises(Invalid, match="1 to 100"):
        await albums.add_images(ctx, album.id, [])
    bob = await context(pichub, await pichub.account("bob"))
    theirs = await upload(bob, sample_images.jpeg(64, 48))
    with pytest.raises(Invalid, match=theirs.id):
        await albums.add_images(ctx, album.id, [outside.id, theirs.id])
    assert (await albums.get(ctx, album.id)).image_count == 1


class CountingPool(WorkerPool):
    """Worker pool that counts renders."""

    renders = 0

    async def render(self, *args: Any, **options: Any) -> RenderResult:
        self.renders += 1
        return await super().render(*args, **options)


@asynccontextmanager
async def counting_pool(ctx: Context) -> AsyncIterator[tuple[Context, CountingPool]]:
    limits = ImageLimits(max_pixels=50_000_000, max_dimension=16_384)
    async with CountingPool(workers=2, queue=10**9, deadline=20, memory=1 << 30, limits=limits) as pool:
        yield (
            replace(ctx, services=replace(ctx.services, images=replace(ctx.services.images, workers=pool))),
            pool,
        )


async def deliver(ctx: Context, image: Image, transform: Transform) -> bytes:
    request = await variants.find(ctx, image.id, transform, extension=None)
    await variants.ensure_rendered(ctx, request)
    async with variants.open_variant(ctx, request) as stored:
        return b"".join([chunk async for chunk in stored.chunks])


async def test_concurrent_requests_share_one_render(pichub: House) -> None:
    async with counting_pool(await context(pichub)) as (ctx, pool):
        image = await upload(ctx, sample_images.jpeg_12mp())
        transform = Transform(width=300, format=Format.WEBP)
        bodies = await asyncio.gather(*(deliver(ctx, image, transform) for _ in range(32)))
        assert len(set(bodies)) == 1
        assert bodies[0][8:12] == b"WEBP"
        assert await deliver(ctx, image, transform) == bodies[0]
        assert pool.renders == 1


async def test_equivalent_transforms_are_rendered_once(pichub: House) -> None:
    async with counting_pool(await context(pichub)) as (ctx, pool):
        image = await upload(ctx, sample_images.jpeg(640, 480))
        for query in (
            {"w": "100", "h": "100"},
            {"h": "100", "w": "100", "fit": "crop"},
            {"w": "100", "h": "100", "fit": "cover", "q": "80", "dpr": "1", "pos": "center", "fm": "jpeg"},
            {"w": "50", "h": "50", "dpr": "2", "bg": "fff", "unknown": "1"},
        ):
            await deliver(ctx, image, Transform.parse(query))
        assert pool.renders == 1


async def test_no_variant_outlives_its_image(pichub: House) -> None:
    ctx = await context(pichub)
    chance = random.Random(10)
    for _ in range(12):
        image = await upload(ctx, sample_images.jpeg(1600, 1200))
        requests = [
            asyncio.create_task(deliver(ctx, image, Transform(width=200 + n, format=Format.WEBP)))
            for n in range(6)
        ]
        await asyncio.sleep(chance.uniform(0, 0.1))
        await images.delete(ctx, image.id)
        for result in await asyncio.gather(*requests, return_exceptions=True):
            assert isinstance(result, bytes | PicHubError), repr(result)
        assert await keys(ctx) == set()


async def test_a_variant_has_a_url_and_its_exact_size(pichub: House) -> None:
    ctx = await context(pichub)
    image = await upload(ctx, sample_images.jpeg(640, 480))
    assert variants.variant(ctx, image, Transform()) == variants.Variant(
        f"http://pichub.test/img/{image.id}.jpg", 640, 480, Format.JPG
    )
    small = variants.variant(ctx, image, Transform.parse({"w": "33", "fm": "png", "bg": "f00"}))
    assert small == variants.Variant(f"http://pichub.test/img/{image.id}.png?w=33", 33, 25, Format.PNG)


@pytest.mark.parametrize(
    "query",
    [
        {"w": "40"},
        {"fm": "webp"},
        {"w": "40", "h": "30", "fit": "contain", "bg": "ff000080", "fm": "webp"},
        {"bg": "0f0", "fm": "jpg"},
        {"w": "40", "h": "50", "fit": "contain", "fm": "jpg", "q": "20"},
        {"w": "20", "dpr": "1.5", "fm": "avif", "q": "30"},
        {"w": "20", "h": "20", "pos": "right", "fm": "gif"},
        {"h": "20", "fm": "auto"},
    ],
)
async def test_the_url_of_a_variant_delivers_it(pichub: House, query: dict[str, str]) -> None:
    ctx = await context(pichub)
    image = await upload(ctx, sample_images.alpha_png())
    transform = Transform.parse(query)
    url = variants.variant(ctx, image, transform).url
    expected = await deliver(ctx, image, transform)
    response = await pichub.client.get(url)
    assert response.status_code == 200
    assert response.content == expected


async def test_srcset_lists_each_width_once_in_order(pichub: House) -> None:
    ctx = await context(pichub)
    image = await upload(ctx, sample_images.jpeg(640, 480))
    base = f"http://pichub.test/img/{image.id}"
    assert variants.src_set(ctx, image, [640, 320, 320], Transform(format=Format.WEBP)) == (
        f"{base}.webp?w=320 320w, {base}.webp?w=640 640w"
    )
    assert (
        variants.src_set(ctx, image, [160], Transform(width=320, height=180)) == f"{base}.jpg?w=160&h=90 160w"
    )
    assert variants.src_set(ctx, image, [320, 640, 641, 9000], Transform()) == (
        f"{base}.jpg?w=320 320w, {base}.jpg?w=640 640w"
    )
    for widths in ([], [0], [-5], list(range(1, 30))):
        with pytest.raises(PicHubError):
            variants.src_set(ctx, image, widths, Transform())


async def test_a_full_disk_rejects_uploads_but_allows_deletes(tmp_path: Path) -> None:
    async with house(tmp_path) as pichub:
        ctx = await context(pichub)
        image = await upload(ctx, sample_images.jpeg(64, 48))
        full = replace(ctx.services.settings, min_free_disk=1 << 62)
        ctx = replace(ctx, services=replace(ctx.services, settings=full))
        with pytest.raises(OutOfStorage):
            await upload(ctx, sample_images.jpeg(64, 48))
        await images.delete(ctx, image.id)
        assert await keys(ctx) == set()
