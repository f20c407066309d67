"""Local copies of remote objects: fetched once, complete, bounded in size, and dropped soon after a deletion."""

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


class RemoteFolder(DiskStorage):
    """A folder that counts requests, and can be unreachable or end early."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.opened = self.checked = 0
        self.is_down = self.ends_early = False

    @asynccontextmanager
    async def open(self, key: str, start: int = 0, stop: int | None = None) -> AsyncIterator[StoredObject]:
        self._check_reachable()
        self.opened += 1
        async with super().open(key, start, 2 if self.ends_early else stop) as stored:
            await asyncio.sleep(0.01)
            yield stored

    async def stat(self, key: str) -> Stat | None:
        self._check_reachable()
        self.checked += 1
        return await super().stat(key)

    def _check_reachable(self) -> None:
        if self.is_down:
            raise StorageUnreachable


class Clock:
    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return now() + self.ahead


@pytest.fixture
def remote(tmp_path: Path) -> RemoteFolder:
    return RemoteFolder(tmp_path / "remote")


@pytest.fixture
def clock() -> Clock:
    return Clock()


def on_machine(folder: Path, remote: RemoteFolder, clock: Clock, *, size: int = 1_000_000) -> CachedStorage:
    return CachedStorage(remote, DiskStorage(folder), size=size, clock=clock)


@pytest.fixture
def cached(tmp_path: Path, remote: RemoteFolder, clock: Clock) -> CachedStorage:
    return on_machine(tmp_path / "local", remote, clock)


def copies(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in (folder / "variants").rglob("*") if p.is_file())


async def test_concurrent_readers_fetch_a_missing_copy_once(
    cached: CachedStorage, remote: RemoteFolder
) -> None:
    await remote.put(KEY, b"12345")
    assert await asyncio.gather(*(cached.read(KEY) for _ in range(20))) == [b"12345"] * 20
    async with cached.as_file(KEY) as path:
        assert path.read_bytes() == b"12345"
    assert remote.opened == 1


async def test_processes_of_a_machine_fetch_a_missing_copy_once(
    tmp_path: Path, remote: RemoteFolder, clock: Clock
) -> None:
    await remote.put(KEY, b"12345")
    processes = [on_machine(tmp_path / "local", remote, clock) for _ in range(4)]
    assert await asyncio.gather(*(each.read(KEY) for each in processes)) == [b"12345"] * 4
    assert remote.opened == 1


async def test_an_object_put_here_is_not_fetched(cached: CachedStorage, remote: RemoteFolder) -> None:
    source = cached.incoming / "received"
    source.write_bytes(b"12345")
    await cached.put(KEY, source)
    assert await cached.stat(KEY) is not None
    assert await cached.read(KEY) == b"12345"
    assert (remote.opened, remote.checked) == (0, 0)
    assert list(cached.incoming.iterdir()) == []


async def test_an_incomplete_download_is_never_returned(
    cached: CachedStorage, remote: RemoteFolder, tmp_path: Path
) -> None:
    await remote.put(KEY, b"12345")
    remote.ends_early = True
    with pytest.raises(OSError, match="ended after 2 of 5 bytes"):
        async with cached.as_file(KEY):
            pass
    remote.ends_early = False
    assert await cached.read(KEY) == b"12345"
    assert list(cached.incoming.iterdir()) == []


async def test_the_least_recently_used_copies_are_evicted(
    tmp_path: Path, remote: RemoteFolder, clock: Clock
) -> None:
    cached = on_machine(tmp_path / "local", remote, clock, size=1000)
    for n in range(10):
        clock.ahead += timedelta(minutes=20)
        await cached.put(f"variants/img_{n}/a", b"x" * 100)
    clock.ahead += timedelta(minutes=20)
    assert await cached.stat("variants/img_0/a") is not None  # used again
    await cached.put("variants/img_10/a", b"x" * 150)
    await cached.trim()
    remaining = copies(tmp_path / "local")
    assert "variants/img_0/a" in remaining
    assert "variants/img_1/a" not in remaining
    assert len(remaining) == 8
    assert await cached.read("variants/img_1/a") == b"x" * 100


async def test_puts_keep_the_folder_within_its_size(
    tmp_path: Path, remote: RemoteFolder, clock: Clock
) -> None:
    cached = on_machine(tmp_path / "local", remote, clock, size=10_000)
    for n in range(60):
        await cached.put(f"variants/img_{n}/a", b"x" * 1000)
        size = sum(p.stat().st_size for p in (tmp_path / "local" / "variants").rglob("a"))
        assert size <= 10_000 + 10_000 // 20 + 1000
    assert len(copies(tmp_path / "local")) >= 8


async def test_a_copy_unused_for_a_day_is_evicted(
    cached: CachedStorage, tmp_path: Path, clock: Clock
) -> None:
    await cached.put(KEY, b"12345")
    clock.ahead = MAX_UNUSED_AGE + timedelta(minutes=2)
    assert (await cached.trim()).count == 1
    assert list((tmp_path / "local" / "variants").iterdir()) == []


async def test_a_deletion_by_another_machine_is_noticed(
    tmp_path: Path, remote: RemoteFolder, clock: Clock
) -> None:
    one, two = (on_machine(tmp_path / name, remote, clock) for name in ("one", "two"))
    await one.put(KEY, b"12345")
    assert await two.read(KEY) == b"12345"
    await one.delete_under("variants/img_1")
    assert await one.stat(KEY) is None
    with pytest.raises(ObjectMissing):
        await one.read(KEY)
    clock.ahead = REVALIDATE_AFTER + timedelta(seconds=1)
    assert await two.stat(KEY) is None
    assert copies(tmp_path / "two") == []


async def test_a_valid_copy_is_revalidated_at_intervals(
    cached: CachedStorage, remote: RemoteFolder, clock: Clock
) -> None:
    await cached.put(KEY, b"12345")
    for _ in range(3):
        clock.ahead += REVALIDATE_AFTER + timedelta(seconds=1)
        for _ in range(5):
            assert await cached.stat(KEY) is not None
    assert remote.checked == 3


async def test_copies_are_served_while_the_remote_is_unreachable(
    cached: CachedStorage, remote: RemoteFolder, clock: Clock
) -> None:
    await cached.put(KEY, b"12345")
    remote.is_down = True
    clock.ahead = 2 * REVALIDATE_AFTER
    assert await cached.stat(KEY) is not None
    assert await cached.read(KEY) == b"12345"
    with pytest.raises(StorageUnreachable):
        await cached.read("variants/img_2/b")


async def test_a_file_being_read_outlives_its_copy(
    tmp_path: Path, remote: RemoteFolder, clock: Clock
) -> None:
    cached = on_machine(tmp_path / "local", remote, clock)
    await cached.put(KEY, b"12345")
    async with cached.as_file(KEY) as path:
        clock.ahead = 2 * MAX_UNUSED_AGE
        await cached.trim()
        assert path.read_bytes() == b"12345"
    assert list(cached.incoming.iterdir()) == []


async def test_a_restart_of_the_machine_deletes_the_copies(
    tmp_path: Path, remote: RemoteFolder, clock: Clock
) -> None:
    cached = on_machine(tmp_path / "local", remote, clock)
    await cached.put(KEY, b"12345")
    on_machine(tmp_path / "local", remote, clock)  # a restart of the process only
    assert copies(tmp_path / "local") == ["variants/img_1/a.webp"]
    (tmp_path / "local" / ".boot").write_text("another start")
    assert await on_machine(tmp_path / "local", remote, clock).read(KEY) == b"12345"
    assert remote.opened == 1


async def test_without_a_writable_folder_objects_are_read_remotely(
    cached: CachedStorage, remote: RemoteFolder
) -> None:
    await remote.put(KEY, b"12345")
    shutil.rmtree(cached.incoming)
    assert await cached.read(KEY) == b"12345"
    async with cached.open(KEY, 1, 3) as stored:
        assert b"".join([chunk async for chunk in stored.chunks]) == b"23"


async def test_a_touch_updates_both_sides(cached: CachedStorage, remote: RemoteFolder) -> None:
    await cached.put(KEY, b"12345")
    os.utime(remote.root / KEY, (0, 0))
    await cached.touch(KEY)
    local, distant = await cached.stat(KEY), await remote.stat(KEY)
    assert local
    assert distant
    assert local.modified_at.year == distant.modified_at.year > 2000
