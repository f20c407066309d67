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

PROBE_AFTER_SECONDS = 1.0
"""Seconds without an answer after which it is asked whether there will be one."""
PROBE_INTERVAL_SECONDS = 1.0
"""Seconds from one answer to the next time that it is asked."""


class ProbeInconclusive(Exception):
    """An answer that says neither that the engine is there nor that it hangs: who waits will be told the same."""


class CircuitBreaker:
    """`ask` asks the engine for nothing, for which it gets `patience` seconds; `rest` comes when that is not needed
    any more, and `let_go` when it hangs. `ask` may raise Unclear.

    with watch.asking():
        await connection.execute("…")
    """

    def __init__(
        self,
        engine: str,
        probe: Callable[[], Awaitable[object]],
        *,
        timeout: float,
        on_open: Callable[[], object] = lambda: None,
        on_idle: Callable[[], object] = lambda: None,
    ) -> None:
        self.is_open = False
        """Whether it is known to answer nothing."""
        self.timeout = timeout
        self._engine = engine
        self._probe = probe
        self._on_idle = on_idle
        self._on_open = on_open
        self._late: set[object] = set()
        self._bounds: set[asyncio.Timeout] = set()
        self._responses = 0
        self._probing: asyncio.Task[None] | None = None

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Around what is asked of the engine, or waits for its turn."""
        one = object()
        alarm = asyncio.get_running_loop().call_later(PROBE_AFTER_SECONDS, self._start_probing, one)
        try:
            yield
            self._responses += 1
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
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.wait([self._probing])
        self.is_open = False

    def _start_probing(self, one: object) -> None:
        self._late.add(one)
        if self._probing is None or self._probing.done():
            self._probing = asyncio.create_task(
                self._probe_while_late(), name=f"pichub-{self._engine}", context=Context()
            )

    async def _probe_while_late(self) -> None:
        try:
            while self._late or self.is_open:
                await self._probe_once()
                await asyncio.sleep(PROBE_INTERVAL_SECONDS)
        finally:
            self._on_idle()

    async def _probe_once(self) -> None:
        answers = self._responses
        try:
            async with asyncio.timeout(self.timeout):
                await self._probe()
        except TimeoutError:
            if answers == self._responses:  # else it answers others
                self._open()
        except ProbeInconclusive:
            return
        else:
            self._close()

    def _open(self) -> None:
        if self.is_open:
            return
        self.is_open = True
        seconds = PROBE_AFTER_SECONDS + self.timeout
        log.warning(
            "%s has not answered for %g seconds: what needs it is refused at once until it does",
            self._engine,
            seconds,
        )
        for bound in self._bounds:
            if not bound.expired():
                bound.reschedule(0)
        self._on_open()

    def _close(self) -> None:
        if self.is_open:
            self.is_open = False
            log.warning("%s answers again", self._engine)
