"""Pictures that are asked for often, kept as bytes in memory, least recently asked for first to go."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from app.hits.freshness import Freshness, Marks

LONGEST = 60.0
"""Seconds after which one is looked at anew: the bound where a process died between a change and its mark."""
OVERHEAD = 1024
"""Bytes that an entry costs beside its body, roughly."""


@dataclass(frozen=True, slots=True)
class Hit:
    """An answer of 200 to everyone: its body, its headers as they are sent, and what it stands on."""

    image_id: str
    marks: Marks
    etag: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


class Hits:
    """Answers by what was asked, up to `size` bytes of them."""

    def __init__(
        self, freshness: Freshness, *, size: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._freshness = freshness
        self._room = size
        self._clock = clock
        self._hits: OrderedDict[bytes, tuple[Hit, float]] = OrderedDict()

    def get(self, asked: bytes) -> Hit | None:
        """The answer, if it is known and holds still."""
        found = self._hits.get(asked)
        if found is None:
            return None
        hit, until = found
        if self._clock() > until or not self._freshness.holds(hit.image_id, hit.marks):
            self._drop(asked)
            return None
        self._hits.move_to_end(asked)
        return hit

    def put(self, asked: bytes, hit: Hit) -> None:
        """Remembers an answer; what was asked for longest ago makes room for it."""
        self._drop(asked)
        self._hits[asked] = hit, self._clock() + LONGEST
        self._room -= _cost(hit)
        while self._room < 0:
            self._drop(next(iter(self._hits)))

    def _drop(self, asked: bytes) -> None:
        found = self._hits.pop(asked, None)
        if found is not None:
            self._room += _cost(found[0])


def _cost(hit: Hit) -> int:
    return len(hit.body) + OVERHEAD
