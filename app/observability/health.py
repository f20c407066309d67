"""Readiness: checks of everything that the process depends on, each with a deadline."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from app.observability.logging import mask_passwords

log = logging.getLogger("pichub.health")

DEADLINE_SECONDS = 1.0
"""Maximum duration of a check."""
CACHE_SECONDS = 1.0
"""Lifetime of a result: frequent requests must not load the engines."""


@dataclass(frozen=True, slots=True)
class Check:
    """A named check. `run` returns if the dependency works, and raises otherwise."""

    name: str
    run: Callable[[], Awaitable[object]]
    describe: Callable[[], Awaitable[str]] | None = None
    """Returns name and version, for `pichub doctor`."""
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
    def is_ok(self) -> bool:
        return self.problem is None


@dataclass(frozen=True, slots=True)
class HealthReport:
    """Results of all checks. While `stopping`, no new requests should be sent here."""

    stopping: bool
    results: Mapping[str, CheckResult]

    @property
    def is_ready(self) -> bool:
        return not self.stopping and all(each.is_ok for each in self.results.values() if each.is_needed)


@dataclass(kw_only=True)
class Health:
    """Runs all `checks` concurrently. A running check is shared, not repeated."""

    checks: Sequence[Check]
    deadline: float = DEADLINE_SECONDS
    now: Callable[[], float] = time.monotonic
    _running: dict[str, "asyncio.Task[None]"] = field(default_factory=dict)
    _results: Mapping[str, CheckResult] = field(default_factory=dict)
    _current_report: "asyncio.Task[None] | None" = None
    _expires_at: float = float("-inf")
    _stopping: bool = False

    def stop(self) -> None:
        """Report from now on that the process is stopping."""
        self._stopping = True

    async def report(self) -> HealthReport:
        """Return the results, at most a second old."""
        if self.now() >= self._expires_at:
            if self._current_report is None or self._current_report.done():
                self._current_report = asyncio.create_task(self._run_all())
            await asyncio.shield(self._current_report)
        return HealthReport(self._stopping, self._results)

    async def close(self) -> None:
        """End running checks."""
        tasks = [*self._running.values(), *([self._current_report] if self._current_report else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run_all(self) -> None:
        results = await asyncio.gather(*map(self._run_check, self.checks))
        self._results = {check.name: result for check, result in zip(self.checks, results, strict=True)}
        self._expires_at = self.now() + CACHE_SECONDS

    async def _run_check(self, check: Check) -> CheckResult:
        started_at = time.perf_counter()
        task = self._running.get(check.name)
        if task is None or task.done():
            task = self._running[check.name] = asyncio.create_task(_run(check))
        await asyncio.wait([task], timeout=self.deadline)
        problem = _problem(task, self.deadline)
        if problem is not None and self._was_ok(check.name):
            log.warning("%s is not ready: %s", check.name, _error_text(task) or problem)
        if problem is None and not self._was_ok(check.name):
            log.info("%s is ready again", check.name)
        return CheckResult(problem, round((time.perf_counter() - started_at) * 1000, 1), check.is_needed)

    def _was_ok(self, name: str) -> bool:
        last = self._results.get(name)
        return last is None or last.is_ok


async def _run(check: Check) -> None:
    await check.run()


def _problem(task: "asyncio.Task[None]", deadline: float) -> str | None:
    if not task.done():
        return f"no response within {deadline:g} s"
    error = None if task.cancelled() else task.exception()
    match error:
        case None:
            return None
        case NotReady():
            return str(error)
        case TimeoutError():
            return "no response in time"
        case ConnectionError():
            return "unreachable"
        case PermissionError():
            return "access denied"
    return "failed; see the log"


def _error_text(task: "asyncio.Task[None]") -> str:
    """Return the error for the log, which may have more detail than the response, but no passwords."""
    error = task.exception() if task.done() and not task.cancelled() else None
    return mask_passwords(f"{type(error).__name__}: {error}") if error else ""
