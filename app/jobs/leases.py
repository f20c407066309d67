"""Leases in the database, for work that one process does at a time, on any number of machines.

    async with hold_lease("sweep", clock=services.clock, duration=timedelta(minutes=2)) as lease:
        for batch in work:
            await lease.extend()
            ...

The lease of a process that dies expires. The clocks of the machines must agree to within a fraction of `duration`. A
process that was suspended may continue after its lease, so work under a lease must be harmless when done twice.
"""

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from app.cancellation import shield_until_done
from app.models import Lease

EXPIRED = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


class LeaseTaken(Exception):
    """Another process holds the lease, until `until` at the latest."""

    def __init__(self, name: str, until: datetime) -> None:
        super().__init__(f"Another process has the lease {name!r} until {until}")
        self.until = until


class LeaseLost(Exception):
    """The lease expired before it was extended, and another process holds it now."""


class HeldLease:
    """A lease held by this process."""

    def __init__(self, name: str, *, clock: Callable[[], datetime], duration: timedelta) -> None:
        self.name = name
        self._holder = secrets.token_hex(16)
        self._clock = clock
        self._duration = duration
        self._until = EXPIRED

    async def acquire(self) -> None:
        """Acquire the lease. Raises LeaseTaken."""
        if not await self._claim():
            await Lease.bulk_create(
                [Lease(name=self.name, holder="", expires_at=EXPIRED)], ignore_conflicts=True
            )
            if not await self._claim():
                raise LeaseTaken(self.name, (await Lease.get(name=self.name)).expires_at)

    async def extend(self) -> None:
        """Extend the lease. Call at least once per half `duration`; one statement in that time. Raises LeaseLost."""
        if self._until - self._clock() < self._duration / 2 and not await self._claim():
            raise LeaseLost(self.name)

    async def release(self, *, done: bool) -> None:
        noted = {"done_at": self._clock()} if done else {}
        await Lease.filter(name=self.name, holder=self._holder).update(holder="", expires_at=EXPIRED, **noted)

    async def _claim(self) -> bool:
        until = self._clock() + self._duration
        open_to_us = Lease.open_to(self._holder, self.name, self._clock())
        if not await open_to_us.update(holder=self._holder, expires_at=until):
            return False
        self._until = until
        return True


@asynccontextmanager
async def hold_lease(
    name: str, *, clock: Callable[[], datetime], duration: timedelta
) -> AsyncIterator[HeldLease]:
    """Hold a lease until the block ends. If the block does not raise, its work counts as completed.

    Raises LeaseTaken.
    """
    lease = HeldLease(name, clock=clock, duration=duration)
    done = False
    try:
        await lease.acquire()
        yield lease
        done = True
    finally:
        await shield_until_done(lease.release(done=done))


async def last_completed(name: str) -> datetime | None:
    """Return when the work was last completed by any process."""
    lease = await Lease.get_or_none(name=name)
    return lease.done_at if lease else None
