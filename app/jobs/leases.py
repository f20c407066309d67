"""Work that one process does at a time, on however many machines: leases in the database.

    async with leased("sweep", clock=services.clock, duration=timedelta(minutes=2)) as lease:
        for batch in work:
            await lease.extend()
            ...

A process that dies leaves its lease to run out. Clocks of machines must agree to within a part of `lasting`; and as one
that was held up may come back after its time, work under a lease must do no harm when two do it.
"""

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from app.cancellation import shield_until_done
from app.models import Lease

EXPIRED = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


class LeaseTaken(Exception):
    """Another process has the lease, `until` then at the latest."""

    def __init__(self, name: str, until: datetime) -> None:
        super().__init__(f"Another process has the lease {name!r} until {until}")
        self.until = until


class LeaseLost(Exception):
    """The lease ran out before it was extended, and another process has it now."""


class HeldLease:
    """A lease that this process has."""

    def __init__(self, name: str, *, clock: Callable[[], datetime], duration: timedelta) -> None:
        self.name = name
        self._holder = secrets.token_hex(16)
        self._clock = clock
        self._duration = duration
        self._until = EXPIRED

    async def acquire(self) -> None:
        """Raises Taken."""
        if not await self._claim():
            await Lease.bulk_create(
                [Lease(name=self.name, holder="", expires_at=EXPIRED)], ignore_conflicts=True
            )
            if not await self._claim():
                raise LeaseTaken(self.name, (await Lease.get(name=self.name)).expires_at)

    async def extend(self) -> None:
        """To be called at least once in each half of `lasting`; costs a statement once in that time. Raises Lost."""
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
    """Holds a lease to the end of the block. If the block does not raise, its work counts as done. Raises Taken."""
    lease = HeldLease(name, clock=clock, duration=duration)
    done = False
    try:
        await lease.acquire()
        yield lease
        done = True
    finally:
        await shield_until_done(lease.release(done=done))


async def last_completed(name: str) -> datetime | None:
    """When the work was last brought to its end, by anyone."""
    lease = await Lease.get_or_none(name=name)
    return lease.done_at if lease else None
