"""How long one waits for Redis, and not for oneself."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

T = TypeVar("T")

RESPONSE_TIMEOUT_SECONDS = 0.2
"""Seconds that an answer may take."""
GRACE_SECONDS = 0.05
GRACE_ITERATIONS = 20
"""So much longer, in seconds and then in turns of the loop: what came to a busy process may lie there unread."""


async def within_deadline(timeout: float, work: Awaitable[T]) -> T:
    """What `work` gives. Raises TimeoutError after `patience` seconds, but not because the loop itself stood still."""
    task = asyncio.ensure_future(work)
    task.add_done_callback(_retrieve_exception)
    try:
        for seconds in (timeout, GRACE_SECONDS, *[0] * GRACE_ITERATIONS):
            done, _ = await asyncio.wait([task], timeout=seconds)
            if done:
                return task.result()
    finally:
        if task.cancel():
            await asyncio.wait([task], timeout=GRACE_SECONDS)  # it closes what it had opened
    raise TimeoutError(f"It did not answer within {timeout:g} seconds")


def _retrieve_exception(task: "asyncio.Future[Any]") -> None:
    """So that the loop does not report what came of it after nobody waited any more."""
    if not task.cancelled():
        task.exception()
