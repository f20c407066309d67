"""Cache invalidation between all processes that share a data folder.

A file of epochs is mapped into the memory of each process. A change of an image writes a new epoch into the image's
slot. A cached value keeps the epochs from before it was read and is valid while they are unchanged: two memory reads.
Epochs are random, so that two concurrent writers can't restore an old one.
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
"""Number of slots. Images that share one are invalidated together."""
SIZE = 8 * (SLOTS + 1)

ALL_IMAGES = SLOTS
"""The slot whose epoch covers all images."""

Epochs: TypeAlias = tuple[int, int]


class CacheEpochs:
    """Epochs in the file `path`, which is created if missing."""

    def __init__(self, path: Path) -> None:
        path.touch(mode=0o600)
        with path.open("r+b") as file:
            file.truncate(SIZE)
            if (
                sys.platform == "linux"
            ):  # writing into a hole of the file on a full disk would kill the process
                os.posix_fallocate(file.fileno(), 0, SIZE)
            self._map = mmap.mmap(file.fileno(), SIZE)
        self._epochs = memoryview(self._map).cast("Q")

    def close(self) -> None:
        self._epochs.release()
        self._map.close()

    def current(self, image_id: str) -> Epochs:
        """Return the epochs to keep with a value. Take them before reading the value."""
        return self._epochs[slot_of(image_id)], self._epochs[ALL_IMAGES]

    def is_valid(self, image_id: str, marks: Epochs) -> bool:
        """Return True if nothing has changed since these epochs were taken."""
        return self._epochs[slot_of(image_id)] == marks[0] and self._epochs[ALL_IMAGES] == marks[1]

    @asynccontextmanager
    async def invalidating(self, *image_ids: str) -> AsyncIterator[None]:
        """Invalidate these images when the block, which holds the transaction, ends in any way."""
        try:
            yield
        finally:
            await self._invalidate([slot_of(image_id) for image_id in image_ids])

    @asynccontextmanager
    async def invalidating_all(self) -> AsyncIterator[None]:
        """Invalidate all images when the block ends, for changes of many images."""
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
