"""The contract of a storage: objects are whole bytes under a key. `tests/storage` holds each implementation to it.

A key is a relative name, its segments parted by `/`: `originals/img_01jd5m.jpg`, `variants/img_01jd5m/9f2c.webp`.
A segment has up to 255 of the characters `A-Z a-z 0-9 . _ -` and does not begin with a dot; a key has up to 900.
A key is never also the folder of another. The first segment `tmp` is the storage's own.
"""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, Self

MAX_KEY_LENGTH = 900  # S3 takes 1,024 bytes, of which a deployment's own prefix needs some.
INTERNAL_FOLDER = "tmp"

_SEGMENT = r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,254}"
_KEY = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT})*")


class ObjectMissing(Exception):
    """There is no object under this `key`."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class InvalidKey(ValueError):
    """This text is not a key, or one that leads out of the storage. Keys are made by us: this is a mistake of ours."""


@dataclass(frozen=True, slots=True)
class Stat:
    """`size` in bytes; `modified_at` is when the object was put or last touched, in UTC, to the second at least."""

    size: int
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class ObjectTotals:
    """How many of something, and how many bytes they have together."""

    count: int = 0
    size: int = 0

    def __add__(self, other: Self) -> Self:
        return replace(self, count=self.count + other.count, size=self.size + other.size)


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An open object: its whole `stat`, and the `chunks` of the part that was asked for, to be read once."""

    stat: Stat
    chunks: AsyncIterator[bytes]


class Storage(Protocol):
    """Objects under keys, safe for any number of tasks and processes at once.

    Every method raises BadKey for what is not a key, and OSError where the medium fails. Where several put the same
    key, one of them wins whole. A caller that is cancelled waits until what has begun is done or undone: nothing goes
    on behind its back, though a put may have happened.
    """

    @property
    def touch_after(self) -> timedelta:
        """How exactly use is worth noting here: what is younger need not be touched."""

    @property
    def incoming(self) -> Path:
        """A local folder for files on their way in. A file there is put without being copied."""

    async def put(self, key: str, source: Path | bytes, *, durable: bool = True) -> None:
        """Store an object: whole and durable on return, never seen in part, in place of what the key held.

        What can be made again need not be `durable`: a crash of the machine may then leave it empty, or not at all.

        A Path is consumed: moved where it can be, else copied and removed. It stays where it was if this raises.
        Raises OutOfStorage.
        """

    def local_path(self, key: str) -> Path | None:
        """Where a file from `incoming` becomes this object as it is moved there, whoever moves it; None where it can't.

        For what need not be durable, and was just written for its owner alone. The folder may be missing, and only
        `put` makes it.
        """

    async def read(self, key: str) -> bytes:
        """All bytes of a small object. Raises Missing."""

    def open(
        self, key: str, start: int = 0, stop: int | None = None
    ) -> AbstractAsyncContextManager[StoredObject]:
        """The bytes from `start` up to, not including, `stop`; None and what lies beyond the end mean the end.

        async with storage.open(key, start=100) as stored:
            async for chunk in stored.chunks: ...

        What was opened stays readable when its key is deleted or put again. Raises Missing on entering, ValueError for
        a negative bound.
        """

    def as_file(self, key: str) -> AbstractAsyncContextManager[Path]:
        """A local file to read, never to write, for those that need a path. Raises Missing on entering.

        The path may vanish before it is opened if the object is deleted meanwhile.
        """

    async def stat(self, key: str) -> Stat | None:
        """What is known of an object, or None if there is none."""

    async def touch(self, key: str) -> None:
        """Note that an object is used: `modified_at` becomes now. Where there is none, nothing happens.

        It may cost as much as a put.
        """

    async def delete(self, key: str) -> bool:
        """Remove an object, durably; False if there was none. Works on a full disk."""

    async def delete_under(self, prefix: str) -> int:
        """Remove all objects whose keys begin with `prefix` and `/`, durably; how many they were.

        An object that is put there meanwhile is either removed with the rest or whole, and its put succeeds.
        """

    async def delete_stale(self, keys: Sequence[str], before: datetime) -> ObjectTotals:
        """Remove those of the objects that were put and last touched `before`; what was removed.

        Not durable: a crash of the machine may bring some back.
        """

    def list(self, prefix: str = "") -> AsyncIterator[tuple[str, Stat]]:
        """The objects whose keys begin with `prefix` and `/`, or all, in no order.

        Of what is put or deleted meanwhile, some may be among them. However many they are, few are held in memory.
        """

    async def free(self) -> int | None:
        """Bytes of room left for files on their way in, or None where there is no bound."""

    def signed_url(self, key: str, *, expires_in: timedelta, headers: Mapping[str, str]) -> str | None:
        """A URL by which anyone gets this object from the medium itself, `headers` with it, for that long.

        None where the medium has no such thing. Whether there is an object is not looked at.
        """

    async def maintain(self) -> None:
        """Does what is to be done beside the requests until it is cancelled; returns at once where that is nothing."""

    async def clear_incoming(self, before: datetime, *, dry_run: bool = False) -> ObjectTotals:
        """Remove what a crash left of files on their way in: those last written `before`. What they were.

        With `only_look` they stay.
        """


def is_key(text: str) -> bool:
    return (
        len(text) <= MAX_KEY_LENGTH
        and bool(_KEY.fullmatch(text))
        and text.split("/", 1)[0] != INTERNAL_FOLDER
    )


def check_key(text: str) -> str:
    """The text itself, which is a key. Raises BadKey."""
    if not is_key(text):
        raise InvalidKey(f"Not a storage key: {text[:80]!r}")
    return text
