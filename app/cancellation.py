"""Work that must complete although its caller is cancelled."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def shield_until_done(work: Awaitable[T]) -> T:
    """Return the result of `work`. If the caller is cancelled, `work` completes first."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled:
        if not task.cancelled():
            task.exception()  # mark as retrieved, so that the loop does not log it
        raise cancelled
    return task.result()


async def in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run blocking work in a thread. A thread can't be stopped, so a cancelled caller waits for it.

    Starlette's `run_in_threadpool` abandons the thread, which could recreate what was just cleaned up.
    """
    return await shield_until_done(
        asyncio.get_running_loop().run_in_executor(None, partial(work, *args, **kwargs))
    )
