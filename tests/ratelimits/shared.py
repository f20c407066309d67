"""Limiter shared by processes through a locked file: a second implementation of the contract."""

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

    async def consume(self, policy: Policy, key: str, cost: int = 1) -> Allowance | None:
        if not policy.windows:
            return None
        now = self._clock()
        with self._counters(now) as counters:
            lacking = [each for each in _stats(counters, policy, key, now) if each.remaining < cost]
            if lacking:
                raise refusal(key, lacking, now)
            for window in policy.windows:
                counter = counters.setdefault(
                    _counter_key(policy, window, key), [0, now.timestamp() + window.period]
                )
                counter[0] += cost
            return Allowance(policy, _stats(counters, policy, key, now))

    async def peek(self, policy: Policy, key: str) -> Allowance | None:
        now = self._clock()
        with self._counters(now) as counters:
            return Allowance(policy, _stats(counters, policy, key, now)) if policy.windows else None

    @contextmanager
    def _counters(self, now: datetime) -> Iterator[dict[str, Any]]:
        with self._path.open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            stored = json.loads(file.read() or "{}")
            counters = {key: each for key, each in stored.items() if each[1] > now.timestamp()}
            yield counters
            file.truncate(0)
            file.write(json.dumps(counters))


def _stats(counters: dict[str, Any], policy: Policy, key: str, now: datetime) -> tuple[WindowStats, ...]:
    stats = []
    for window in policy.windows:
        count, ends = counters.get(_counter_key(policy, window, key), (0, now.timestamp()))
        stats.append(WindowStats(policy, window, window.amount - count, datetime.fromtimestamp(ends, UTC)))
    return tuple(stats)


def _counter_key(policy: Policy, window: Window, key: str) -> str:
    return f"{policy.name} {window.amount} {window.period} {key}"
