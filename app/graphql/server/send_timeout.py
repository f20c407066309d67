"""Time limits of streamed responses: clients that stop reading are disconnected, and all are when the server stops."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import Message, Send

SEND_TIMEOUT_SECONDS = 10.0
"""Seconds that a client may read nothing of the data sent to it."""


class _TimedSend:
    """ASGI `send` that measures how long it has been blocked.

    One task watches all messages: a timeout for each would cost more than sending it.
    """

    def __init__(self, send: Send, seconds: float) -> None:
        self._send = send
        self._seconds = seconds
        self._now = asyncio.get_running_loop().time
        self._pending = 0
        self._last_progress = 0.0

    async def __call__(self, message: Message) -> None:
        if not self._pending:
            self._last_progress = self._now()
        self._pending += 1
        try:
            await self._send(message)
        finally:
            self._pending -= 1
        self._last_progress = self._now()

    async def wait_until_blocked(self) -> None:
        """Return when messages are pending and none was sent within the timeout."""
        while (remaining := self._remaining()) > 0:  # noqa: ASYNC110  (no event marks the lack of progress)
            await asyncio.sleep(remaining)

    def _remaining(self) -> float:
        return self._last_progress + self._seconds - self._now() if self._pending else self._seconds


@asynccontextmanager
async def send_timeout(send: Send, seconds: float = SEND_TIMEOUT_SECONDS) -> AsyncIterator[Send]:
    """Yield a `send` with a time limit. Cancels the block and raises ClientDisconnect once it is exceeded."""
    timed = _TimedSend(send, seconds)
    async with cancel_when_done(timed.wait_until_blocked()):
        yield timed


@asynccontextmanager
async def cancel_when_done(awaitable: Coroutine[Any, Any, object]) -> AsyncIterator[None]:
    """Cancel the block when the awaitable is done, and raise ClientDisconnect to close the connection."""
    now = asyncio.get_running_loop().time

    def cancel_block(task: "asyncio.Task[object]") -> None:
        with suppress(RuntimeError):  # the block has ended already
            if not task.cancelled():
                limit.reschedule(now())

    task = asyncio.create_task(awaitable)
    try:
        async with asyncio.timeout(None) as limit:
            task.add_done_callback(cancel_block)
            yield
    except TimeoutError as error:
        raise ClientDisconnect from error
    finally:
        task.cancel()
