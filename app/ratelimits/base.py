"""Contract of a limiter. tests/ratelimits/test_contract.py holds each implementation to it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Protocol

from app.errors import RateLimited
from app.ratelimits.policies import Policy, Window


@dataclass(frozen=True, slots=True)
class WindowStats:
    """Remaining allowance of a window, and when (UTC) it is full again: now, if nothing was consumed."""

    policy: Policy
    window: Window
    remaining: int
    resets_at: datetime


@dataclass(frozen=True, slots=True)
class Allowance:
    """Remaining allowance of a policy: each window, and the most restrictive one."""

    policy: Policy
    windows: tuple[WindowStats, ...]

    @property
    def limit(self) -> int:
        return most_restrictive(self.windows).window.amount

    @property
    def remaining(self) -> int:
        return most_restrictive(self.windows).remaining

    @property
    def resets_at(self) -> datetime:
        return most_restrictive(self.windows).resets_at


class Limiter(Protocol):
    """Counts consumption per policy and key, in fixed windows.

    A window begins with the first consumption and is full again when its period ends. Concurrent calls never exceed a
    window.
    """

    async def consume(self, policy: Policy, key: str, cost: int = 1) -> Allowance | None:
        """Consume `cost` from all windows, or from none, and return the remaining allowance; None if the policy is
        off.

        Raises RateLimited if a window has too little left: `retry_after` seconds later all windows have enough for
        the next caller.
        """

    async def peek(self, policy: Policy, key: str) -> Allowance | None:
        """Return the remaining allowance without consuming; None if the policy is off."""


def most_restrictive(windows: Iterable[WindowStats]) -> WindowStats:
    """Return the window with the least left; among equals the one that resets last."""
    return min(windows, key=lambda left: (left.remaining, -left.resets_at.timestamp()))


def refusal(key: str, lacking: Sequence[WindowStats], now: datetime) -> RateLimited:
    """Return the error to raise when the windows `lacking` have too little left."""
    last = max(lacking, key=lambda left: left.resets_at)
    return RateLimited(
        policy=last.policy.name,
        key=key,
        limit=last.window.amount,
        period=last.window.period,
        remaining=last.remaining,
        retry_after=max(1, ceil((last.resets_at - now).total_seconds())),
    )
