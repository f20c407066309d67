"""Processes of one machine take turns at what each would otherwise do for itself."""

import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from app.errors import Busy
from app.filelock import Held, locked

SLOTS = 256
"""Lock files. Works of different keys that share one wait for each other."""


class Turns:
    """Turns among the processes that share `folder`, each waited for `patience` seconds at most.

    Who has a turn must not ask for another: the two may share a slot.
    """

    def __init__(self, folder: Path, *, patience: float) -> None:
        self._folder = folder
        self._patience = patience

    @asynccontextmanager
    async def take(self, key: str) -> AsyncIterator[bool]:
        """Whether another had to be waited for, who may have done what is now to do. Raises Busy."""
        path = self._folder / f"{zlib.crc32(key.encode()) % SLOTS:02x}"
        try:
            async with locked(path, patience=self._patience) as waited:
                yield waited
        except Held as error:
            raise Busy("Another process has been working on this for long; ask again in a second") from error
