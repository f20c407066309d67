"""What is asked for often, kept in memory while it holds, least recently asked for first to go."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from app.caching.epochs import Freshness, Marks

K = TypeVar("K")
T = TypeVar("T")

LONGEST = 60.0
REMEMBERED_ONCE = 4096
"""How many of those asked for once are known by name, where only the second time counts."""


@dataclass(frozen=True, slots=True)
class _Kept(Generic[T]):
    image_id: str
    marks: Marks
    until: float
    cost: int
    value: T


class Cache(Generic[K, T]):
    """Values that stand on one image each, up to `size` in cost together.

    One is looked at anew after `longest` seconds: the bound where a process died between a change and its mark. With
    `second_time_only` a value is not kept before it is put again: what is asked for once would drive out the rest.
    """

    def __init__(
        self,
        freshness: Freshness,
        *,
        size: int,
        longest: float = LONGEST,
        second_time_only: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._freshness = freshness
        self._size = self._room = size
        self.hits = self.misses = 0
        """How often `get` had a value; how often who wanted one says that there was none."""
        self._longest = longest
        self._clock = clock
        self._kept: OrderedDict[K, _Kept[T]] = OrderedDict()
        self._once: OrderedDict[K, None] | None = OrderedDict() if second_time_only else None
        self._loading: dict[K, tuple[Marks, asyncio.Task[T]]] = {}

    @property
    def cost(self) -> int:
        """What the values that are kept cost together."""
        return self._size - self._room

    def get(self, asked: K) -> T | None:
        """The value, if it is known and holds still."""
        kept = self._kept.get(asked)
        if kept is None:
            return None
        if self._clock() > kept.until or not self._freshness.holds(kept.image_id, kept.marks):
            self._drop(asked)
            return None
        self.hits += 1
        self._kept.move_to_end(asked)
        return kept.value

    def put(self, asked: K, value: T, *, image_id: str, marks: Marks, cost: int) -> None:
        """Keeps a value. `marks` were taken before the question was asked that it answers."""
        if not self._freshness.holds(image_id, marks) or self._is_first_time(asked):
            return
        self._drop(asked)
        self._kept[asked] = _Kept(image_id, marks, self._clock() + self._longest, cost, value)
        self._room -= cost
        while self._room < 0:
            self._drop(next(iter(self._kept)))

    async def load(self, asked: K, read: Callable[[], Awaitable[T]], *, image_id: str) -> T:
        """The value, read now if need be, and once for all who ask meanwhile."""
        value = self.get(asked)
        if value is not None:
            return value
        marks, task = self._loading.get(asked, (None, None))
        if marks is None or task is None or not self._freshness.holds(image_id, marks):
            marks = self._freshness.marks(image_id)
            task = asyncio.ensure_future(self._read(asked, read, image_id, marks))
            self._loading[asked] = marks, task
        return await asyncio.shield(task)

    async def _read(self, asked: K, read: Callable[[], Awaitable[T]], image_id: str, marks: Marks) -> T:
        task = asyncio.current_task()
        try:
            value = await read()
            self.put(asked, value, image_id=image_id, marks=marks, cost=1)
        finally:
            if self._loading.get(asked, (None, None))[1] is task:
                del self._loading[asked]
        return value

    def _is_first_time(self, asked: K) -> bool:
        if self._once is None or asked in self._kept:
            return False
        if asked in self._once:
            del self._once[asked]
            return False
        self._once[asked] = None
        if len(self._once) > REMEMBERED_ONCE:
            self._once.popitem(last=False)
        return True

    def _drop(self, asked: K) -> None:
        kept = self._kept.pop(asked, None)
        if kept is not None:
            self._room += kept.cost
