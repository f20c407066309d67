"""Remote storage with a local cache of its objects.

Objects are immutable, so a copy is never wrong, only possibly deleted remotely. Guarantees:

* A copy is served for `REVALIDATE_AFTER` after its last validation, then only if the object still exists. * A copy
unused for `MAX_UNUSED_AGE` is removed within `TRIM_INTERVAL`, while a process of this machine runs, and so are the
least recently used copies over the size. A process may write `1 / MAX_OBJECT_FRACTION` of the size before it
checks. * Deletions through this machine take effect here at once. After deletions by other machines, a holder of
the key may find a copy for `REVALIDATE_AFTER`; images without a row are not served. * A file is renamed into place
when it is complete. Files that a power cut may have emptied are never read: a restart of the machine empties the
cache.

A file's access time is its last validation, its modification time that of the remote object.
"""

import asyncio
import os
import secrets
import shutil
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from stat import S_ISREG
from typing import TypeVar

from app.cancellation import in_thread, shield_until_done
from app.coordination.file_lock import LockTimeout, file_lock
from app.coordination.single_flight import SingleFlight
from app.errors import OutOfStorage, StorageUnreachable
from app.storage.base import (
    INTERNAL_FOLDER,
    ObjectMissing,
    Stat,
    Storage,
    StorageTotals,
    StoredObject,
    check_key,
)
from app.storage.disk import DiskStorage
from app.storage.downloads import download

T = TypeVar("T")

REVALIDATE_AFTER = timedelta(minutes=10)
MAX_UNUSED_AGE = timedelta(days=1)
TRIM_INTERVAL = timedelta(hours=1)
FIRST_TRIM_SECONDS = 60.0
"""Delay of the first trim, so that it does not slow down the first requests."""
MAX_OBJECT_FRACTION = 20
"""A process checks the size after writing this fraction (1/20) of it."""
TRIM_TARGET = 0.9
"""Share of the size to keep when it was exceeded."""
BACKOFF = timedelta(seconds=10)
"""Time without validation after the remote storage did not respond."""
MAX_ATTEMPTS = 3
LOCK_FILES = 256
LOCK_TIMEOUT_SECONDS = 10.0
"""Time to wait for another process of this machine that fetches the same object."""
MINUTE_SECONDS = 60

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class CachedStorage:
    """`remote`, with copies of up to `size` bytes in `local`. Safe for several processes."""

    def __init__(
        self, remote: Storage, local: DiskStorage, *, size: int, clock: Callable[[], datetime]
    ) -> None:
        self.incoming = local.incoming
        self.touch_after = remote.touch_after
        self._remote = remote
        self._local = local
        self._size = size
        self._clock = clock
        self._fetches: SingleFlight[None] = SingleFlight()
        self._written = 0
        self._quiet_until = datetime.fromtimestamp(0, UTC)
        _forget_before_restart(local.root)
        self._locks = local.incoming.with_name(".locks")  # begins with a dot, as no key does
        self._locks.mkdir(mode=0o700, exist_ok=True)

    async def put(self, key: str, source: Path | bytes, *, durable: bool = True) -> None:
        check_key(key)
        await shield_until_done(self._put(key, source, durable=durable))

    def local_path(self, key: str) -> Path | None:
        check_key(key)
        return None

    async def read(self, key: str) -> bytes:
        return await self._open_copy(key, lambda: self._local.read(key), lambda: self._remote.read(key))

    @asynccontextmanager
    async def open(self, key: str, start: int = 0, stop: int | None = None) -> AsyncIterator[StoredObject]:
        async with AsyncExitStack() as held:
            yield await self._open_copy(
                key,
                lambda: held.enter_async_context(self._local.open(key, start, stop)),
                lambda: held.enter_async_context(self._remote.open(key, start, stop)),
            )

    @asynccontextmanager
    async def as_file(self, key: str) -> AsyncIterator[Path]:
        """A separate name: the copy may be evicted while it is read."""
        path = self.incoming / f"read-{secrets.token_hex(16)}"
        try:
            await self._open_copy(
                key, lambda: in_thread(self._link, key, path), lambda: download(self._remote, key, path)
            )
            yield path
        finally:
            path.unlink(missing_ok=True)

    async def stat(self, key: str) -> Stat | None:
        check_key(key)
        copy = await in_thread(self._copy, key)
        if copy is not None and self._is_fresh(copy):
            return _stat(copy)
        try:
            found = await self._remote.stat(key)
        except StorageUnreachable:
            if copy is None:
                raise
            self._quiet_until = self._clock() + BACKOFF
            return _stat(copy)
        if copy is not None:
            await in_thread(self._revalidated, key, found)
        return found

    async def touch(self, key: str) -> None:
        await self._remote.touch(key)
        await in_thread(self._touch_copy, key)

    async def delete(self, key: str) -> bool:
        check_key(key)
        return await shield_until_done(self._dropping([key], self._remote.delete(key)))

    async def delete_under(self, prefix: str) -> int:
        removed = await self._remote.delete_under(prefix)
        await self._local.delete_under(prefix)
        return removed

    async def delete_stale(self, keys: Sequence[str], before: datetime) -> StorageTotals:
        for key in keys:
            check_key(key)
        return await shield_until_done(self._dropping(keys, self._remote.delete_stale(keys, before)))

    def list(self, prefix: str = "") -> AsyncIterator[tuple[str, Stat]]:
        return self._remote.list(prefix)

    async def free(self) -> int | None:
        return await self._local.free()

    def signed_url(self, key: str, *, expires_in: timedelta, headers: Mapping[str, str]) -> str | None:
        return self._remote.signed_url(key, expires_in=expires_in, headers=headers)

    async def clear_incoming(self, before: datetime, *, dry_run: bool = False) -> StorageTotals:
        return await self._local.clear_incoming(before, dry_run=dry_run)

    async def maintain(self) -> None:
        await asyncio.sleep(FIRST_TRIM_SECONDS)
        while True:
            with suppress(OSError):
                await self.trim()
                await self.clear_incoming(
                    self._clock() - MAX_UNUSED_AGE
                )  # the cleanup may run on another machine
            await asyncio.sleep(TRIM_INTERVAL.total_seconds())

    async def trim(self) -> StorageTotals:
        """Remove unused copies, and the least recently used ones over the size. Return their totals.

        Does nothing while another process trims.
        """
        self._written = 0
        try:
            async with file_lock(self._locks / "trim", timeout=0):
                return await in_thread(self._trim)
        except LockTimeout:
            return StorageTotals()

    async def _put(self, key: str, source: Path | bytes, *, durable: bool) -> None:
        copy = self.incoming / f"copy-{secrets.token_hex(16)}"
        if isinstance(source, Path):
            with suppress(OSError):  # another disk: fetched on demand
                os.link(source, copy)
        try:
            await self._remote.put(key, source, durable=durable)
            await self._store_copy(key, copy if isinstance(source, Path) else source)
        finally:
            copy.unlink(missing_ok=True)

    async def _store_copy(self, key: str, source: Path | bytes) -> None:
        """Store a copy of what was put, or at least remove an earlier one."""
        try:
            size = len(source) if isinstance(source, bytes) else (await in_thread(source.stat)).st_size
            await self._local.put(key, source, durable=False)
            await in_thread(self._touch_copy, key)
        except (OSError, OutOfStorage):
            await in_thread(self._drop, [key])
        else:
            await self._count_bytes(size)

    async def _open_copy(
        self, key: str, from_copy: Callable[[], Awaitable[T]], from_far: Callable[[], Awaitable[T]]
    ) -> T:
        """Open the copy, fetching it if needed; or the remote object, if no copy can be stored."""
        check_key(key)
        for _ in range(MAX_ATTEMPTS):
            with suppress(ObjectMissing, FileNotFoundError):
                return await from_copy()
            try:
                await shield_until_done(self._fetches.do(key, lambda: self._fetch(key)))
            except StorageUnreachable:
                raise
            except (OSError, OutOfStorage):
                break
        return await from_far()

    async def _fetch(self, key: str) -> None:
        lock = self._locks / f"{zlib.crc32(key.encode()) % LOCK_FILES:02x}"
        try:
            async with file_lock(lock, timeout=LOCK_TIMEOUT_SECONDS) as waited:
                if waited and await self._local.stat(key) is not None:
                    return
                await self._fetch_now(key)
        except LockTimeout:
            await self._fetch_now(key)

    async def _fetch_now(self, key: str) -> None:
        path = self.incoming / f"fetch-{secrets.token_hex(16)}"
        try:
            found = await download(self._remote, key, path)
            await self._local.put(key, path, durable=False)
            await in_thread(self._revalidated, key, found)
        finally:
            path.unlink(missing_ok=True)
        await self._count_bytes(found.size)

    async def _count_bytes(self, size: int) -> None:
        self._written += size
        if self._written > self._size // MAX_OBJECT_FRACTION:
            await self.trim()

    async def _dropping(self, keys: Sequence[str], deleting: Awaitable[T]) -> T:
        try:
            return await deleting
        finally:
            await in_thread(self._drop, keys)

    def _is_fresh(self, copy: os.stat_result) -> bool:
        now = self._clock()
        return now.timestamp() - copy.st_atime < REVALIDATE_AFTER.total_seconds() or now < self._quiet_until

    def _copy(self, key: str) -> os.stat_result | None:
        with suppress(FileNotFoundError, NotADirectoryError):
            found = (self._local.root / key).lstat()
            return found if S_ISREG(found.st_mode) else None
        return None

    def _revalidated(self, key: str, found: Stat | None) -> None:
        """Record the validation of a copy, removing it if the object is gone."""
        if found is None:
            self._drop([key])
            return
        with suppress(FileNotFoundError):
            times = (self._clock().timestamp(), found.modified_at.timestamp())
            os.utime(self._local.root / key, times, follow_symlinks=False)

    def _touch_copy(self, key: str) -> None:
        now = self._clock().timestamp()
        with suppress(FileNotFoundError, NotADirectoryError):
            os.utime(self._local.root / key, (now, now), follow_symlinks=False)

    def _link(self, key: str, path: Path) -> None:
        copy = self._local.root / key
        if not copy.is_file():
            raise FileNotFoundError(copy)
        os.link(copy, path, follow_symlinks=False)

    def _drop(self, keys: Sequence[str]) -> None:
        for key in keys:
            path = self._local.root / key
            with suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
                path.unlink()
            with suppress(OSError):  # not empty
                path.parent.rmdir()

    def _trim(self) -> StorageTotals:
        """Count by minute: exact enough, and few, since copies older than a day are removed anyway."""
        oldest = int((self._clock() - MAX_UNUSED_AGE).timestamp()) // MINUTE_SECONDS
        minutes: Counter[int] = Counter()
        for _, found in self._copies():
            minutes[_minute(found)] += found.st_size
        last, left = _surplus(minutes, self._size)
        removed = StorageTotals()
        for path, found in self._copies():
            minute = _minute(found)
            if minute == last and left > 0:
                left -= found.st_size
            elif minute >= max(oldest, last):
                continue
            with suppress(FileNotFoundError):
                path.unlink()
                removed += StorageTotals(1, found.st_size)
        self._remove_empty_folders()
        return removed

    def _copies(self) -> Iterator[tuple[Path, os.stat_result]]:
        for folder, folders, names in os.walk(self._local.root):
            if folder == str(self._local.root):
                folders[:] = [name for name in folders if name not in {self.incoming.name, self._locks.name}]
                names.clear()
            for name in names:
                path = Path(folder, name)
                with suppress(FileNotFoundError):
                    yield path, path.lstat()

    def _remove_empty_folders(self) -> None:
        for folder, _, _ in os.walk(self._local.root, topdown=False):
            path = Path(folder)
            if path.parent != self._local.root and path not in {self._local.root, self.incoming, self._locks}:
                with suppress(OSError):  # not empty
                    path.rmdir()


def _surplus(minutes: Counter[int], size: int) -> tuple[int, int]:
    """Return the minute up to which copies are removed for `TRIM_TARGET`, and the bytes to remove of that minute."""
    excess = minutes.total() - int(size * TRIM_TARGET)
    if minutes.total() <= size:
        return 0, 0
    for minute in sorted(minutes):
        if minutes[minute] >= excess:
            return minute, excess
        excess -= minutes[minute]
    return 0, 0


def _minute(found: os.stat_result) -> int:
    return int(found.st_atime) // MINUTE_SECONDS


def _stat(found: os.stat_result) -> Stat:
    return Stat(size=found.st_size, modified_at=datetime.fromtimestamp(found.st_mtime, UTC))


def _forget_before_restart(root: Path) -> None:
    """Empty the folder if the machine has restarted since it was filled: files may be incomplete."""
    mark = root / ".boot"
    boot = BOOT_ID.read_text() if BOOT_ID.exists() else secrets.token_hex(16)
    with suppress(FileNotFoundError):
        if mark.read_text() == boot:
            return
    for path in root.iterdir():
        if path.is_dir() and path.name != INTERNAL_FOLDER:
            shutil.rmtree(path, ignore_errors=True)
    temporary = root / f".boot-{secrets.token_hex(8)}"
    temporary.write_text(boot)
    temporary.replace(mark)
