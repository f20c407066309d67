"""Answers that have no end are ended for those who do not take them, and when the server stops."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from starlette.requests import ClientDisconnect
from starlette.types import Message, Send

PATIENCE = 10.0
"""Seconds that a client may take no byte of what is sent to it."""


@asynccontextmanager
async def patience(send: Send, seconds: float = PATIENCE) -> AsyncIterator[Send]:
    """A `send` that a client may not hold up for longer: it raises TimeoutError then, and the block is broken off."""
    given_up = asyncio.Event()

    async def patient(message: Message) -> None:
        try:
            async with asyncio.timeout(seconds):
                await send(message)
        except TimeoutError:
            given_up.set()
            raise

    async with until(given_up):
        yield patient


@asynccontextmanager
async def until(end: asyncio.Event) -> AsyncIterator[None]:
    """Breaks the block off when the event comes. Raises ClientDisconnect then: the connection is to be cut."""
    now = asyncio.get_running_loop().time

    def break_off(_: object) -> None:
        with suppress(RuntimeError):  # the block has ended by itself
            if end.is_set():
                limit.reschedule(now())

    waiting = asyncio.create_task(end.wait())
    try:
        async with asyncio.timeout(None) as limit:
            waiting.add_done_callback(break_off)
            yield
    except TimeoutError as error:
        raise ClientDisconnect from error
    finally:
        waiting.cancel()
