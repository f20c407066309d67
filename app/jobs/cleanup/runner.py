"""Schedule of the cleanup: one process at a time."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import TypeAlias

from app.jobs import leases
from app.jobs.cleanup.report import CleanupReport
from app.jobs.cleanup.run import CleanupRun, CleanupServices
from app.jobs.cleanup.steps import STEPS
from app.jobs.leases import LeaseLost, LeaseTaken, hold_lease
from app.storage.base import StorageTotals

log = logging.getLogger("pichub.sweep")

LEASE_NAME = "sweep"
LEASE_DURATION = timedelta(minutes=5)
FIRST_DELAY_SECONDS = 60.0
INTERVAL_SECONDS = 3600.0
JITTER = 0.1
MIN_INTERVAL = timedelta(seconds=0.8 * INTERVAL_SECONDS)

Steps: TypeAlias = Mapping[str, Callable[[CleanupRun], Awaitable[StorageTotals]]]


async def run(
    services: CleanupServices,
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    jitter: Callable[[float, float], float] = random.uniform,
) -> None:
    """Clean up every hour until cancelled: once per hour across all processes."""
    await sleep(FIRST_DELAY_SECONDS)
    while True:
        await clean_up_if_due(services)
        await sleep(INTERVAL_SECONDS * jitter(1 - JITTER, 1 + JITTER))


async def clean_up_if_due(services: CleanupServices, *, steps: Steps = STEPS) -> CleanupReport | None:
    """Clean up unless another process does so now or did recently."""
    done = await leases.last_completed(LEASE_NAME)
    if done is not None and services.clock() - done < MIN_INTERVAL:
        return None
    try:
        report = await clean_up(services, steps=steps)
    except (LeaseTaken, LeaseLost) as error:
        log.info("no sweep: %s", error)
        return None
    log.info("swept: %s", report)
    for name, failure in report.failed.items():
        log.error("the sweep of %s failed", name, exc_info=failure)
    if report.withheld:
        log.warning("the sweep left what has no row: %s", report.withheld)
    return report


async def clean_up(services: CleanupServices, *, force: bool = False, steps: Steps = STEPS) -> CleanupReport:
    """Remove unused data. With `force`, orphans are removed regardless of their number.

    Raises LeaseTaken, LeaseLost.
    """
    async with hold_lease(LEASE_NAME, clock=services.clock, duration=LEASE_DURATION) as lease:
        this = CleanupRun(services=services, now=services.clock(), extend=lease.extend, force=force)
        return await _run_steps(this, steps)


async def dry_run(services: CleanupServices, *, force: bool = False, steps: Steps = STEPS) -> CleanupReport:
    """Return what `clean_up` would remove now, without changing anything."""

    async def nobody_minds() -> None: ...

    this = CleanupRun(services=services, now=services.clock(), extend=nobody_minds, dry_run=True, force=force)
    return await _run_steps(this, steps)


async def _run_steps(this: CleanupRun, steps: Steps) -> CleanupReport:
    removed: dict[str, StorageTotals] = {}
    failed: dict[str, Exception] = {}
    for name, step in steps.items():
        try:
            removed[name] = await step(this)
        except LeaseLost:
            raise
        except Exception as error:  # an unreadable folder must not stop the other steps
            failed[name] = error
    return CleanupReport(removed=removed, failed=failed, withheld=this.withheld)
