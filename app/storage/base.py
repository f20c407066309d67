"""Contract of a storage: immutable objects under keys. `tests/storage` holds each implementation to it.

A key is a relative path such as `originals/img_01jd5m.jpg` or `variants/img_01jd5m/9f2c.webp`. A segment has up to
255 of the characters `A-Z a-z 0-9 . _ -` and does not begin with a dot; a key has up to 900. A key is never also
the folder of another. The first segment `tmp` is reserved.
"""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, Self

MAX_KEY_LENGTH = 900  # S3 allows 1,024 bytes, some of which a prefix needs.
INTERNAL_FOLDER = "tmp"

_SEGMENT = r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,254}"
_KEY = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT})*")


class ObjectMissing(Exception):
    """There is no object with this `key`."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class InvalidKey(ValueError):
    """The text is not a valid key. Keys are made by PicHub, so this is a bug."""


@dataclass(frozen=True, slots=True)
class Stat:
    """`size` in bytes; `modified_at` is the time of the last put or touch, in UTC, at least to the second."""

    size: int
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class StorageTotals:
    """Number of objects and their total bytes."""

    count: int = 0
    size: int = 0

    def __add__(self, other: Self) -> Self:
        return replace(self, count=self.count + other.count, size=self.size + other.size)


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An open object: its `stat`, and the `chunks` of the requested range, to be read once."""

    stat: Stat
    chunks: AsyncIterator[bytes]


class Storage(Protocol):
    """Objects under keys, safe for any number of concurrent tasks and processes.

    Every method raises InvalidKey for an invalid key, and OSError if the medium fails. Of concurrent puts of one
    key, one wins completely. A cancelled call returns only when its work is completed or undone, though a put may
    have happened.
    """

    @property
    def touch_after(self) -> timedelta:
        """Precision of `modified_at` that is useful: younger objects need no touch."""

    @property
    def incoming(self) -> Path:
        """A local folder for incoming files. A file in it is put without being copied."""

    async def put(self, key: str, source: Path | bytes, *, durable: bool = True) -> None:
        """Store an object: complete and durable on return, never partially visible, replacing an earlier one.

        An object that can be recreated need not be `durable`: a machine crash may leave it empty or missing.

        A Path is consumed: moved if possible, else copied and removed. It stays if this raises. Raises OutOfStorage.
        """

    def local_path(self, key: str) -> Path | None:
        """Return the path to which a file from `incoming` can be moved to become this object; None if it can't.

        For objects that need not be durable, in files that only their owner can read. The folder may be missing;
        only `put` creates it.
        """

    async def read(self, key: str) -> bytes:
        """Return all bytes of a small object. Raises ObjectMissing."""

    def open(
        self, key: str, start: int = 0, stop: int | None = None
    ) -> AbstractAsyncContextManager[StoredObject]:
        """Open the bytes from `start` up to, not including, `stop`. None and positions beyond the end mean the end.

            async with storage.open(key, start=100) as stored:
                async for chunk in stored.chunks: ...

        An open object stays readable when its key is deleted or replaced. Raises ObjectMissing on entering,
        ValueError for a negative bound.
        """

    def as_file(self, key: str) -> AbstractAsyncContextManager[Path]:
        """Yield a local file to read, never to write. Raises ObjectMissing on entering.

        The path may vanish before it is opened if the object is deleted.
        """

    async def stat(self, key: str) -> Stat | None:
        """Return the object's Stat; None if it does not exist."""

    async def touch(self, key: str) -> None:
        """Record that an object is used: set `modified_at` to now. Does nothing for a missing object.

        May cost as much as a put.
        """

    async def delete(self, key: str) -> bool:
        """Delete an object durably. Return False if there was none. Works on a full disk."""

    async def delete_under(self, prefix: str) -> int:
        """Delete all objects whose keys begin with `prefix` and `/`, durably, and return their number.

        An object put in the meantime is either deleted or complete, and its put succeeds.
        """

    async def delete_stale(self, keys: Sequence[str], before: datetime) -> StorageTotals:
        """Delete those of the objects last put or touched before `before`, and return their totals.

        Not durable: a machine crash may restore some.
        """

    def list(self, prefix: str = "") -> AsyncIterator[tuple[str, Stat]]:
        """Yield the objects whose keys begin with `prefix` and `/`, or all, in no order.

        Concurrent puts and deletes may or may not be included. Uses bounded memory.
        """

    async def free(self) -> int | None:
        """Return the bytes free for incoming files; None if unbounded."""

    def signed_url(self, key: str, *, expires_in: timedelta, headers: Mapping[str, str]) -> str | None:
        """Return a URL from which anyone can get this object directly, with these response `headers`, for a while.

        None if the storage has no such URLs. Does not check that the object exists.
        """

    async def maintain(self) -> None:
        """Run background maintenance until cancelled; return at once if there is none."""

    async def clear_incoming(self, before: datetime, *, dry_run: bool = False) -> StorageTotals:
        """Delete incoming files last written before `before`, which a crash has left, and return their totals.

        With `dry_run` they are kept.
        """


def is_key(text: str) -> bool:
    return (
        len(text) <= MAX_KEY_LENGTH
        and bool(_KEY.fullmatch(text))
        and text.split("/", 1)[0] != INTERNAL_FOLDER
    )


def check_key(text: str) -> str:
    """Return the text if it is a valid key. Raises InvalidKey."""
    if not is_key(text):
        raise InvalidKey(f"Not a storage key: {text[:80]!r}")
    return text
