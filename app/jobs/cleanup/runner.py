"""When a round is made, and by whom: one process at a time."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import TypeAlias

from app.context import Services
from app.jobs import leases
from app.jobs.cleanup.report import Report
from app.jobs.cleanup.run import Round
from app.jobs.cleanup.steps import STEPS
from app.jobs.leases import Lost, Taken, leased
from app.storage.base import Amount

log = logging.getLogger("pichub.sweep")

LEASE = "sweep"
LASTING = timedelta(minutes=5)
FIRST = 60.0
EVERY = 3600.0
JITTER = 0.1
LATELY = timedelta(seconds=0.8 * EVERY)

Steps: TypeAlias = Mapping[str, Callable[[Round], Awaitable[Amount]]]


async def run(
    services: Services,
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    jitter: Callable[[float, float], float] = random.uniform,
) -> None:
    """Sweeps every hour, for ever: of all processes that run this, one an hour."""
    await sleep(FIRST)
    while True:
        await sweep_if_due(services)
        await sleep(EVERY * jitter(1 - JITTER, 1 + JITTER))


async def sweep_if_due(services: Services, *, steps: Steps = STEPS) -> Report | None:
    """Sweeps, unless another process does, or someone did lately."""
    done = await leases.last_done(LEASE)
    if done is not None and services.clock() - done < LATELY:
        return None
    try:
        report = await sweep(services, steps=steps)
    except (Taken, Lost) as error:
        log.info("no sweep: %s", error)
        return None
    log.info("swept: %s", report)
    for name, failure in report.failed.items():
        log.error("the sweep of %s failed", name, exc_info=failure)
    if report.held_back:
        log.warning("the sweep left what has no row: %s", report.held_back)
    return report


async def sweep(services: Services, *, force: bool = False, steps: Steps = STEPS) -> Report:
    """Removes what nobody needs. With `force`, originals without a row go however many they are. Raises Taken, Lost."""
    async with leased(LEASE, clock=services.clock, lasting=LASTING) as lease:
        this = Round(services=services, now=services.clock(), extend=lease.extend, force=force)
        return await _all(this, steps)


async def look(services: Services, *, force: bool = False, steps: Steps = STEPS) -> Report:
    """What `sweep` would remove now. Changes nothing."""

    async def nobody_minds() -> None: ...

    this = Round(services=services, now=services.clock(), extend=nobody_minds, dry=True, force=force)
    return await _all(this, steps)


async def _all(this: Round, steps: Steps) -> Report:
    removed: dict[str, Amount] = {}
    failed: dict[str, Exception] = {}
    for name, step in steps.items():
        try:
            removed[name] = await step(this)
        except Lost:
            raise
        except Exception as error:  # a folder that can't be read must not keep the rest from being swept
            failed[name] = error
    return Report(removed=removed, failed=failed, held_back=this.held_back)
