"""What is asked for often, kept in memory while it holds, least recently asked for first to go."""

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
"""How many of those asked for once are known by name, where only the second time counts."""


@dataclass(frozen=True, slots=True)
class _CacheEntry(Generic[T]):
    image_id: str
    marks: Epochs
    until: float
    cost: int
    value: T


class EpochCache(Generic[K, T]):
    """Values that stand on one image each, up to `size` in cost together.

    One is looked at anew after `longest` seconds: the bound where a process died between a change and its mark. With
    `second_time_only` a value is not kept before it is put again: what is asked for once would drive out the rest.
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
        """How often `get` had a value; how often who wanted one says that there was none."""
        self._max_age = max_age
        self._clock = clock
        self._entries: OrderedDict[K, _CacheEntry[T]] = OrderedDict()
        self._seen_once: OrderedDict[K, None] | None = OrderedDict() if second_time_only else None
        self._loading: dict[K, tuple[Epochs, asyncio.Task[T]]] = {}

    @property
    def cost(self) -> int:
        """What the values that are kept cost together."""
        return self._size - self._free

    def get(self, key: K) -> T | None:
        """The value, if it is known and holds still."""
        kept = self._entries.get(key)
        if kept is None:
            return None
        if self._clock() > kept.until or not self._epochs.is_valid(kept.image_id, kept.marks):
            self._drop(key)
            return None
        self.hits += 1
        self._entries.move_to_end(key)
        return kept.value

    def put(self, key: K, value: T, *, image_id: str, epochs: Epochs, cost: int) -> None:
        """Keeps a value. `marks` were taken before the question was asked that it answers."""
        if not self._epochs.is_valid(image_id, epochs) or self._is_first_time(key):
            return
        self._drop(key)
        self._entries[key] = _CacheEntry(image_id, epochs, self._clock() + self._max_age, cost, value)
        self._free -= cost
        while self._free < 0:
            self._drop(next(iter(self._entries)))

    async def load(self, key: K, read: Callable[[], Awaitable[T]], *, image_id: str) -> T:
        """The value, read now if need be, and once for all who ask meanwhile."""
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
