"""How every process that shares a data folder learns, at once, that what it remembers of an image no longer holds.

A file of marks is mapped into the memory of each process. Whoever changes what people are shown of an image writes
a new mark in the image's slot; whoever remembers an answer keeps the marks that stood there before it asked, and
compares. Looking costs two reads of memory. Marks are random: two writers at once can't bring an old one back.
"""

import mmap
import os
import secrets
import sys
import zlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeAlias

SLOTS = 4096
"""Images share slots: a change of one makes at most a few others be asked for again."""
SIZE = 8 * (SLOTS + 1)

ALL_IMAGES = SLOTS
"""The slot of a mark that stands for all images."""

Epochs: TypeAlias = tuple[int, int]


class CacheEpochs:
    """The marks in the file `path`, which is made where it is missing."""

    def __init__(self, path: Path) -> None:
        path.touch(mode=0o600)
        with path.open("r+b") as file:
            file.truncate(SIZE)
            if sys.platform == "linux":  # a mark written into a hole ends the process where the disk is full
                os.posix_fallocate(file.fileno(), 0, SIZE)
            self._map = mmap.mmap(file.fileno(), SIZE)
        self._epochs = memoryview(self._map).cast("Q")

    def close(self) -> None:
        self._epochs.release()
        self._map.close()

    def current(self, image_id: str) -> Epochs:
        """What to keep with an answer about an image; to be taken before the question is asked."""
        return self._epochs[slot_of(image_id)], self._epochs[ALL_IMAGES]

    def is_valid(self, image_id: str, marks: Epochs) -> bool:
        """Whether nothing has changed since these marks were taken."""
        return self._epochs[slot_of(image_id)] == marks[0] and self._epochs[ALL_IMAGES] == marks[1]

    @asynccontextmanager
    async def invalidating(self, *image_ids: str) -> AsyncIterator[None]:
        """Around the transaction that changes these images: when it ends, in any way, what was remembered is void."""
        try:
            yield
        finally:
            await self._invalidate([slot_of(image_id) for image_id in image_ids])

    @asynccontextmanager
    async def invalidating_all(self) -> AsyncIterator[None]:
        """The same for what changes more images than one would name."""
        try:
            yield
        finally:
            await self._invalidate([ALL_IMAGES])

    async def _invalidate(self, slots: Sequence[int]) -> None:
        self._bump(slots)

    def _bump(self, slots: Sequence[int]) -> None:
        for slot in slots:
            self._epochs[slot] = secrets.randbits(64)


def slot_of(image_id: str) -> int:
    return zlib.crc32(image_id.encode()) % SLOTS
