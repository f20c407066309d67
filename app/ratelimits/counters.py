"""The counters of one process, as a storage of the package limits.

The package's own storage in memory looks through all keys again and again, in a task of its own, and knows no clock
but the machine's.
"""

from collections import defaultdict, deque
from dataclasses import dataclass

from limits import RateLimitItemPerSecond
from limits.aio.storage import Storage

MAX_KEYS = 300_000
"""Counters that are kept, some 100 MB. A flood of addresses beyond that makes the oldest forgotten."""


class WindowItem(RateLimitItemPerSecond):
    """The limit of a window. Its key, asked for four times a request, is put together in a fifth of the time here."""

    def key_for(self, *identifiers: bytes | str | float) -> str:
        return f"{'/'.join(map(str, identifiers))}/{self.amount}/{self.multiples}"


@dataclass(slots=True)
class Counter:
    ends: float
    count: int = 0


class CounterStorage(Storage):
    """Counts by key. `now` (Unix seconds) is whatever its user says it is.

    Windows of one period end in the order in which they began: so a new counter finds those that are over at the head
    of its queue, and no hit looks at more than a few.
    """

    STORAGE_SCHEME = None

    def __init__(self, most: int = MAX_KEYS) -> None:
        super().__init__()
        self.now = 0.0
        self._most = most
        self._live: dict[str, Counter] = {}
        self._begun: defaultdict[float, deque[tuple[str, Counter]]] = defaultdict(deque)

    def __len__(self) -> int:
        return len(self._live)

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    async def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        counter = self._find(key) or self._begin(key, expiry)
        counter.count += amount
        return counter.count

    async def get(self, key: str) -> int:
        counter = self._find(key)
        return counter.count if counter else 0

    async def get_expiry(self, key: str) -> float:
        counter = self._find(key)
        return counter.ends if counter else self.now

    async def check(self) -> bool:
        return True

    async def reset(self) -> int:
        count = len(self)
        self._live.clear()
        self._begun.clear()
        return count

    async def clear(self, key: str) -> None:
        self._live.pop(key, None)

    def _find(self, key: str) -> Counter | None:
        counter = self._live.get(key)
        return counter if counter and counter.ends > self.now else None

    def _begin(self, key: str, period: float) -> Counter:
        queue = self._begun[period]
        for _ in range(2):  # two for each that comes: what is over gets less
            if queue and queue[0][1].ends <= self.now:
                self._forget_first(queue)
        if len(self) >= self._most:
            self._forget_first(max(self._begun.values(), key=len))
        counter = self._live[key] = Counter(self.now + period)
        queue.append((key, counter))
        return counter

    def _forget_first(self, queue: deque[tuple[str, Counter]]) -> None:
        key, counter = queue.popleft()
        if self._live.get(key) is counter:
            del self._live[key]
