"""How a loop that runs beside the server is told to stop: what is in hand may end, nothing new begins.

    async with in_hand():
        ...  # a piece of work that had better be whole

Outside of such a block a loop is cancelled as soon as the worker stops.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from contextvars import ContextVar, copy_context
from typing import Any

_SHIFT: ContextVar["Shift"] = ContextVar("shift")


class Shift:
    """One loop's time at work. Tasks that it makes belong to it."""

    def __init__(self, group: asyncio.TaskGroup, loop: Coroutine[Any, Any, None], *, name: str) -> None:
        context = copy_context()
        context.run(_SHIFT.set, self)
        self._in_hand = 0
        self._ending = False
        self._task = group.create_task(loop, name=name, context=context)

    def end(self, patience: float) -> None:
        """Cancels the loop when nothing is in hand any more, and in any case after `patience` seconds."""
        self._ending = True
        asyncio.get_running_loop().call_later(patience, self._task.cancel)
        self._leave_if_idle()

    async def take(self) -> None:
        if self._ending:
            await asyncio.Event().wait()  # the cancel is on its way
        self._in_hand += 1

    def put_down(self) -> None:
        self._in_hand -= 1
        self._leave_if_idle()

    def _leave_if_idle(self) -> None:
        if self._ending and not self._in_hand:
            self._task.cancel()


@asynccontextmanager
async def in_hand() -> AsyncIterator[None]:
    """Around a piece of work that a stop waits for. Outside of a worker it does nothing."""
    shift = _SHIFT.get(None)
    if shift is None:
        yield
        return
    await shift.take()
    try:
        yield
    finally:
        shift.put_down()
