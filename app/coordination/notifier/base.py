"""The contract of a bell: it tells those who wait that there may be something to look for, and nothing else.

What there is stands in the database. So a ring that is lost costs time and no more: whoever waits looks now and then
by himself. `tests/coordination/notifier` holds each implementation to this.
"""

from contextlib import AbstractAsyncContextManager
from typing import Protocol


class Listener(Protocol):
    """One who listens to one topic. For one task at a time."""

    async def wait(self, timeout: float) -> bool:
        """Waits for a ring, `timeout` seconds at most, and says whether there was one.

        Rings since the last wait count, all of them as one.
        """


class Notifier(Protocol):
    """Rings and listeners by topic, safe for any number of tasks at once."""

    async def notify(self, topic: str) -> None:
        """Wakes all who listen to the topic. Does not wait for them, and raises nothing: a ring may be lost."""

    def subscribe(self, topic: str) -> AbstractAsyncContextManager[Listener]:
        """A listener that misses no ring from the start of the block to its end."""
