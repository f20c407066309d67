"""One SQLite connection and the thread it lives in. What is asked of it is done in that order, each to its end.

aiosqlite is not used here because it keeps the future of a statement to itself: a task that is cancelled while it waits
could not learn when its statement has ended, and would hand on a connection that is still busy.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import Self, TypeAlias, TypeVar

from tortoise.exceptions import OperationalError

T = TypeVar("T")
Work: TypeAlias = Callable[[sqlite3.Connection], T]

LOCK_TIMEOUT_SECONDS = 5.0
"""Seconds that a statement waits for another process to let go of the database."""
INTERRUPT_INTERVAL_SECONDS = 0.02


class SQLiteConnection:
    """Made by `open`. A call that is cancelled raises CancelledError when its work has ended, never before.

    Work of an `interruptible` connection is broken off then, and when it is closed; other work is waited for.
    """

    def __init__(self, *, interruptible: bool) -> None:
        self._interruptible = interruptible
        self._asked: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._raw: sqlite3.Connection | None = None
        self._thread = Thread(target=self._serve, name="pichub-sqlite", daemon=True)
        self._open = True
        self._thread.start()

    @classmethod
    async def open(cls, path: str, pragmas: Mapping[str, object], *, interruptible: bool = False) -> Self:
        """A connection to the file `path`, which is made if missing. Raises OperationalError."""
        connection = cls(interruptible=interruptible)
        try:
            opening = connection._submit(lambda: _connect(path, pragmas))
            connection._raw = await wait_uncancelled(opening, interrupt=connection._interrupt)
        except BaseException as error:
            await connection.close()
            if isinstance(error, sqlite3.Error):
                raise OperationalError(f"{path}: {error}") from error
            raise
        return connection

    async def run(self, work: Work[T]) -> T:
        """What `work` returns, called in the connection's thread. Raises OperationalError when closed."""
        if self._raw is None or not self._open:
            raise OperationalError("The database is closed")
        raw = self._raw
        return await wait_uncancelled(self._submit(lambda: work(raw)), interrupt=self._interrupt)

    async def close(self) -> None:
        """Closes when the work in hand is done; an open transaction is rolled back. Again is fine."""
        if not self._open:
            return
        self._open = False
        try:
            await wait_uncancelled(self._submit(self._close_raw), interrupt=self._interrupt, now=True)
        finally:
            self._asked.put(None)
            self._thread.join()

    def _interrupt(self) -> None:
        if self._interruptible and self._raw is not None:
            with suppress(sqlite3.ProgrammingError):  # it is closed already
                self._raw.interrupt()

    def _close_raw(self) -> None:
        if self._raw is not None:
            self._raw.close()

    def _submit(self, work: Callable[[], T]) -> asyncio.Future[T]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def answer() -> None:
            try:
                outcome = work()
            except BaseException as error:
                loop.call_soon_threadsafe(future.set_exception, error)
            else:
                loop.call_soon_threadsafe(future.set_result, outcome)

        self._asked.put(answer)
        return future

    def _serve(self) -> None:
        while answer := self._asked.get():
            with suppress(RuntimeError):  # the loop is gone, and with it whoever waited
                answer()


async def wait_uncancelled(
    future: asyncio.Future[T], *, interrupt: Callable[[], None], now: bool = False
) -> T:
    """The future's result. A cancel that comes meanwhile is raised once the future is done, never before.

    `hurry` is called from the cancel on, or from `now`: again and again, as it may come before there is work to hurry.
    """
    cancel: asyncio.CancelledError | None = None
    while not future.done():
        hurried = now or cancel is not None
        if hurried:
            interrupt()
        try:
            await asyncio.wait((future,), timeout=INTERRUPT_INTERVAL_SECONDS if hurried else None)
        except asyncio.CancelledError as error:
            cancel = error
    if cancel is not None:
        future.exception()  # says that it was looked at: whoever is cancelled has no use for it
        raise cancel
    return future.result()


def _connect(path: str, pragmas: Mapping[str, object]) -> sqlite3.Connection:
    raw = sqlite3.connect(path, timeout=LOCK_TIMEOUT_SECONDS, isolation_level=None)
    try:
        for name, value in pragmas.items():
            raw.execute(f"PRAGMA {name}={value}").fetchall()
    except BaseException:
        raw.close()
        raise
    return raw
