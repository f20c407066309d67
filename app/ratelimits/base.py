"""What a limiter promises. Each implementation passes tests/ratelimits/test_contract.py first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Protocol

from app.errors import RateLimited
from app.ratelimits.policies import Policy, Window


@dataclass(frozen=True, slots=True)
class WindowStats:
    """What is left of a window, and when (UTC) all of it is back: now, where nothing was spent of it."""

    policy: Policy
    window: Window
    remaining: int
    resets_at: datetime


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of a policy: of each of its windows, and of the one with the least left."""

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
    """Counts what each has spent of each policy, in fixed windows.

    Every `who` has counters of their own in every policy. A window begins with the first that is spent in it and is
    whole again when its period is over. However many spend at once, no more goes through than each window has.
    """

    async def consume(self, policy: Policy, key: str, cost: int = 1) -> Allowance | None:
        """Takes `cost` from all windows, or from none, and gives what is left then; None for a policy that is off.

        Raises RateLimited where a window has less left: `retry_after` seconds later there is enough in all of them
        for whoever spends first.
        """

    async def peek(self, policy: Policy, key: str) -> Allowance | None:
        """What is left, with nothing spent; None for a policy that is off."""


def most_restrictive(windows: Iterable[WindowStats]) -> WindowStats:
    """The window with the least left; of several such the one that is the last to come back."""
    return min(windows, key=lambda left: (left.remaining, -left.resets_at.timestamp()))


def refusal(who: str, lacking: Sequence[WindowStats], now: datetime) -> RateLimited:
    """The error to raise where there is too little in the windows `lacking`."""
    last = max(lacking, key=lambda left: left.resets_at)
    return RateLimited(
        policy=last.policy.name,
        who=who,
        limit=last.window.amount,
        period=last.window.period,
        remaining=last.remaining,
        retry_after=max(1, ceil((last.resets_at - now).total_seconds())),
    )
