"""Disk storage beyond the contract: crashes, full disks, symbolic links, permissions."""

import asyncio
import errno
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.errors import OutOfStorage
from app.storage import DiskStorage, InvalidKey

WRITER = """
import asyncio, sys
from pathlib import Path
from app.storage import DiskStorage

async def main():
    storage = DiskStorage(Path(sys.argv[1]))
    data = [bytes([n]) * 3_000_000 for n in range(8)]
    print("ready", flush=True)
    turn = 0
    while True:
        turn += 1
        await asyncio.gather(*(storage.put(f"originals/{turn % 3}-{n}", data[n]) for n in range(4)))
        source = storage.incoming / "received"
        source.write_bytes(data[7])
        await storage.put("originals/moved", source)
        print(turn, flush=True)

asyncio.run(main())
"""

FILL_DISK = """
import asyncio, os, sys
from pathlib import Path
from app.errors import OutOfStorage
from app.storage import DiskStorage

async def main():
    root = Path(sys.argv[1])
    storage = DiskStorage(root)
    await storage.put("originals/kept", b"k" * 100_000)
    await storage.put("variants/img_1/a", b"v" * 1000)
    received = storage.incoming / "received"
    received.write_bytes(b"r" * 100_000)
    try:
        await storage.put("originals/large", b"x" * 2_000_000)
    except OutOfStorage as error:
        print(error)
    assert await storage.stat("originals/large") is None
    assert os.listdir(storage.incoming) == ["received"]
    filled = root / "filler"
    with filled.open("wb", buffering=0) as file:
        try:
            while file.write(b"f" * 512):
                pass
        except OSError:
            pass
    assert await storage.free() == 0
    await storage.put("originals/moved", received)  # needs no space
    assert len(await storage.read("originals/moved")) == 100_000
    assert await storage.delete_under("variants") == 1
    assert await storage.delete("originals/kept")
    assert await storage.free() >= 100_000
    print("done")

asyncio.run(main())
"""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting a file system needs more privileges")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.fixture
def file_operations() -> Iterator[set[tuple[str, int]]]:
    """The file operations during the test, as (audit event, thread id)."""
    operations: set[tuple[str, int]] = set()
    enabled = True

    def hook(event: str, args: object) -> None:
        if enabled and (event == "open" or event.startswith(("os.", "shutil."))):
            operations.add((event, threading.get_ident()))

    sys.addaudithook(hook)  # audit hooks can't be removed
    yield operations
    enabled = False


@contextmanager
def limited_file_size(size: int) -> Iterator[None]:
    """Limit the files of this process to `size` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def python(code: str, *args: object) -> list[str]:
    return [sys.executable, "-W", "error", "-c", code, *map(str, args)]


def test_a_killed_process_leaves_only_complete_objects(tmp_path: Path) -> None:
    root = tmp_path / "storage"
    total = 0
    for turn in range(12):
        writer = subprocess.Popen(python(WRITER, root), stdout=subprocess.PIPE, text=True)
        assert writer.stdout
        for _ in range(1 + turn % 3):
            assert writer.stdout.readline()
        with pytest.raises(subprocess.TimeoutExpired):
            writer.wait(timeout=turn * 0.003)
        writer.kill()
        acknowledged = writer.communicate()[0].split()
        objects = list((root / "originals").glob("*")) if (root / "originals").exists() else []
        for path in objects:
            data = path.read_bytes()
            assert len(data) == 3_000_000
            assert len(set(data)) == 1
        assert not acknowledged or len(objects) >= 5
        total += len(objects)
    assert total


def kill_while_writing(root: Path) -> None:
    writer = subprocess.Popen(python(WRITER, root), stdout=subprocess.PIPE)
    while not any((root / "tmp").iterdir()):
        assert writer.poll() is None
    writer.kill()
    writer.communicate()


async def test_files_left_by_a_killed_process_are_cleared(disk: DiskStorage) -> None:
    kill_while_writing(disk.root)
    (disk.incoming / "deleted-half" / "deep").mkdir(parents=True)
    (disk.incoming / "deleted-half" / "deep" / "variant").write_bytes(b"x")
    count = len(list(disk.incoming.iterdir()))
    cleared = await disk.clear_incoming(datetime.now(UTC) + timedelta(seconds=1))
    assert cleared.count == count
    assert cleared.size > 0
    assert list(disk.incoming.iterdir()) == []


def test_a_full_disk_rejects_puts_and_still_deletes(small_disk: Path) -> None:
    run = subprocess.run(python(FILL_DISK, small_disk / "s"), capture_output=True, text=True, check=False)
    assert run.stdout.splitlines() == ["Not enough storage for this file: The disk is full", "done"], (
        run.stderr
    )


async def test_a_source_on_another_disk_is_copied_and_removed(disk: DiskStorage, small_disk: Path) -> None:
    source = small_disk / "received"
    source.write_bytes(b"x" * 300_000)
    await disk.put("originals/a", source)
    assert await disk.read("originals/a") == b"x" * 300_000
    assert not source.exists()
    assert list(disk.incoming.iterdir()) == []


async def test_a_failed_write_leaves_nothing(disk: DiskStorage) -> None:
    with limited_file_size(100_000), pytest.raises(OSError, match="File too large") as caught:
        await disk.put("originals/a", b"x" * 200_000)
    assert caught.value.errno == errno.EFBIG
    assert await disk.stat("originals/a") is None
    assert list(disk.incoming.iterdir()) == []


async def test_a_full_device_is_out_of_storage(disk: DiskStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutOfStorage):
        await disk.put("originals/a", b"x")
    assert await disk.stat("originals/a") is None
    assert list(disk.incoming.iterdir()) == []


async def test_the_file_is_synced_before_its_rename_and_folders_after(
    disk: DiskStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    target = disk.root / "variants" / "img_1" / "a"
    fsync = os.fsync

    def record(descriptor: int) -> None:
        name = Path(f"/proc/self/fd/{descriptor}").readlink()
        steps.append(f"{name.name.split('-')[0]}{' (renamed)' if target.exists() else ''}")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", record)
    await disk.put("variants/img_1/a", b"x")
    assert steps == ["put", "img_1 (renamed)", "variants (renamed)", "storage (renamed)"]
    steps.clear()
    await disk.delete("variants/img_1/a")
    assert steps == ["storage"]


async def test_files_and_folders_are_private(disk: DiskStorage) -> None:
    before = os.umask(0)
    try:
        source = disk.incoming / "received"
        source.write_bytes(b"x")
        await disk.put("originals/moved", source)
        await disk.put("variants/img_1/a", b"x")
    finally:
        os.umask(before)
    modes = {path.stat().st_mode & 0o777 for path in disk.root.rglob("*") if path.is_file()}
    assert modes == {0o600}
    assert {path.stat().st_mode & 0o777 for path in disk.root.rglob("*") if path.is_dir()} == {0o700}


async def test_empty_folders_are_removed(disk: DiskStorage) -> None:
    for key in ("variants/img_1/a", "variants/img_1/b", "variants/img_2/a"):
        await disk.put(key, b"x")
    await disk.delete("variants/img_1/a")
    assert (disk.root / "variants" / "img_1").exists()
    await disk.delete("variants/img_1/b")
    assert not (disk.root / "variants" / "img_1").exists()
    await disk.delete_under("variants/img_2")
    assert [path.name for path in disk.root.iterdir()] == ["tmp"]


@pytest.mark.parametrize("key", ["link", "link/secret", "originals/link", "originals/link/secret"])
async def test_a_symbolic_link_is_not_followed(disk: DiskStorage, tmp_path: Path, key: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"s")
    await disk.put("originals/a", b"x")
    for link in (disk.root / "link", disk.root / "originals" / "link"):
        link.symlink_to(outside if "secret" in key else outside / "secret")
    for operation in (disk.read, disk.stat, disk.delete, disk.delete_under):
        with pytest.raises(InvalidKey):
            await operation(key)
    with pytest.raises(InvalidKey):
        await disk.put(key, b"new")
    with pytest.raises(InvalidKey):
        async with disk.open(key):
            pass
    assert [found async for found, _ in disk.list()] == ["originals/a"]
    assert (outside / "secret").read_bytes() == b"s"


async def test_a_symbolic_link_is_rejected_as_a_source(disk: DiskStorage, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"s")
    link = disk.incoming / "received"
    link.symlink_to(tmp_path / "secret")
    with pytest.raises(OSError, match="symbolic links"):
        await disk.put("originals/a", link)
    assert (tmp_path / "secret").read_bytes() == b"s"


async def test_foreign_files_are_not_listed(disk: DiskStorage) -> None:
    await disk.put("originals/a", b"x")
    (disk.root / "originals" / ".DS_Store").write_bytes(b"x")
    (disk.root / "lost & found").mkdir()
    os.mkfifo(disk.root / "originals" / "pipe")
    assert [key async for key, _ in disk.list()] == ["originals/a"]


async def test_a_root_that_vanishes_is_not_recreated(disk: DiskStorage) -> None:
    disk.root.rename(disk.root.with_name("unmounted"))
    with pytest.raises(FileNotFoundError):
        await disk.put("originals/a", b"x")
    assert not disk.root.exists()


async def test_an_abandoned_list_leaves_nothing_open(disk: DiskStorage) -> None:
    await asyncio.gather(*(disk.put(f"originals/{n}", b"") for n in range(5)))
    objects = disk.list()
    assert await anext(objects)
    await objects.aclose()  # type: ignore[attr-defined]


async def test_reading_a_folder_leaks_no_descriptor(disk: DiskStorage) -> None:
    await disk.put("originals/a", b"x")
    before = open_files()
    for _ in range(20):
        assert await disk.stat("originals") is None
        with pytest.raises(Exception, match="originals"):
            await disk.read("originals")
    assert open_files() <= before


async def test_no_file_operation_runs_on_the_event_loop(
    disk: DiskStorage, file_operations: set[tuple[str, int]]
) -> None:
    source = disk.incoming / "received"
    source.write_bytes(b"x")
    file_operations.clear()
    await disk.put("variants/img_1/a", source)
    await disk.put("variants/img_1/b", b"x")
    await disk.read("variants/img_1/a")
    async with disk.open("variants/img_1/a", 0, 1) as stored:
        assert [chunk async for chunk in stored.chunks] == [b"x"]
    assert len([key async for key, _ in disk.list()]) == 2
    await disk.touch("variants/img_1/a")
    await disk.delete("variants/img_1/a")
    await disk.delete_stale(["variants/img_1/b"], datetime.now(UTC) - timedelta(days=1))
    await disk.delete_under("variants")
    await disk.clear_incoming(datetime.now(UTC))
    assert {event for event, _ in file_operations} >= {
        "open",
        "os.rename",
        "os.remove",
        "os.mkdir",
        "os.scandir",
        "os.utime",
    }
    assert threading.get_ident() not in {thread for _, thread in file_operations}
