"""Circuit breaker that tells a slow engine from one that hangs.

A request to an engine may take its time. When there has been no response for a moment, a cheap probe runs beside the
waiting requests and repeats while any wait. If the probe gets no response either, all waiting requests fail at once,
and new ones fail immediately until a probe succeeds.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import Context

log = logging.getLogger("pichub.watch")

PROBE_AFTER_SECONDS = 1.0
"""Time without a response after which probing starts."""
PROBE_INTERVAL_SECONDS = 1.0
"""Time between two probes."""


class ProbeInconclusive(Exception):
    """The probe tells neither that the engine responds nor that it hangs, such as a full connection pool."""


class CircuitBreaker:
    """Watches requests to one engine.

        with breaker.watching():
            await connection.execute("…")

    `probe` sends a cheap request and has `timeout` seconds; it may raise ProbeInconclusive. `on_open` runs when the
    engine hangs, `on_idle` when probing ends.
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
        """True while the engine is known not to respond."""
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
        """Watch a request to the engine, or the wait for a connection to it."""
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
        """Bound a wait. Raises TimeoutError after `seconds`, or when the breaker opens."""
        async with asyncio.timeout(seconds) as bound:
            self._bounds.add(bound)
            try:
                yield
            finally:
                self._bounds.discard(bound)

    async def close(self) -> None:
        """Stop probing."""
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
            if answers == self._responses:  # else it responds to other requests
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
