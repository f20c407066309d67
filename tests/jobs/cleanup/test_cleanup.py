import os
import tracemalloc
from datetime import timedelta
from pathlib import Path

import pytest

from app.context import Context
from app.ids import Kind, new_id
from app.imaging.transform import Transform
from app.jobs.cleanup.run import CleanupRun
from app.jobs.cleanup.runner import LEASE_DURATION, LEASE_NAME, clean_up, clean_up_if_due, dry_run, run
from app.jobs.cleanup.steps import STEPS
from app.jobs.leases import HeldLease, LeaseLost, LeaseTaken, hold_lease, last_completed
from app.models import Image
from app.resolvers import stored_files, variants
from app.storage import StorageTotals
from scripts.fixtures import sample_images
from tests.jobs.cleanup.conftest import ShiftedClock, later, put, set_age
from tests.resolvers.test_images import keys, upload

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def new_image_id(ctx: Context) -> str:
    """Return the id of an image that has no row."""
    return new_id(Kind.IMAGE, ctx.now())


async def render(ctx: Context, image: Image, width: int) -> str:
    """Render a variant, and return its key."""
    found = await variants.find(ctx, image.id, Transform(width=width), extension=None)
    await variants.ensure_rendered(ctx, found)
    assert found.recipe
    return stored_files.variant_key(image, found.recipe)


def tree(folder: Path) -> set[tuple[str, int, int]]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in paths}


async def test_old_objects_without_a_row_are_removed(ctx: Context) -> None:
    old, recent = new_image_id(ctx), new_image_id(ctx)
    for image_id, hours_ago in ((old, 1.1), (recent, 0.9)):
        await put(ctx, f"originals/{image_id}.jpg", hours_ago=hours_ago)
        await put(ctx, f"intermediates/{image_id}/small.jpg", hours_ago=hours_ago)
        for name in ("a.webp", "b.webp"):
            await put(ctx, f"variants/{image_id}/{name}", hours_ago=hours_ago)
    report = await clean_up(ctx.services)
    assert await keys(ctx) == {
        f"originals/{recent}.jpg",
        f"intermediates/{recent}/small.jpg",
        f"variants/{recent}/a.webp",
        f"variants/{recent}/b.webp",
    }
    removed = {name: amount for name, amount in report.removed.items() if amount.count}
    assert removed == {
        "originals": StorageTotals(1, 5),
        "intermediates": StorageTotals(1, 5),
        "variants": StorageTotals(2, 10),
    }
    assert report.total == StorageTotals(4, 20)
    assert not (ctx.services.settings.data_dir / "storage" / "variants" / old).exists()


async def test_objects_with_a_row_are_kept_at_any_age(ctx: Context) -> None:
    image = await upload(ctx, sample_images.jpeg(3264, 2448))
    await render(ctx, image, 300)
    before = await keys(ctx)
    assert len(before) == 4
    for key in before:
        set_age(ctx, key, hours_ago=10_000)
    assert (await clean_up(ctx.services)).total == StorageTotals()
    assert await keys(ctx) == before


async def test_objects_with_foreign_names_are_kept(ctx: Context) -> None:
    names = ("originals/notes.txt", "variants/img_1/a.webp", "backup/img.jpg", "originals/acc_x/y")
    for name in names:
        await put(ctx, name, hours_ago=100)
    assert (await clean_up(ctx.services)).total == StorageTotals()
    assert await keys(ctx) == set(names)


async def test_the_rest_of_an_interrupted_deletion_is_removed(ctx: Context) -> None:
    image = await upload(ctx, sample_images.jpeg(64, 48))
    await render(ctx, image, 20)
    await Image.remove([image])
    assert (await clean_up(ctx.services)).total == StorageTotals()
    assert (await clean_up(later(ctx, 2 * HOUR).services)).total.count == 2
    assert await keys(ctx) == set()


async def test_incoming_files_are_removed_after_a_day(ctx: Context) -> None:
    for name, hours_ago in (("upload-old", 25), ("upload-recent", 23)):
        (ctx.services.storage.incoming / name).write_bytes(b"12345")
        set_age(ctx, f"tmp/{name}", hours_ago=hours_ago)
    assert (await clean_up(ctx.services)).removed["incoming files"] == StorageTotals(1, 5)
    assert [path.name for path in ctx.services.storage.incoming.iterdir()] == ["upload-recent"]


async def test_a_dry_run_reports_the_removals_and_changes_nothing(ctx: Context) -> None:
    image = await upload(ctx, sample_images.jpeg(64, 48))
    for number in range(12):
        await put(ctx, f"variants/{image.id}/{number}.webp", hours_ago=number + 1, size=100)
    orphan = new_image_id(ctx)
    await put(ctx, f"originals/{orphan}.jpg", hours_ago=2)
    await put(ctx, f"variants/{orphan}/a.webp", hours_ago=400, size=100)
    (ctx.services.storage.incoming / "upload-x").write_bytes(b"12345")
    set_age(ctx, "tmp/upload-x", hours_ago=48)
    ctx = later(ctx, timedelta(), variants_size=1000)
    storage = ctx.services.settings.data_dir / "storage"
    before = tree(storage)
    planned = await dry_run(ctx.services)
    assert tree(storage) == before
    assert await last_completed(LEASE_NAME) is None
    assert (await clean_up(ctx.services)).removed == planned.removed
    assert planned.removed["variants"] == StorageTotals(1, 100)
    assert planned.removed["variants over budget"] == StorageTotals(3, 300)
    assert (await dry_run(ctx.services)).total == StorageTotals()


async def test_the_least_recently_used_variants_over_budget_go_first(ctx: Context) -> None:
    image = await upload(ctx, sample_images.jpeg(64, 48))
    names = [f"variants/{image.id}/{number}.webp" for number in range(12)]
    for number, name in enumerate(names):
        await put(ctx, name, hours_ago=1 + 2 * number, size=100)
    services = later(ctx, timedelta(), variants_size=1000).services
    assert (await clean_up(services)).removed["variants over budget"] == StorageTotals(3, 300)
    assert await keys(ctx) == {image.key, *names[:9]}
    assert (await clean_up(services)).total == StorageTotals()


async def test_without_a_budget_no_variant_is_removed(ctx: Context) -> None:
    image = await upload(ctx, sample_images.jpeg(64, 48))
    await put(ctx, f"variants/{image.id}/a.webp", hours_ago=10_000)
    assert (await clean_up(later(ctx, timedelta(), variants_size=None).services)).total == StorageTotals()


async def test_a_recently_used_variant_is_kept_over_the_budget(ctx: Context) -> None:
    image = await upload(ctx, sample_images.jpeg(64, 48))
    recent = await put(ctx, f"variants/{image.id}/a.webp", size=1000)
    await put(ctx, f"variants/{image.id}/b.webp", size=1000, hours_ago=2)
    await clean_up(later(ctx, timedelta(), variants_size=10).services)
    assert await keys(ctx) == {image.key, recent}


async def test_the_use_of_a_variant_is_recorded_once_a_day(ctx: Context) -> None:
    image = await upload(ctx, sample_images.jpeg(64, 48))
    key = await render(ctx, image, 20)
    path = ctx.services.settings.data_dir / "storage" / key
    for hours_ago, is_recorded in ((23, False), (25, True)):
        set_age(ctx, key, hours_ago=hours_ago)
        before = path.stat().st_mtime
        await render(ctx, image, 20)
        assert (path.stat().st_mtime > before) is is_recorded


async def test_a_variant_removed_before_it_is_read_is_rendered_again(ctx: Context) -> None:
    image = await upload(ctx, sample_images.jpeg(640, 480))
    found = await variants.find(ctx, image.id, Transform(width=200), extension=None)
    stored = variants.StoredVariant((await variants.ensure_rendered(ctx, found)).size)
    first = await variants.read(ctx, found, stored)
    soon = later(ctx, HOUR, variants_size=1).services
    assert (await clean_up(soon)).removed["variants over budget"].count == 1
    assert await variants.read(ctx, found, stored) == first
    assert (await clean_up(soon)).removed["variants over budget"].count == 1
    async with variants.open_variant(ctx, found, 1, 5) as opened:
        assert b"".join([chunk async for chunk in opened.chunks]) == first[1:5]


async def test_many_orphaned_originals_are_removed_only_with_force(
    ctx: Context, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(101):
        orphan = new_image_id(ctx)
        await put(ctx, f"originals/{orphan}.jpg", hours_ago=2)
        await put(ctx, f"variants/{orphan}/a.webp", hours_ago=2)
    before = await keys(ctx)
    report = await clean_up_if_due(ctx.services)
    assert report
    assert report.withheld
    assert report.withheld.orphans == report.withheld.originals == StorageTotals(101, 505)
    assert report.total == StorageTotals()
    assert await keys(ctx) == before
    assert "is this the right database" in caplog.text
    assert (await dry_run(ctx.services)).withheld
    assert (await dry_run(ctx.services, force=True)).total.count == 202
    assert (await clean_up(ctx.services, force=True)).total.count == 202
    assert await keys(ctx) == set()


async def test_only_one_cleanup_runs_at_a_time(ctx: Context) -> None:
    async with hold_lease(LEASE_NAME, clock=ctx.services.clock, duration=LEASE_DURATION):
        with pytest.raises(LeaseTaken):
            await clean_up(ctx.services)
        assert await clean_up_if_due(ctx.services) is None
        await dry_run(ctx.services)
    assert await clean_up_if_due(later(ctx, HOUR).services)


async def test_a_recent_cleanup_is_not_repeated(ctx: Context) -> None:
    assert await clean_up_if_due(ctx.services)
    assert await clean_up_if_due(later(ctx, 0.7 * HOUR).services) is None
    assert await clean_up_if_due(later(ctx, 0.9 * HOUR).services)


async def test_a_cleanup_that_lost_its_lease_stops(ctx: Context) -> None:
    clock = ShiftedClock()
    orphans = [await put(ctx, f"originals/{new_image_id(ctx)}.jpg", hours_ago=2) for _ in range(3)]

    async def slow(this: CleanupRun) -> StorageTotals:
        clock.ahead += 2 * LEASE_DURATION
        await HeldLease(
            LEASE_NAME, clock=clock, duration=LEASE_DURATION
        ).acquire()  # as another process would
        return await STEPS["originals"](this)

    with pytest.raises(LeaseLost):
        await clean_up(later(ctx, clock).services, steps={"originals": slow})
    assert await keys(ctx) == set(orphans)
    with pytest.raises(LeaseTaken):  # the other process still holds it
        await clean_up(later(ctx, clock).services)


async def test_a_failing_step_does_not_stop_the_others(
    ctx: Context, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(this: CleanupRun) -> StorageTotals:
        raise PermissionError("not here")

    await put(ctx, f"originals/{new_image_id(ctx)}.jpg", hours_ago=2)
    report = await clean_up_if_due(ctx.services, steps={"originals": broken, "others": STEPS["originals"]})
    assert report
    assert [str(failure) for failure in report.failed.values()] == ["not here"]
    assert report.removed == {"others": StorageTotals(1, 5)}
    assert caplog.text.count("the sweep of originals failed") == 1


async def test_cleanups_run_a_minute_after_the_start_and_then_hourly(ctx: Context) -> None:
    clock, slept, completed = ShiftedClock(), list[float](), list[object]()

    async def sleep(seconds: float) -> None:
        completed.append(await last_completed(LEASE_NAME))
        slept.append(seconds)
        clock.ahead += timedelta(seconds=seconds)
        if len(slept) == 4:
            raise StopAsyncIteration

    with pytest.raises(StopAsyncIteration):
        await run(later(ctx, clock).services, sleep=sleep, jitter=lambda low, high: high)
    assert slept == pytest.approx([60, 3960, 3960, 3960])
    assert completed[0] is None
    assert len(set(completed)) == 4


async def test_memory_does_not_grow_with_the_number_of_objects(ctx: Context) -> None:
    image = await upload(ctx, sample_images.jpeg(64, 48))
    folder = ctx.services.settings.data_dir / "storage" / "variants"
    for image_id in (image.id, new_image_id(ctx)):
        (folder / image_id).mkdir(parents=True)
        for number in range(8_000):
            path = folder / image_id / f"{number:040}.webp"
            path.touch()
            os.utime(path, (number, number))
    tracemalloc.start()
    try:
        await dry_run(ctx.services)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3_000_000
    assert (await clean_up(ctx.services)).removed["variants"].count == 8_000
