"""Readiness: checks of everything that the process depends on, each with a deadline."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from app.observability.logging import masked

log = logging.getLogger("pichub.health")

DEADLINE_SECONDS = 1.0
"""Maximum duration of a check."""
CACHE_SECONDS = 1.0
"""Lifetime of a result: frequent requests must not load the engines."""


@dataclass(frozen=True, slots=True)
class Check:
    """A named check. `ask` returns if all is well, and raises otherwise.

    Check("database", ready.answers)
    """

    name: str
    ask: Callable[[], Awaitable[object]]
    about: Callable[[], Awaitable[str]] | None = None
    """Return name and version, for `pichub doctor`."""
    is_needed: bool = True
    """False if the process is ready without it."""


class NotReady(Exception):
    """A dependency responds but can't be used. The text is safe to show to anyone."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Result of a check: `problem` is None, or a short text without internal details."""

    problem: str | None
    ms: float
    is_needed: bool = True

    @property
    def is_well(self) -> bool:
        return self.problem is None


@dataclass(frozen=True, slots=True)
class HealthReport:
    """Results of all checks. While `stopping`, no new requests should be sent here."""

    stopping: bool
    parts: Mapping[str, CheckResult]

    @property
    def is_ready(self) -> bool:
        return not self.stopping and all(part.is_well for part in self.parts.values() if part.is_needed)


@dataclass(kw_only=True)
class Health:
    """Runs all `checks` concurrently. A running check is shared, not repeated."""

    checks: Sequence[Check]
    deadline: float = DEADLINE_SECONDS
    now: Callable[[], float] = time.monotonic
    _asking: dict[str, "asyncio.Task[None]"] = field(default_factory=dict)
    _last: Mapping[str, CheckResult] = field(default_factory=dict)
    _round: "asyncio.Task[Mapping[str, CheckResult]] | None" = None
    _until: float = float("-inf")
    _stopping: bool = False

    def stop(self) -> None:
        """Report from now on that the process is stopping."""
        self._stopping = True

    @property
    def is_stopping(self) -> bool:
        return self._stopping

    async def report(self) -> HealthReport:
        """Return the results, at most a second old."""
        if self.now() >= self._until:
            if self._round is None or self._round.done():
                self._round = asyncio.create_task(self._ask_all())
            await asyncio.shield(self._round)
        return HealthReport(self._stopping, self._last)

    async def close(self) -> None:
        """End running checks."""
        tasks = [*self._asking.values(), *([self._round] if self._round else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask_all(self) -> Mapping[str, CheckResult]:
        found = await asyncio.gather(*map(self._ask, self.checks))
        self._last = {check.name: finding for check, finding in zip(self.checks, found, strict=True)}
        self._until = self.now() + CACHE_SECONDS
        return self._last

    async def _ask(self, check: Check) -> CheckResult:
        began = time.perf_counter()
        task = self._asking.get(check.name)
        if task is None or task.done():
            task = self._asking[check.name] = asyncio.create_task(_run(check))
        await asyncio.wait([task], timeout=self.deadline)
        problem = _problem(task, self.deadline)
        if problem is not None and self._was_well(check.name):
            log.warning("%s is not ready: %s", check.name, _told(task) or problem)
        if problem is None and not self._was_well(check.name):
            log.info("%s is ready again", check.name)
        return CheckResult(problem, round((time.perf_counter() - began) * 1000, 1), check.is_needed)

    def _was_well(self, name: str) -> bool:
        last = self._last.get(name)
        return last is None or last.is_well


async def _run(check: Check) -> None:
    await check.ask()


def _problem(task: "asyncio.Task[None]", deadline: float) -> str | None:
    if not task.done():
        return f"no answer within {deadline:g} s"
    error = None if task.cancelled() else task.exception()
    match error:
        case None:
            return None
        case NotReady():
            return str(error)
        case TimeoutError():
            return "no answer in time"
        case ConnectionError():
            return "can't be reached"
        case PermissionError():
            return "may not be used"
    return "does not work; the log says why"


def _told(task: "asyncio.Task[None]") -> str:
    """Return the error for the log, which may have more detail than the response, but no passwords."""
    error = task.exception() if task.done() and not task.cancelled() else None
    return masked(f"{type(error).__name__}: {error}") if error else ""
