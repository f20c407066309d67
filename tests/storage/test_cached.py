"""Copies of what lies far: fetched once, bounded, never in part, never for long after a deletion."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from app.errors import StorageUnreachable
from app.storage import DiskStorage, ObjectMissing, Stat, StoredObject
from app.storage.cached import MAX_UNUSED_AGE, REVALIDATE_AFTER, CachedStorage
from tests.storage.conftest import now

KEY = "variants/img_1/a.webp"


class Far(DiskStorage):
    """A folder that counts how often it is asked, and can be out of reach, or break off."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.opened = self.looked = 0
        self.down = self.breaks = False

    @asynccontextmanager
    async def open(self, key: str, start: int = 0, stop: int | None = None) -> AsyncIterator[StoredObject]:
        self._ask()
        self.opened += 1
        async with super().open(key, start, 2 if self.breaks else stop) as stored:
            await asyncio.sleep(0.01)
            yield stored

    async def stat(self, key: str) -> Stat | None:
        self._ask()
        self.looked += 1
        return await super().stat(key)

    def _ask(self) -> None:
        if self.down:
            raise StorageUnreachable


class Clock:
    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return now() + self.ahead


@pytest.fixture
def far(tmp_path: Path) -> Far:
    return Far(tmp_path / "far")


@pytest.fixture
def clock() -> Clock:
    return Clock()


def machine(folder: Path, far: Far, clock: Clock, *, size: int = 1_000_000) -> CachedStorage:
    return CachedStorage(far, DiskStorage(folder), size=size, clock=clock)


@pytest.fixture
def cached(tmp_path: Path, far: Far, clock: Clock) -> CachedStorage:
    return machine(tmp_path / "near", far, clock)


def copies(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in (folder / "variants").rglob("*") if p.is_file())


async def test_those_who_want_a_missing_copy_at_once_fetch_it_once(cached: CachedStorage, far: Far) -> None:
    await far.put(KEY, b"12345")
    assert await asyncio.gather(*(cached.read(KEY) for _ in range(20))) == [b"12345"] * 20
    async with cached.as_file(KEY) as path:
        assert path.read_bytes() == b"12345"
    assert far.opened == 1


async def test_so_do_the_processes_of_a_machine(tmp_path: Path, far: Far, clock: Clock) -> None:
    await far.put(KEY, b"12345")
    processes = [machine(tmp_path / "near", far, clock) for _ in range(4)]
    assert await asyncio.gather(*(each.read(KEY) for each in processes)) == [b"12345"] * 4
    assert far.opened == 1


async def test_what_was_put_here_is_not_fetched(cached: CachedStorage, far: Far) -> None:
    source = cached.incoming / "received"
    source.write_bytes(b"12345")
    await cached.put(KEY, source)
    assert await cached.stat(KEY) is not None
    assert await cached.read(KEY) == b"12345"
    assert (far.opened, far.looked) == (0, 0)
    assert list(cached.incoming.iterdir()) == []


async def test_what_breaks_off_is_never_shown(cached: CachedStorage, far: Far, tmp_path: Path) -> None:
    await far.put(KEY, b"12345")
    far.breaks = True
    with pytest.raises(OSError, match="ended after 2 of 5 bytes"):
        async with cached.as_file(KEY):
            pass
    far.breaks = False
    assert await cached.read(KEY) == b"12345"
    assert list(cached.incoming.iterdir()) == []


async def test_the_least_recently_used_go_over_the_size(tmp_path: Path, far: Far, clock: Clock) -> None:
    cached = machine(tmp_path / "near", far, clock, size=1000)
    for n in range(10):
        clock.ahead += timedelta(minutes=20)
        await cached.put(f"variants/img_{n}/a", b"x" * 100)
    clock.ahead += timedelta(minutes=20)
    assert await cached.stat("variants/img_0/a") is not None  # used again
    await cached.put("variants/img_10/a", b"x" * 150)
    await cached.trim()
    left = copies(tmp_path / "near")
    assert "variants/img_0/a" in left
    assert "variants/img_1/a" not in left
    assert len(left) == 8
    assert await cached.read("variants/img_1/a") == b"x" * 100


async def test_the_folder_stays_small_without_being_told(tmp_path: Path, far: Far, clock: Clock) -> None:
    cached = machine(tmp_path / "near", far, clock, size=10_000)
    for n in range(60):
        await cached.put(f"variants/img_{n}/a", b"x" * 1000)
        size = sum(p.stat().st_size for p in (tmp_path / "near" / "variants").rglob("a"))
        assert size <= 10_000 + 10_000 // 20 + 1000
    assert len(copies(tmp_path / "near")) >= 8


async def test_what_nobody_used_for_a_day_goes(cached: CachedStorage, tmp_path: Path, clock: Clock) -> None:
    await cached.put(KEY, b"12345")
    clock.ahead = MAX_UNUSED_AGE + timedelta(minutes=2)
    assert (await cached.trim()).count == 1
    assert list((tmp_path / "near" / "variants").iterdir()) == []


async def test_what_another_machine_deleted_is_not_found_for_long(
    tmp_path: Path, far: Far, clock: Clock
) -> None:
    one, two = (machine(tmp_path / name, far, clock) for name in ("one", "two"))
    await one.put(KEY, b"12345")
    assert await two.read(KEY) == b"12345"
    await one.delete_under("variants/img_1")
    assert await one.stat(KEY) is None
    with pytest.raises(ObjectMissing):
        await one.read(KEY)
    clock.ahead = REVALIDATE_AFTER + timedelta(seconds=1)
    assert await two.stat(KEY) is None
    assert copies(tmp_path / "two") == []


async def test_a_copy_that_holds_is_compared_once_in_a_while(
    cached: CachedStorage, far: Far, clock: Clock
) -> None:
    await cached.put(KEY, b"12345")
    for _ in range(3):
        clock.ahead += REVALIDATE_AFTER + timedelta(seconds=1)
        for _ in range(5):
            assert await cached.stat(KEY) is not None
    assert far.looked == 3


async def test_copies_are_there_while_what_is_far_is_not(
    cached: CachedStorage, far: Far, clock: Clock
) -> None:
    await cached.put(KEY, b"12345")
    far.down = True
    clock.ahead = 2 * REVALIDATE_AFTER
    assert await cached.stat(KEY) is not None
    assert await cached.read(KEY) == b"12345"
    with pytest.raises(StorageUnreachable):
        await cached.read("variants/img_2/b")


async def test_a_file_to_read_outlives_its_copy(tmp_path: Path, far: Far, clock: Clock) -> None:
    cached = machine(tmp_path / "near", far, clock)
    await cached.put(KEY, b"12345")
    async with cached.as_file(KEY) as path:
        clock.ahead = 2 * MAX_UNUSED_AGE
        await cached.trim()
        assert path.read_bytes() == b"12345"
    assert list(cached.incoming.iterdir()) == []


async def test_a_restart_of_the_machine_empties_it(tmp_path: Path, far: Far, clock: Clock) -> None:
    cached = machine(tmp_path / "near", far, clock)
    await cached.put(KEY, b"12345")
    machine(tmp_path / "near", far, clock)  # of the process alone
    assert copies(tmp_path / "near") == ["variants/img_1/a.webp"]
    (tmp_path / "near" / ".boot").write_text("another start")
    assert await machine(tmp_path / "near", far, clock).read(KEY) == b"12345"
    assert far.opened == 1


async def test_where_no_copy_can_be_written_it_is_read_from_afar(cached: CachedStorage, far: Far) -> None:
    await far.put(KEY, b"12345")
    shutil.rmtree(cached.incoming)
    assert await cached.read(KEY) == b"12345"
    async with cached.open(KEY, 1, 3) as stored:
        assert b"".join([chunk async for chunk in stored.chunks]) == b"23"


async def test_a_touch_is_seen_here_too(cached: CachedStorage, far: Far) -> None:
    await cached.put(KEY, b"12345")
    os.utime(far.root / KEY, (0, 0))
    await cached.touch(KEY)
    here, there = await cached.stat(KEY), await far.stat(KEY)
    assert here
    assert there
    assert here.modified_at.year == there.modified_at.year > 2000
