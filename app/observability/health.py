"""Whether this process can do its work: each part that it stands on, asked under a deadline."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from app.observability.logging import masked

log = logging.getLogger("pichub.health")

DEADLINE = 1.0
"""Seconds that a part may take to answer."""
REMEMBERED = 1.0
"""Seconds for which an answer stands: whoever may ask must not be able to load the engines by it."""


@dataclass(frozen=True, slots=True)
class Check:
    """A part by its name, and what asks it: it returns where all is well, and raises where it is not.

    Check("database", ready.answers)
    """

    name: str
    ask: Callable[[], Awaitable[object]]
    about: Callable[[], Awaitable[str]] | None = None
    """Which it is, in which version, for `pichub doctor`."""
    is_needed: bool = True
    """Whether the process is not ready without it."""


class NotReady(Exception):
    """A part answers and says that it can't be worked with. The text is ours: everybody may read it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """How a part is: `problem` is None where it is well, else a few words that tell nothing of where it stands."""

    problem: str | None
    ms: float
    is_needed: bool = True

    @property
    def is_well(self) -> bool:
        return self.problem is None


@dataclass(frozen=True, slots=True)
class Report:
    """How the parts are. Where the process is `stopping`, no new work should come, however they are."""

    stopping: bool
    parts: Mapping[str, Finding]

    @property
    def is_ready(self) -> bool:
        return not self.stopping and all(part.is_well for part in self.parts.values() if part.is_needed)


@dataclass(kw_only=True)
class Health:
    """Asks all `checks` at once. A check that has not ended is not begun again: who asks next waits for the same."""

    checks: Sequence[Check]
    deadline: float = DEADLINE
    now: Callable[[], float] = time.monotonic
    _asking: dict[str, "asyncio.Task[None]"] = field(default_factory=dict)
    _last: Mapping[str, Finding] = field(default_factory=dict)
    _round: "asyncio.Task[Mapping[str, Finding]] | None" = None
    _until: float = float("-inf")
    _stopping: bool = False

    def stop(self) -> None:
        """From now on nothing new should be sent here."""
        self._stopping = True

    @property
    def is_stopping(self) -> bool:
        return self._stopping

    async def report(self) -> Report:
        """How the parts are now, or were within the last second."""
        if self.now() >= self._until:
            if self._round is None or self._round.done():
                self._round = asyncio.create_task(self._ask_all())
            await asyncio.shield(self._round)
        return Report(self._stopping, self._last)

    async def close(self) -> None:
        """Ends what is under way."""
        tasks = [*self._asking.values(), *([self._round] if self._round else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask_all(self) -> Mapping[str, Finding]:
        found = await asyncio.gather(*map(self._ask, self.checks))
        self._last = {check.name: finding for check, finding in zip(self.checks, found, strict=True)}
        self._until = self.now() + REMEMBERED
        return self._last

    async def _ask(self, check: Check) -> Finding:
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
        return Finding(problem, round((time.perf_counter() - began) * 1000, 1), check.is_needed)

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
    """What the log may say, and a client may not: without passwords all the same."""
    error = task.exception() if task.done() and not task.cancelled() else None
    return masked(f"{type(error).__name__}: {error}") if error else ""
