"""That a worker runs somewhere: it says so every minute, for those who would miss it."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from app.jobs import leases
from app.jobs.leases import LeaseLost, LeaseTaken

LEASE_NAME = "pulse"
INTERVAL_SECONDS = 60.0
MISSED_AFTER = timedelta(seconds=4 * INTERVAL_SECONDS)
"""After so long without a word no worker runs."""


class HasClock(Protocol):
    @property
    def clock(self) -> Callable[[], datetime]: ...


async def run(parts: HasClock) -> None:
    """Says so at once, and each minute again, until it is cancelled."""
    while True:
        try:
            async with leases.hold_lease(
                LEASE_NAME, clock=parts.clock, duration=timedelta(seconds=INTERVAL_SECONDS)
            ):
                pass
        except (LeaseTaken, LeaseLost):  # another says it this very moment
            pass
        await asyncio.sleep(INTERVAL_SECONDS)


async def seconds_since(now: datetime) -> float | None:
    """Seconds since a worker last said so; None where none ever did."""
    heard = await leases.last_completed(LEASE_NAME)
    return max(0.0, (now - heard).total_seconds()) if heard else None
