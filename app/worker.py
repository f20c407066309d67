"""What goes on behind the requests: named loops, inside the server or in a process of their own."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from app.context import Services
from app.shift import Shift
from app.sweep import sweeping

log = logging.getLogger("pichub.worker")

PATIENCE = 10.0
"""Seconds that what is in hand may take when the worker stops."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0

Loop: TypeAlias = Callable[[Services], Awaitable[None]]
Sleep: TypeAlias = Callable[[float], Awaitable[None]]

LOOPS: Mapping[str, Loop] = {
    "sweep": sweeping.run,
}
"""Each goes on for ever, and holds by `app.shift.in_hand` what had better be whole when it is stopped."""


async def work(
    services: Services,
    stop: asyncio.Event,
    *,
    loops: Mapping[str, Loop] = LOOPS,
    patience: float = PATIENCE,
    sleep: Sleep = asyncio.sleep,
) -> None:
    """Runs the loops until `stop` is set; then what is in hand ends within `patience` seconds, or is cancelled."""
    async with asyncio.TaskGroup() as group:
        shifts = [
            Shift(group, _again_and_again(name, loop, services, sleep), name=f"pichub-{name}")
            for name, loop in loops.items()
        ]
        await stop.wait()
        for shift in shifts:
            shift.end(patience)


async def _again_and_again(name: str, loop: Loop, services: Services, sleep: Sleep) -> None:
    wait = FIRST_WAIT
    while True:
        began = time.monotonic()
        try:
            await loop(services)
        except Exception:
            log.exception("the loop %s failed", name)
        else:
            log.error("the loop %s came to an end", name)
        if time.monotonic() - began > LONGEST_WAIT:  # it did well for a while
            wait = FIRST_WAIT
        await sleep(wait)
        wait = min(2 * wait, LONGEST_WAIT)
