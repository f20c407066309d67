"""Processes of one machine take turns at what each would otherwise do for itself."""

import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from app.coordination.file_lock import Held, locked
from app.errors import Busy

SLOTS = 256
"""Lock files. Works of different keys that share one wait for each other."""


class FolderTurns:
    """See `app.coordination.locks.base.Turns`. Among the processes that share `folder`, waited for `patience` seconds at most."""

    def __init__(self, folder: Path, *, patience: float) -> None:
        self._folder = folder
        self._patience = patience

    @asynccontextmanager
    async def take(self, key: str) -> AsyncIterator[bool]:
        path = self._folder / f"{zlib.crc32(key.encode()) % SLOTS:02x}"
        try:
            async with locked(path, patience=self._patience) as waited:
                yield waited
        except Held as error:
            raise Busy("Another process has been working on this for long; ask again in a second") from error
