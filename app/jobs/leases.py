"""Work that one process does at a time, on however many machines: leases in the database.

    async with leased("sweep", clock=services.clock, lasting=timedelta(minutes=2)) as lease:
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

from app.cancellation import to_the_end
from app.models import Lease

LONG_AGO = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


class Taken(Exception):
    """Another process has the lease, `until` then at the latest."""

    def __init__(self, name: str, until: datetime) -> None:
        super().__init__(f"Another process has the lease {name!r} until {until}")
        self.until = until


class Lost(Exception):
    """The lease ran out before it was extended, and another process has it now."""


class Held:
    """A lease that this process has."""

    def __init__(self, name: str, *, clock: Callable[[], datetime], lasting: timedelta) -> None:
        self.name = name
        self._holder = secrets.token_hex(16)
        self._clock = clock
        self._lasting = lasting
        self._until = LONG_AGO

    async def take(self) -> None:
        """Raises Taken."""
        if not await self._claim():
            await Lease.bulk_create(
                [Lease(name=self.name, holder="", expires_at=LONG_AGO)], ignore_conflicts=True
            )
            if not await self._claim():
                raise Taken(self.name, (await Lease.get(name=self.name)).expires_at)

    async def extend(self) -> None:
        """To be called at least once in each half of `lasting`; costs a statement once in that time. Raises Lost."""
        if self._until - self._clock() < self._lasting / 2 and not await self._claim():
            raise Lost(self.name)

    async def give_back(self, *, done: bool) -> None:
        noted = {"done_at": self._clock()} if done else {}
        await Lease.filter(name=self.name, holder=self._holder).update(
            holder="", expires_at=LONG_AGO, **noted
        )

    async def _claim(self) -> bool:
        until = self._clock() + self._lasting
        open_to_us = Lease.open_to(self._holder, self.name, self._clock())
        if not await open_to_us.update(holder=self._holder, expires_at=until):
            return False
        self._until = until
        return True


@asynccontextmanager
async def leased(name: str, *, clock: Callable[[], datetime], lasting: timedelta) -> AsyncIterator[Held]:
    """Holds a lease to the end of the block. If the block does not raise, its work counts as done. Raises Taken."""
    lease = Held(name, clock=clock, lasting=lasting)
    done = False
    try:
        await lease.take()
        yield lease
        done = True
    finally:
        await to_the_end(lease.give_back(done=done))


async def last_done(name: str) -> datetime | None:
    """When the work was last brought to its end, by anyone."""
    lease = await Lease.get_or_none(name=name)
    return lease.done_at if lease else None
