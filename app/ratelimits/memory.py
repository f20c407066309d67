"""Rate limits of one process."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from app.ratelimits import package
from app.ratelimits.base import Allowance, WindowStats, refusal
from app.ratelimits.policies import Policy, Window

if TYPE_CHECKING:
    from limits import RateLimitItem
    from limits.aio.strategies import FixedWindowRateLimiter

    from app.ratelimits.counters import CounterStorage


class MemoryLimiter:
    """Limiter in memory. Nothing it awaits yields to another task, which makes each call atomic."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._items: dict[Policy, list[tuple[Window, RateLimitItem]]] = {}

    async def consume(self, policy: Policy, key: str, cost: int = 1) -> Allowance | None:
        if not policy.windows:
            return None
        items, now = self._items_of(policy), self._freeze_clock()
        lacking = [each for each in items if not await self._fixed.test(each[1], policy.name, key, cost=cost)]
        if lacking:
            raise refusal(key, await self._stats(policy, lacking, key), now)
        for _, item in items:
            await self._fixed.hit(item, policy.name, key, cost=cost)
        return Allowance(policy, await self._stats(policy, items, key))

    async def peek(self, policy: Policy, key: str) -> Allowance | None:
        if not policy.windows:
            return None
        self._freeze_clock()
        return Allowance(policy, await self._stats(policy, self._items_of(policy), key))

    async def _stats(
        self, policy: Policy, items: Sequence[tuple[Window, "RateLimitItem"]], who: str
    ) -> tuple[WindowStats, ...]:
        left = []
        for window, item in items:
            resets_at, remaining = await self._fixed.get_window_stats(item, policy.name, who)
            left.append(WindowStats(policy, window, remaining, datetime.fromtimestamp(resets_at, UTC)))
        return tuple(left)

    def _freeze_clock(self) -> datetime:
        now = self._clock()
        self._counters.now = now.timestamp()
        return now

    def _items_of(self, policy: Policy) -> list[tuple[Window, "RateLimitItem"]]:
        if policy not in self._items:
            package.load()
            from app.ratelimits.counters import WindowItem

            self._items[policy] = [
                (window, WindowItem(window.amount, window.period)) for window in policy.windows
            ]
        return self._items[policy]

    @cached_property
    def _counters(self) -> "CounterStorage":
        package.load()
        from app.ratelimits.counters import CounterStorage

        return CounterStorage()

    @cached_property
    def _fixed(self) -> "FixedWindowRateLimiter":
        package.load()
        from limits.aio.strategies import FixedWindowRateLimiter

        return FixedWindowRateLimiter(self._counters)
