"""One run of a piece of work, however many ask for it at once, in however many processes of one machine."""

import asyncio
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Generic, TypeVar

from app.errors import Busy
from app.filelock import Held, locked

T = TypeVar("T")

SLOTS = 256
"""Lock files. Works of different keys that share one wait for each other, across processes only."""


class Flights(Generic[T]):
    """Work under way, by key. Who asks for a key in flight waits for it; who leaves does not end it for others.

    Processes that share `folder` take turns at a key, for `patience` seconds at most: work looks first whether another
    has done it.
    """

    def __init__(self, folder: Path, *, patience: float) -> None:
        self._folder = folder
        self._patience = patience
        self._tasks: dict[str, asyncio.Task[T]] = {}

    async def join(self, key: str, work: Callable[[], Awaitable[T]]) -> T:
        """What the one run for `key` returns or raises. Raises Busy where another process does not come to an end."""
        task = self._tasks.get(key)
        if task is None:
            task = self._tasks[key] = asyncio.create_task(self._run(key, work))
            task.add_done_callback(lambda done: self._land(key, done))
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Ends what is under way."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, key: str, work: Callable[[], Awaitable[T]]) -> T:
        try:
            async with locked(
                self._folder / f"{zlib.crc32(key.encode()) % SLOTS:02x}", patience=self._patience
            ):
                return await work()
        except Held as error:
            raise Busy("Another process has been working on this for long; ask again in a second") from error

    def _land(self, key: str, task: asyncio.Task[T]) -> None:
        del self._tasks[key]
        if not task.cancelled():
            task.exception()  # seen: those who waited have it; if all left, nobody needs it
