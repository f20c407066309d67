"""Contract of the locks. tests/coordination/locks/test_contract.py holds each implementation to it."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol


class DistributedLock(Protocol):
    """Lock between processes, by key, with a bounded wait.

    It only saves work and does not guarantee exclusion: if a process dies or hangs, two may hold the same lock. Do
    not acquire a second lock while holding one: two processes could wait for each other.
    """

    def acquire(self, key: str) -> AbstractAsyncContextManager[bool]:
        """Hold the lock. Yields True if another process held it just before and may have done the work.

        Raises Busy.
        """
