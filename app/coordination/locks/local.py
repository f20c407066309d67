"""Processes of one machine take turns at what each would otherwise do for itself."""

import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from app.coordination.file_lock import LockTimeout, file_lock
from app.errors import Busy

LOCK_FILES = 256
"""Lock files. Works of different keys that share one wait for each other."""


class FolderLock:
    """See `app.coordination.locks.base.Turns`. Among the processes that share `folder`, waited for `patience` seconds at most."""

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
            raise Busy("Another process has been working on this for long; ask again in a second") from error
