"""Answers that have no end are ended for those who do not take them, and when the server stops."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import Message, Send

SEND_TIMEOUT_SECONDS = 10.0
"""Seconds that a client may take no byte of what is sent to it."""


class _TimedSend:
    """A `send` that knows for how long nothing was taken. One watch for all of it: a timeout for each message would
    cost more than the message."""

    def __init__(self, send: Send, seconds: float) -> None:
        self._send = send
        self._seconds = seconds
        self._now = asyncio.get_running_loop().time
        self._in_flight = 0
        self._since = 0.0

    async def __call__(self, message: Message) -> None:
        if not self._in_flight:
            self._since = self._now()
        self._in_flight += 1
        try:
            await self._send(message)
        finally:
            self._in_flight -= 1
        self._since = self._now()

    async def stuck(self) -> None:
        """Ends when something has waited for so long, and nothing was taken meanwhile."""
        while (left := self._left()) > 0:  # noqa: ASYNC110  (what ends it is that nothing happens)
            await asyncio.sleep(left)

    def _left(self) -> float:
        return self._since + self._seconds - self._now() if self._in_flight else self._seconds


@asynccontextmanager
async def send_timeout(send: Send, seconds: float = SEND_TIMEOUT_SECONDS) -> AsyncIterator[Send]:
    """A `send` that a client may not hold up for longer: the block is broken off then."""
    sending = _TimedSend(send, seconds)
    async with cancel_when_done(sending.stuck()):
        yield sending


@asynccontextmanager
async def cancel_when_done(end: Coroutine[Any, Any, object]) -> AsyncIterator[None]:
    """Breaks the block off at the end of what is awaited. Raises ClientDisconnect then: the connection is to be cut."""
    now = asyncio.get_running_loop().time

    def break_off(waiting: "asyncio.Task[object]") -> None:
        with suppress(RuntimeError):  # the block has ended by itself
            if not waiting.cancelled():
                limit.reschedule(now())

    waiting = asyncio.create_task(end)
    try:
        async with asyncio.timeout(None) as limit:
            waiting.add_done_callback(break_off)
            yield
    except TimeoutError as error:
        raise ClientDisconnect from error
    finally:
        waiting.cancel()
