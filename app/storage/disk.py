"""Objects as files in a local folder.

An object is written to a temporary file, synced, and renamed into place, and then the folders are synced: readers
see all of it or nothing, also after a power cut. Files are 0600 and folders 0700. The blocking steps of an
operation run in one thread hop; but the `stat` of a local file runs on the event loop: it takes a tenth of the time
of waking a thread.
"""

import errno
import os
import secrets
import shutil
import stat
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import BinaryIO, ParamSpec, TypeVar

import aiofiles
from aiofiles.threadpool.binary import AsyncBufferedReader

from app.cancellation import in_thread
from app.errors import OutOfStorage
from app.storage.base import (
    INTERNAL_FOLDER,
    InvalidKey,
    ObjectMissing,
    Stat,
    StorageTotals,
    StoredObject,
    check_key,
    is_key,
)

CHUNK_SIZE = 256 * 1024
LIST_BATCH_SIZE = 500
MAX_ATTEMPTS = 1000  # Concurrent deletions may remove a put's folders repeatedly, but not forever.

DISK_FULL_ERRNOS = (errno.ENOSPC, errno.EDQUOT)
ABSENT_ERRORS = (FileNotFoundError, NotADirectoryError, IsADirectoryError)

P = ParamSpec("P")
T = TypeVar("T")


class DiskStorage:
    """Implements `Storage` in the folder `root`, creating it if needed.

    `stat_on_loop` means that it is on the same local disk as the database, so that a file's size can be read
    without waiting. Other folders may be on a network, which can hang.
    """

    touch_after = timedelta(days=1)

    def __init__(self, root: Path, *, stat_on_loop: bool = False) -> None:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.root = root.resolve()
        self._root = str(self.root)
        self._is_near = stat_on_loop
        self.incoming = self.root / INTERNAL_FOLDER
        self.incoming.mkdir(mode=0o700, exist_ok=True)
        fsync_folder(self.root.parent)

    async def put(self, key: str, source: Path | bytes, *, durable: bool = True) -> None:
        await in_thread(self._put, key, source, durable=durable)

    def local_path(self, key: str) -> Path | None:
        check_key(key)
        return self._locate(key) if self._is_near else None

    async def read(self, key: str) -> bytes:
        return await in_thread(self._read, key)

    @asynccontextmanager
    async def open(self, key: str, start: int = 0, stop: int | None = None) -> AsyncIterator[StoredObject]:
        if start < 0 or (stop is not None and stop < 0):
            raise ValueError(f"A range has no negative bounds: {start}, {stop}")
        async with AsyncExitStack() as stack:
            with _missing(key):
                file = await stack.enter_async_context(
                    aiofiles.open(check_key(key), "rb", opener=self._opener)
                )
            found = _stat(os.fstat(file.fileno()))
            end = found.size if stop is None else min(stop, found.size)
            yield StoredObject(found, _chunks(file, start, end))

    @asynccontextmanager
    async def as_file(self, key: str) -> AsyncIterator[Path]:
        if await self.stat(key) is None:
            raise ObjectMissing(key)
        yield self.root / key

    async def stat(self, key: str) -> Stat | None:
        return self._stat(key) if self._is_near else await in_thread(self._stat, key)

    async def touch(self, key: str) -> None:
        await in_thread(self._touch, key)

    async def delete(self, key: str) -> bool:
        return await in_thread(self._delete, key)

    async def delete_under(self, prefix: str) -> int:
        return await in_thread(self._delete_under, prefix)

    async def delete_stale(self, keys: Sequence[str], before: datetime) -> StorageTotals:
        return await in_thread(self._delete_stale, keys, before)

    async def list(self, prefix: str = "") -> AsyncIterator[tuple[str, Stat]]:
        objects = self._objects(prefix)
        while batch := await in_thread(lambda: list(islice(objects, LIST_BATCH_SIZE))):
            for found in batch:
                yield found

    async def free(self) -> int | None:
        return self._free() if self._is_near else await in_thread(self._free)

    def signed_url(self, key: str, *, expires_in: timedelta, headers: Mapping[str, str]) -> str | None:  # noqa: ARG002
        check_key(key)
        return None

    async def maintain(self) -> None:
        return

    async def clear_incoming(self, before: datetime, *, dry_run: bool = False) -> StorageTotals:
        return await in_thread(self._clear_incoming, before, dry_run=dry_run)

    def _free(self) -> int:
        return shutil.disk_usage(self._root).free

    def _put(self, key: str, source: Path | bytes, *, durable: bool) -> None:
        target = self._locate(key)
        with _out_of_storage():
            if isinstance(source, Path):
                self._adopt(source, target, durable=durable)
            else:
                self._write(BytesIO(source), target, durable=durable)

    def _adopt(self, source: Path, target: Path, *, durable: bool) -> None:
        with open(source, "rb", opener=private_opener) as file:
            try:
                _fsync(file, durable=durable)
                self._publish(source, target, durable=durable)
            except OSError as error:
                if error.errno != errno.EXDEV:  # another disk
                    raise
                self._write(file, target, durable=durable)
                source.unlink()

    def _write(self, source: BinaryIO, target: Path, *, durable: bool) -> None:
        temporary = self.incoming / f"put-{secrets.token_hex(16)}"
        try:
            with open(temporary, "xb", opener=private_opener) as file:
                shutil.copyfileobj(source, file, CHUNK_SIZE)
                file.flush()
                _fsync(file, durable=durable)
            self._publish(temporary, target, durable=durable)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    def _publish(self, temporary: Path, target: Path, *, durable: bool) -> None:
        for _ in range(MAX_ATTEMPTS):
            with suppress(FileNotFoundError):  # the folder does not exist yet, or was deleted concurrently
                temporary.replace(target)
                break
            with suppress(FileNotFoundError):  # so was its parent
                self._make_folder(target.parent)
        else:
            raise FileNotFoundError(errno.ENOENT, "The folder of this object does not stay", str(target))
        if durable:
            self._sync(target.parent)

    def _make_folder(self, folder: Path) -> None:
        for step in reversed(self._parents(folder)):
            with suppress(FileExistsError):
                step.mkdir(mode=0o700)

    def _read(self, key: str) -> bytes:
        with _missing(key), open(self._locate(key), "rb", opener=private_opener) as file:
            return file.read()

    def _opener(self, key: str, flags: int) -> int:
        """Return the opener, resolving the path in the thread that opens the file."""
        return private_opener(self._locate(key), flags)

    def _stat(self, key: str) -> Stat | None:
        try:
            found = os.lstat(self._path_of(key))
        except ABSENT_ERRORS:
            return None
        return _stat(found) if stat.S_ISREG(found.st_mode) else None

    def _touch(self, key: str) -> None:
        with suppress(*ABSENT_ERRORS):
            os.utime(self._locate(key), follow_symlinks=False)

    def _delete(self, key: str) -> bool:
        path = self._locate(key)
        try:
            path.unlink()
        except ABSENT_ERRORS:
            return False
        self._prune(path.parent)
        self._sync(path.parent)
        return True

    def _delete_under(self, prefix: str) -> int:
        """Rename the folder away in one step, whatever is put there concurrently, then delete its files."""
        folder = self._locate(prefix)
        doomed = self.incoming / f"deleted-{secrets.token_hex(16)}"
        try:
            os.rename(f"{folder}/", doomed)  # noqa: PTH104  (the slash: only a folder, no object of this name)
        except ABSENT_ERRORS:
            return 0
        self._prune(folder.parent)
        self._sync(folder.parent)
        count = sum(len(files) for _, _, files in os.walk(doomed))
        shutil.rmtree(doomed, ignore_errors=True)
        return count

    def _delete_stale(self, keys: Sequence[str], before: datetime) -> StorageTotals:
        paths = [self._locate(key) for key in keys]
        removed = StorageTotals()
        for path in paths:
            with suppress(*ABSENT_ERRORS):
                found = path.lstat()
                if stat.S_ISREG(found.st_mode) and found.st_mtime < before.timestamp():
                    path.unlink()
                    removed += StorageTotals(1, found.st_size)
        for folder in {path.parent for path in paths}:
            self._prune(folder)
        return removed

    def _prune(self, folder: Path) -> None:
        """Remove an empty folder and its empty parents."""
        with suppress(OSError):  # not empty: stop
            for step in self._parents(folder):
                with suppress(FileNotFoundError):
                    step.rmdir()

    def _sync(self, folder: Path) -> None:
        """Make changes in a folder durable, and the folder itself: its parents may be as new as it is."""
        for step in (*self._parents(folder), self.root):
            with suppress(FileNotFoundError):  # removed in the meantime, as its parent's sync records
                fsync_folder(step)

    def _objects(self, prefix: str) -> Iterator[tuple[str, Stat]]:
        if prefix:
            self._locate(prefix)
        yield from self._walk(prefix)

    def _walk(self, prefix: str) -> Iterator[tuple[str, Stat]]:
        with suppress(*ABSENT_ERRORS), os.scandir(self.root / prefix) as entries:
            for entry in entries:
                key = f"{prefix}/{entry.name}" if prefix else entry.name
                if not is_key(key):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    yield from self._walk(key)
                elif entry.is_file(follow_symlinks=False):
                    with suppress(FileNotFoundError):
                        yield key, _stat(entry.stat(follow_symlinks=False))

    def _clear_incoming(self, before: datetime, *, dry_run: bool) -> StorageTotals:
        cleared = StorageTotals()
        for path in [path for path in self.incoming.iterdir() if _is_older(path, before)]:
            cleared += _amount(path)
            if dry_run:
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        return cleared

    def _locate(self, key: str) -> Path:
        """Return the path of a key: below the root, through no symbolic link."""
        return Path(self._path_of(key))

    def _path_of(self, key: str) -> str:
        path = self._root
        for step in check_key(key).split("/"):  # strings: Path objects take several times as long
            path = f"{path}/{step}"
            if os.path.islink(path):  # noqa: PTH114
                raise InvalidKey(f"A symbolic link lies on the way to {key!r}")
        return path

    def _parents(self, path: Path) -> tuple[Path, ...]:
        """Return the path and its parents, up to and excluding the root."""
        return (path, *path.parents)[: len(path.parts) - len(self.root.parts)]


async def _chunks(file: AsyncBufferedReader, start: int, end: int) -> AsyncIterator[bytes]:
    if start:
        await file.seek(start)
    left = end - start
    while left > 0 and (chunk := await file.read(min(CHUNK_SIZE, left))):
        left -= len(chunk)
        yield chunk


@contextmanager
def _missing(key: str) -> Iterator[None]:
    try:
        yield
    except ABSENT_ERRORS as error:
        raise ObjectMissing(key) from error


@contextmanager
def _out_of_storage() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in DISK_FULL_ERRNOS:
            raise
        raise OutOfStorage("The disk is full", reason="disk_full") from error


def private_opener(path: str | Path, flags: int) -> int:
    """An opener that follows no link and creates files for the owner alone."""
    return os.open(path, flags | os.O_NOFOLLOW, mode=0o600)


def _fsync(file: BinaryIO, *, durable: bool) -> None:
    """Make the file private, dated now, and durable if required."""
    os.fchmod(file.fileno(), 0o600)
    os.utime(file.fileno())
    if durable:
        os.fsync(file.fileno())


def fsync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _stat(found: os.stat_result) -> Stat:
    return Stat(size=found.st_size, modified_at=datetime.fromtimestamp(found.st_mtime, UTC))


def _amount(path: Path) -> StorageTotals:
    """Return the totals of a file, or of all files of a folder as one object."""
    files = [Path(folder, name) for folder, _, names in os.walk(path) for name in names]
    size = 0
    for file in files if path.is_dir() else [path]:
        with suppress(FileNotFoundError):
            size += file.lstat().st_size
    return StorageTotals(1, size)


def _is_older(path: Path, moment: datetime) -> bool:
    with suppress(FileNotFoundError):
        return path.lstat().st_mtime < moment.timestamp()
    return False
