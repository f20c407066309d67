"""A limiter that processes share: a file under a lock. It shows that the contract can be kept by another."""

import fcntl
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.ratelimits.base import Allowance, WindowStats, refusal
from app.ratelimits.policies import Policy, Window


class FileLimiter:
    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        self._path = path
        self._clock = clock

    async def spend(self, policy: Policy, who: str, cost: int = 1) -> Allowance | None:
        if not policy.windows:
            return None
        now = self._clock()
        with self._counters(now) as counters:
            lacking = [each for each in _left(counters, policy, who, now) if each.remaining < cost]
            if lacking:
                raise refusal(who, lacking, now)
            for window in policy.windows:
                counter = counters.setdefault(_key(policy, window, who), [0, now.timestamp() + window.period])
                counter[0] += cost
            return Allowance(policy, _left(counters, policy, who, now))

    async def look(self, policy: Policy, who: str) -> Allowance | None:
        now = self._clock()
        with self._counters(now) as counters:
            return Allowance(policy, _left(counters, policy, who, now)) if policy.windows else None

    @contextmanager
    def _counters(self, now: datetime) -> Iterator[dict[str, Any]]:
        with self._path.open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            kept = json.loads(file.read() or "{}")
            counters = {key: each for key, each in kept.items() if each[1] > now.timestamp()}
            yield counters
            file.truncate(0)
            file.write(json.dumps(counters))


def _left(counters: dict[str, Any], policy: Policy, who: str, now: datetime) -> tuple[WindowStats, ...]:
    left = []
    for window in policy.windows:
        count, ends = counters.get(_key(policy, window, who), (0, now.timestamp()))
        left.append(WindowStats(policy, window, window.amount - count, datetime.fromtimestamp(ends, UTC)))
    return tuple(left)


def _key(policy: Policy, window: Window, who: str) -> str:
    return f"{policy.name} {window.amount} {window.period} {who}"
