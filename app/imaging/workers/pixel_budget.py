"""Weighted semaphore, first come, first served."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class PixelBudget:
    """A shared amount of pixels. A request for more than the total gets all of it, alone."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._free = total
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @property
    def free(self) -> int:
        return self._free

    @property
    def waiting(self) -> int:
        """Number of waiting requests."""
        return len(self._waiting)

    @asynccontextmanager
    async def reserve(self, amount: int) -> AsyncIterator[None]:
        """Wait for `amount`, after all earlier requests, and release it at the end of the block."""
        amount = min(amount, self._total)
        await self._acquire(amount)
        try:
            yield
        finally:
            self._free += amount
            self._serve()

    async def _acquire(self, amount: int) -> None:
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((amount, granted))
        self._serve()
        try:
            await granted
        except asyncio.CancelledError:
            if granted.done() and not granted.cancelled():
                self._free += amount
            self._serve()
            raise

    def _serve(self) -> None:
        while self._waiting:
            amount, granted = self._waiting[0]
            if granted.cancelled():
                self._waiting.popleft()
            elif amount <= self._free:
                self._waiting.popleft()
                self._free -= amount
                granted.set_result(None)
            else:
                return
