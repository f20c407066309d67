"""A SQLite connection in its own thread. Work runs in order, each to its end.

aiosqlite is not used because it hides the future of a statement: a cancelled task could not tell when its statement
has ended, and would return a busy connection.
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
"""Time to wait for another process that locks the database."""
INTERRUPT_INTERVAL_SECONDS = 0.02


class SQLiteConnection:
    """Create with `open`. A cancelled call raises CancelledError only after its work has ended.

    Work on an `interruptible` connection is interrupted then, and on close; other work is completed.
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
        """Connect to the file `path`, creating it if missing. Raises OperationalError."""
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
        """Call `work` in the connection's thread and return its result. Raises OperationalError if closed."""
        if self._raw is None or not self._open:
            raise OperationalError("The database is closed")
        raw = self._raw
        return await wait_uncancelled(self._submit(lambda: work(raw)), interrupt=self._interrupt)

    async def close(self) -> None:
        """Close after the current work; an open transaction is rolled back. May be called repeatedly."""
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
            with suppress(sqlite3.ProgrammingError):  # already closed
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
            with suppress(RuntimeError):  # the loop has ended, and its waiters with it
                answer()


async def wait_uncancelled(
    future: asyncio.Future[T], *, interrupt: Callable[[], None], now: bool = False
) -> T:
    """Return the future's result. A cancellation in the meantime is raised only when the future is done.

    `interrupt` is called repeatedly from the cancellation on, or at once with `now`: the work may not have started
    yet.
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
        future.exception()  # mark as retrieved: a cancelled caller does not need it
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
