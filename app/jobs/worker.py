"""Background work: named loops, run within the server or in a separate process."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from app.context import Services
from app.jobs import heartbeat
from app.jobs.cleanup import runner
from app.observability import logging as logs
from app.webhooks import delivery, relay

log = logging.getLogger("pichub.worker")

STOP_TIMEOUT_SECONDS = 10.0
"""Time for the loops to end when the worker stops."""
MIN_BACKOFF_SECONDS, MAX_BACKOFF_SECONDS = 1.0, 60.0

Loop: TypeAlias = Callable[[Services], Awaitable[None]]
Sleep: TypeAlias = Callable[[float], Awaitable[None]]

LOOPS: Mapping[str, Loop] = {
    "relay": relay.run,
    "delivery": delivery.run,
    "sweep": runner.run,
    "pulse": heartbeat.run,
}
"""The loops. Each runs until cancelled; it then starts nothing new and finishes its current work."""


async def run_loops(
    services: Services,
    stop: asyncio.Event,
    *,
    loops: Mapping[str, Loop] = LOOPS,
    timeout: float = STOP_TIMEOUT_SECONDS,
    sleep: Sleep = asyncio.sleep,
) -> None:
    """Run the loops until `stop` is set. Cancel them then, and once more after `timeout` seconds."""
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(_supervise(name, loop, services, stop, sleep), name=f"pichub-{name}")
            for name, loop in loops.items()
        ]
        await stop.wait()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=timeout)
        for task in tasks:
            task.cancel()


async def _supervise(name: str, loop: Loop, services: Services, stop: asyncio.Event, sleep: Sleep) -> None:
    """Run the loop, and restart it when it fails."""
    wait = MIN_BACKOFF_SECONDS
    while not stop.is_set():
        began = time.monotonic()
        try:
            await loop(services)
        except Exception as error:
            logs.log_failure(log, error, f"the loop {name} failed")
        else:
            log.error("the loop %s came to an end", name)
        if time.monotonic() - began > MAX_BACKOFF_SECONDS:  # the loop worked for a while
            wait = MIN_BACKOFF_SECONDS
        await sleep(wait)
        wait = min(2 * wait, MAX_BACKOFF_SECONDS)
