"""What turns promise. Each implementation passes tests/coordination/locks/test_contract.py first."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol


class DistributedLock(Protocol):
    """Turns among processes, each waited for a while at most.

    They save work, and nothing depends on them: where a process dies or hangs, two may have the same turn. Who has a
    turn must not ask for another: the two may wait for each other.
    """

    def acquire(self, key: str) -> AbstractAsyncContextManager[bool]:
        """Whether another had the turn just before, who may have done what is now to do. Raises Busy."""
