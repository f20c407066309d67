"""Contract of the notifier, which tells waiting tasks to look for new work. It carries no payload.

The work itself is in the database, so a lost notification only costs time: listeners also poll. Each implementation
passes `tests/coordination/notifier`.
"""

from contextlib import AbstractAsyncContextManager
from typing import Protocol


class Listener(Protocol):
    """Subscription to one topic, for one task at a time."""

    async def wait(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds. Return True if there was a notification.

        Notifications since the last wait count, all of them as one.
        """


class Notifier(Protocol):
    """Notifications by topic, safe for any number of concurrent tasks."""

    async def notify(self, topic: str) -> None:
        """Wake all listeners of the topic. Returns at once and raises nothing; a notification may be lost."""

    def subscribe(self, topic: str) -> AbstractAsyncContextManager[Listener]:
        """Subscribe until the block ends, without missing a notification in between."""
