"""Whether a database answers at all: asked beside those who wait for it, to whom slow and gone look the same.

A statement may take its time. When one has had no answer for a moment, another connection asks for nothing at all, and
goes on asking for as long as somebody waits. Where that gets no answer either, all who wait are let go, and nobody else
begins to wait until there is one.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import Context
from typing import Any, TypeAlias

import asyncpg

log = logging.getLogger("pichub.db")

DOUBT = 1.0
"""Seconds without an answer after which another connection asks whether there will be one."""
PATIENCE = 3.0
"""Seconds that it waits for its own, for making the connection too."""
AGAIN = 1.0
"""Seconds from one answer to the next time that it asks."""

Raw: TypeAlias = Any
"""asyncpg.Connection"""


class Watch:
    """`connect` makes a connection that is nobody else's, `let_go` sends away all who wait.

    with watch.asking():
        await connection.execute("…")
    """

    def __init__(self, connect: Callable[[], Awaitable[Raw]], *, let_go: Callable[[], None]) -> None:
        self.is_away = False
        """Whether it is known to answer nothing."""
        self._connect = connect
        self._let_go = let_go
        self._late: set[object] = set()
        self._answers = 0
        self._looking: asyncio.Task[None] | None = None

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Around what is asked of the database, or waits for its turn."""
        ask = object()
        alarm = asyncio.get_running_loop().call_later(DOUBT, self._doubt, ask)
        try:
            yield
            self._answers += 1
        finally:
            alarm.cancel()
            self._late.discard(ask)

    async def close(self) -> None:
        """Asks no more."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])
        self.is_away = False

    def _doubt(self, ask: object) -> None:
        self._late.add(ask)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="pichub-database", context=Context())

    async def _look(self) -> None:
        raw: Raw = None
        try:
            while self._late or self.is_away:
                raw = await self._ask(raw)
                await asyncio.sleep(AGAIN)
        finally:
            _drop(raw)

    async def _ask(self, raw: Raw) -> Raw:
        """Asks once; the connection to ask the next time, None where it is lost."""
        answers = self._answers
        try:
            async with asyncio.timeout(PATIENCE):
                raw = raw or await self._connect()
                await raw.execute("SELECT 1")
        except TimeoutError:
            _drop(raw)
            if answers == self._answers:  # else it is this connection alone that hangs
                self._went()
            return None
        except (OSError, asyncpg.PostgresConnectionError, asyncpg.exceptions.OperatorInterventionError):
            _drop(raw)  # whoever waits is told the same
            return None
        except (asyncpg.PostgresError, asyncpg.InterfaceError):
            _drop(raw)  # it answers, if only that it has no room
            self._came()
            return None
        self._came()
        return raw

    def _went(self) -> None:
        if not self.is_away:
            self.is_away = True
            log.warning(
                "PostgreSQL has not answered for %g seconds: what needs it is refused at once until it does",
                DOUBT + PATIENCE,
            )
            self._let_go()

    def _came(self) -> None:
        if self.is_away:
            self.is_away = False
            log.warning("PostgreSQL answers again")


def _drop(raw: Raw) -> None:
    if raw is not None:
        with suppress(asyncpg.InterfaceError):
            raw.terminate()
