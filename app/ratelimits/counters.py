"""In-process counters as a storage of the `limits` package.

The package's own memory storage repeatedly scans all keys in a separate task, and has no injectable clock.
"""

from collections import defaultdict, deque
from dataclasses import dataclass

from limits import RateLimitItemPerSecond
from limits.aio.storage import Storage

MAX_KEYS = 300_000
"""Maximum number of counters, about 100 MB. Beyond it, a flood of addresses drops the oldest."""


class WindowItem(RateLimitItemPerSecond):
    """Limit of one window.

    Building its key, needed four times per request, takes a fifth of the package's time here.
    """

    def key_for(self, *identifiers: bytes | str | float) -> str:
        return f"{'/'.join(map(str, identifiers))}/{self.amount}/{self.multiples}"


@dataclass(slots=True)
class Counter:
    ends: float
    count: int = 0


class CounterStorage(Storage):
    """Counters by key. The caller sets `now` (Unix seconds).

    Windows of one period end in the order in which they began, so expired counters are at the head of a queue, and
    no call looks at more than a few.
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
        for _ in range(2):  # drop two per new counter, so that expired ones shrink
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
