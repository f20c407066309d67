"""That a worker runs somewhere: it says so every minute, for those who would miss it."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from app.jobs import leases
from app.jobs.leases import Lost, Taken

NAME = "pulse"
EVERY = 60.0
MISSED = timedelta(seconds=4 * EVERY)
"""After so long without a word no worker runs."""


class Parts(Protocol):
    @property
    def clock(self) -> Callable[[], datetime]: ...


async def run(parts: Parts) -> None:
    """Says so at once, and each minute again, until it is cancelled."""
    while True:
        try:
            async with leases.leased(NAME, clock=parts.clock, lasting=timedelta(seconds=EVERY)):
                pass
        except (Taken, Lost):  # another says it this very moment
            pass
        await asyncio.sleep(EVERY)


async def silence(now: datetime) -> float | None:
    """Seconds since a worker last said so; None where none ever did."""
    heard = await leases.last_done(NAME)
    return max(0.0, (now - heard).total_seconds()) if heard else None
