"""Locks between the processes of one machine."""

import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from app.coordination.file_lock import LockTimeout, file_lock
from app.errors import Busy

LOCK_FILES = 256
"""Number of lock files. Keys that share a file wait for each other."""


class FolderLock:
    """Implements `DistributedLock` with lock files in `folder`; waits up to `timeout` seconds."""

    def __init__(self, folder: Path, *, timeout: float) -> None:
        self._folder = folder
        self._timeout = timeout

    @asynccontextmanager
    async def acquire(self, key: str) -> AsyncIterator[bool]:
        path = self._folder / f"{zlib.crc32(key.encode()) % LOCK_FILES:02x}"
        try:
            async with file_lock(path, timeout=self._timeout) as waited:
                yield waited
        except LockTimeout as error:
            raise Busy(
                "Another process is still processing this; try again in a second", reason="lock_timeout"
            ) from error
