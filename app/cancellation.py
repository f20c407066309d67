"""Work that must not stop half way because the one who asked has gone."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def shield_until_done(work: Awaitable[T]) -> T:
    """What `work` gives. If the caller is cancelled meanwhile, `work` ends first; then the cancellation goes on."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled:
        if not task.cancelled():
            task.exception()  # seen, so that the loop does not report it as lost
        raise cancelled
    return task.result()


async def in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Does blocking work off the event loop, to its end: a thread can't be stopped, so who is cancelled waits for it.

    Starlette's `run_in_threadpool` leaves the thread behind, which then goes on making what was just cleaned up.
    """
    return await shield_until_done(
        asyncio.get_running_loop().run_in_executor(None, partial(work, *args, **kwargs))
    )
