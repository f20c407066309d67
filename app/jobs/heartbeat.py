"""Worker heartbeat, written every minute. Readiness and metrics use it to tell when no worker runs."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from app.jobs import leases
from app.jobs.leases import LeaseLost, LeaseTaken

LEASE_NAME = "pulse"
INTERVAL_SECONDS = 60.0
MISSED_AFTER = timedelta(seconds=4 * INTERVAL_SECONDS)
"""No worker runs if the last heartbeat is older than this."""


class HasClock(Protocol):
    @property
    def clock(self) -> Callable[[], datetime]: ...


async def run(parts: HasClock) -> None:
    """Write a heartbeat now and every minute, until cancelled."""
    while True:
        try:
            async with leases.hold_lease(
                LEASE_NAME, clock=parts.clock, duration=timedelta(seconds=INTERVAL_SECONDS)
            ):
                pass
        except (LeaseTaken, LeaseLost):  # another worker writes it at this moment
            pass
        await asyncio.sleep(INTERVAL_SECONDS)


async def seconds_since(now: datetime) -> float | None:
    """Return the seconds since the last heartbeat of any worker; None if there was none."""
    heard = await leases.last_completed(LEASE_NAME)
    return max(0.0, (now - heard).total_seconds()) if heard else None
