"""Checks of the engines: reachable, supported version, and consistent data."""

import asyncio
from collections.abc import AsyncIterator

from app.cli.checks.findings import Finding
from app.context import Services
from app.db import state
from app.errors import DatabaseUnreachable
from app.jobs import heartbeat
from app.jobs.cleanup import audit
from app.observability.health import Check, NotReady
from app.observability.logging import mask_passwords
from app.storage import probe
from app.storage.base import Storage
from app.webhooks import backlog

DEADLINE_SECONDS = 10.0
"""Time for an engine to respond, more than for readiness."""
MAX_LAG_SECONDS = 300.0
"""Maximum age of an event that has not been relayed."""
SKEW, MUCH_SKEW = 2.0, 30.0
"""Tolerated difference between the clocks of database and server: leases and signatures depend on time."""


async def check_engine(check: Check) -> Finding:
    """Check that an engine responds, as readiness does, and report its version."""
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            await check.run()
            version = await check.describe() if check.describe else "answers"
    except TimeoutError:
        return Finding.problem(check.name, f"no response within {DEADLINE_SECONDS:g} s", _look_at(check.name))
    except Exception as error:
        return Finding.problem(check.name, error_text(error), _look_at(check.name))
    return Finding.ok(check.name, version)


async def storage(check: Check, storage: Storage) -> Finding:
    """Check that an object can be put, read and deleted."""
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            await probe.round_trip(storage)
            where = f" in {await check.describe()}" if check.describe else ""
    except Exception as error:
        return Finding.problem(
            check.name, f"an object can't be put and read: {error_text(error)}", _look_at(check.name)
        )
    return Finding.ok(check.name, f"an object was put, read and removed{where}")


async def rows(services: Services) -> AsyncIterator[Finding]:
    """Check the open, migrated database."""
    for look in (_clock, _worker, _relay, _unowned, _lost):
        try:
            yield await look(services)
        except Exception as error:
            yield Finding.problem(
                look.__name__.strip("_"), error_text(error), "look at the database's own log"
            )


async def _clock(services: Services) -> Finding:
    began = services.clock()
    theirs = await state.now()
    took = services.clock() - began
    skew = abs((theirs - (began + took / 2)).total_seconds())
    said = f"the database's clock and ours differ by {skew:.1f} s"
    if skew > MUCH_SKEW:
        return Finding.problem("clock", said, "let both machines follow a time server")
    if skew > SKEW:
        return Finding.warning("clock", said, "let both machines follow a time server")
    return Finding.ok("clock", said)


async def _worker(services: Services) -> Finding:
    silence = await heartbeat.seconds_since(services.clock())
    if silence is not None and silence < heartbeat.MISSED_AFTER.total_seconds():
        return Finding.ok("worker", f"one said {silence:.0f} s ago that it runs")
    said = "none has run yet" if silence is None else f"none has been heard of for {silence / 60:.0f} minutes"
    if services.settings.worker == "external":
        return Finding.problem(
            "worker",
            f"{said}: webhooks hear nothing, nothing is swept",
            "run 'pichub worker' beside the servers",
        )
    return Finding.ok("worker", f"{said}; it runs inside each server")


async def _relay(services: Services) -> Finding:
    lag, pending = await backlog.lag(services.clock()), await backlog.pending()
    owed = f"{pending:,} deliveries are owed to webhooks"
    if lag > MAX_LAG_SECONDS:
        return Finding.warning(
            "webhooks", f"an event has waited for {lag / 60:.0f} minutes, {owed}", "see that a worker runs"
        )
    return Finding.ok("webhooks", owed)


async def _unowned(services: Services) -> Finding:
    found = await audit.orphaned_objects(services)
    said = f"{found.count:,} of {found.checked:,} originals looked at have no row"
    if found.count:
        return Finding.warning(
            "orphans",
            said,
            "the sweep removes them; if they are many, read 'When the database is not the right one'",
        )
    return Finding.ok("orphans", said)


async def _lost(services: Services) -> Finding:
    found = await audit.missing_objects(services)
    said = f"{found.count:,} of {found.checked:,} images looked at have no bytes"
    if found.count:
        return Finding.problem(
            "lost pictures", f"{said}, such as {found.example}", "restore the storage from its backup"
        )
    return Finding.ok("lost pictures", said)


def error_text(error: BaseException) -> str:
    """Return an engine's message if it adds information, without passwords."""
    if isinstance(error, (DatabaseUnreachable, NotReady)) and error.__cause__ is not None:
        error = error.__cause__
    text = " ".join(str(error).split())[:300]
    return mask_passwords(f"{type(error).__name__}: {text}" if text else type(error).__name__)


def _look_at(name: str) -> str:
    setting = {
        "database": "PICHUB_DATABASE_URL",
        "storage": "PICHUB_STORAGE_URL",
        "redis": "PICHUB_REDIS_URL",
    }
    if name not in setting:
        return "look at the server's log"
    return f"see that it runs and may be reached from here, and what {setting[name]} says, if it is set"
