"""Notifier within one process."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class MemoryListener:
    """Implements `Listener`."""

    def __init__(self) -> None:
        self.rung = asyncio.Event()

    async def wait(self, timeout: float) -> bool:
        try:
            async with asyncio.timeout(timeout):
                await self.rung.wait()
        except TimeoutError:
            return False
        self.rung.clear()
        return True


class MemoryNotifier:
    """Implements `Notifier`."""

    def __init__(self) -> None:
        self._listeners: defaultdict[str, set[MemoryListener]] = defaultdict(set)

    async def notify(self, topic: str) -> None:
        self.wake(topic)

    def wake(self, topic: str) -> None:
        for listener in self._listeners.get(topic, ()):
            listener.rung.set()

    def wake_all(self) -> None:
        for topic in self._listeners:
            self.wake(topic)

    @asynccontextmanager
    async def subscribe(self, topic: str) -> AsyncIterator[MemoryListener]:
        listener = MemoryListener()
        self._listeners[topic].add(listener)
        try:
            yield listener
        finally:
            self._listeners[topic].discard(listener)
            if not self._listeners[topic]:
                del self._listeners[topic]
