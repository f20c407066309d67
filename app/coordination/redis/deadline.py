"""Deadline for responses of Redis that does not count delays of this process."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

T = TypeVar("T")

RESPONSE_TIMEOUT_SECONDS = 0.2
"""Maximum time for a response."""
GRACE_SECONDS = 0.05
GRACE_ITERATIONS = 20
"""Extra time, in seconds and then in loop iterations: a busy process may not have read a response yet."""


async def within_deadline(timeout: float, work: Awaitable[T]) -> T:
    """Return the result of `work`.

    Raises TimeoutError after `timeout` seconds, unless the loop itself was blocked.
    """
    task = asyncio.ensure_future(work)
    task.add_done_callback(_retrieve_exception)
    try:
        for seconds in (timeout, GRACE_SECONDS, *[0] * GRACE_ITERATIONS):
            done, _ = await asyncio.wait([task], timeout=seconds)
            if done:
                return task.result()
    finally:
        if task.cancel():
            await asyncio.wait([task], timeout=GRACE_SECONDS)  # closes what it had opened
    raise TimeoutError(f"It did not answer within {timeout:g} seconds")


def _retrieve_exception(task: "asyncio.Future[Any]") -> None:
    """Retrieve the exception, so that the loop does not log it after the caller is gone."""
    if not task.cancelled():
        task.exception()
