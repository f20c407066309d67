"""Whether an engine answers at all: asked beside those who wait for it, to whom slow and gone look the same.

What is asked of an engine may take its time. When it has had no answer for a moment, somebody asks for nothing at all,
and goes on asking for as long as anybody waits. Where that gets no answer either, all who wait are let go, and nobody
else begins to wait until there is one.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import Context

log = logging.getLogger("pichub.watch")

DOUBT = 1.0
"""Seconds without an answer after which it is asked whether there will be one."""
AGAIN = 1.0
"""Seconds from one answer to the next time that it is asked."""


class Unclear(Exception):
    """An answer that says neither that the engine is there nor that it hangs: who waits will be told the same."""


class Watch:
    """`ask` asks the engine for nothing, for which it gets `patience` seconds; `rest` comes when that is not needed
    any more, and `let_go` when it hangs. `ask` may raise Unclear.

    with watch.asking():
        await connection.execute("…")
    """

    def __init__(
        self,
        engine: str,
        ask: Callable[[], Awaitable[object]],
        *,
        patience: float,
        let_go: Callable[[], object] = lambda: None,
        rest: Callable[[], object] = lambda: None,
    ) -> None:
        self.is_away = False
        """Whether it is known to answer nothing."""
        self.patience = patience
        self._engine = engine
        self._ask = ask
        self._rest = rest
        self._let_go = let_go
        self._late: set[object] = set()
        self._bounds: set[asyncio.Timeout] = set()
        self._answers = 0
        self._looking: asyncio.Task[None] | None = None

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Around what is asked of the engine, or waits for its turn."""
        one = object()
        alarm = asyncio.get_running_loop().call_later(DOUBT, self._doubt, one)
        try:
            yield
            self._answers += 1
        finally:
            alarm.cancel()
            self._late.discard(one)

    @asynccontextmanager
    async def bounded(self, seconds: float | None = None) -> AsyncIterator[None]:
        """Raises TimeoutError when these are over, or all who wait are let go."""
        async with asyncio.timeout(seconds) as bound:
            self._bounds.add(bound)
            try:
                yield
            finally:
                self._bounds.discard(bound)

    async def close(self) -> None:
        """Asks no more."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])
        self.is_away = False

    def _doubt(self, one: object) -> None:
        self._late.add(one)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(
                self._look(), name=f"pichub-{self._engine}", context=Context()
            )

    async def _look(self) -> None:
        try:
            while self._late or self.is_away:
                await self._look_once()
                await asyncio.sleep(AGAIN)
        finally:
            self._rest()

    async def _look_once(self) -> None:
        answers = self._answers
        try:
            async with asyncio.timeout(self.patience):
                await self._ask()
        except TimeoutError:
            if answers == self._answers:  # else it answers others
                self._went()
        except Unclear:
            return
        else:
            self._came()

    def _went(self) -> None:
        if self.is_away:
            return
        self.is_away = True
        seconds = DOUBT + self.patience
        log.warning(
            "%s has not answered for %g seconds: what needs it is refused at once until it does",
            self._engine,
            seconds,
        )
        for bound in self._bounds:
            if not bound.expired():
                bound.reschedule(0)
        self._let_go()

    def _came(self) -> None:
        if self.is_away:
            self.is_away = False
            log.warning("%s answers again", self._engine)
