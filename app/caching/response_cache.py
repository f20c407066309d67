"""LRU cache of values that belong to one image each."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from app.caching.epochs import CacheEpochs, Epochs

K = TypeVar("K")
T = TypeVar("T")

MAX_AGE_SECONDS = 60.0
MAX_SEEN_ONCE = 4096
"""Number of keys remembered after their first use, with `second_time_only`."""


@dataclass(frozen=True, slots=True)
class _CacheEntry(Generic[T]):
    image_id: str
    marks: Epochs
    until: float
    cost: int
    value: T


class EpochCache(Generic[K, T]):
    """Values of one image each, up to `size` in total cost.

    A value expires after `max_age` seconds, in case a process died between a change and its invalidation. With
    `second_time_only` a value is stored on its second use: keys used once must not evict the others.
    """

    def __init__(
        self,
        epochs: CacheEpochs,
        *,
        size: int,
        max_age: float = MAX_AGE_SECONDS,
        second_time_only: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._epochs = epochs
        self._size = self._free = size
        self.hits = self.misses = 0
        """Number of `get` calls with a value, and of misses reported by the caller."""
        self._max_age = max_age
        self._clock = clock
        self._entries: OrderedDict[K, _CacheEntry[T]] = OrderedDict()
        self._seen_once: OrderedDict[K, None] | None = OrderedDict() if second_time_only else None
        self._loading: dict[K, tuple[Epochs, asyncio.Task[T]]] = {}

    @property
    def cost(self) -> int:
        """Total cost of the stored values."""
        return self._size - self._free

    def get(self, key: K) -> T | None:
        """Return the value if it is stored and valid."""
        kept = self._entries.get(key)
        if kept is None:
            return None
        if self._clock() > kept.until or not self._epochs.is_valid(kept.image_id, kept.marks):
            self._drop(key)
            return None
        self.hits += 1
        self._entries.move_to_end(key)
        return kept.value

    def count_miss(self) -> None:
        """Count a value that was not found by any of its keys."""
        self.misses += 1

    def put(self, key: K, value: T, *, image_id: str, epochs: Epochs, cost: int) -> None:
        """Store a value. `epochs` were taken before it was read."""
        if not self._epochs.is_valid(image_id, epochs) or self._is_first_time(key):
            return
        self._drop(key)
        self._entries[key] = _CacheEntry(image_id, epochs, self._clock() + self._max_age, cost, value)
        self._free -= cost
        while self._free < 0:
            self._drop(next(iter(self._entries)))

    async def load(self, key: K, read: Callable[[], Awaitable[T]], *, image_id: str) -> T:
        """Return the value, reading it at most once for all concurrent callers."""
        value = self.get(key)
        if value is not None:
            return value
        marks, task = self._loading.get(key, (None, None))
        if marks is None or task is None or not self._epochs.is_valid(image_id, marks):
            marks = self._epochs.current(image_id)
            task = asyncio.ensure_future(self._read(key, read, image_id, marks))
            self._loading[key] = marks, task
        return await asyncio.shield(task)

    async def _read(self, key: K, read: Callable[[], Awaitable[T]], image_id: str, marks: Epochs) -> T:
        task = asyncio.current_task()
        try:
            value = await read()
            self.put(key, value, image_id=image_id, epochs=marks, cost=1)
        finally:
            if self._loading.get(key, (None, None))[1] is task:
                del self._loading[key]
        return value

    def _is_first_time(self, key: K) -> bool:
        if self._seen_once is None or key in self._entries:
            return False
        if key in self._seen_once:
            del self._seen_once[key]
            return False
        self._seen_once[key] = None
        if len(self._seen_once) > MAX_SEEN_ONCE:
            self._seen_once.popitem(last=False)
        return True

    def _drop(self, key: K) -> None:
        kept = self._entries.pop(key, None)
        if kept is not None:
            self._free += kept.cost
