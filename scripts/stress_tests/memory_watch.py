"""What a running server uses over time, and whether it grows."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import linear_regression, median

from scripts.benchmarks.processes import Memory, Tree, memory

EVERY = 2.0
MAY_GROW = 1.05
SPARE = {"MB": 12.0, "descriptors": 12.0, "threads": 8.0}
"""What the last third may have over the middle one beside a twentieth: allocators and pools breathe."""
WHO = ("server", "nursery", "workers")
"""The generations of a server's processes."""


@dataclass(frozen=True, slots=True)
class Growth:
    """The medians of the middle and the last third of the time, and the slope of both in units a minute."""

    unit: str
    middle: float
    last: float
    slope: float

    @property
    def is_flat(self) -> bool:
        return self.last <= self.middle * MAY_GROW + SPARE[self.unit]

    def __str__(self) -> str:
        return f"{self.unit}: {self.middle:,.0f}, then {self.last:,.0f} ({self.slope:+.2f} a minute)"


def growth(unit: str, samples: Sequence[tuple[float, float]]) -> Growth:
    """Of (seconds, value). The first third is for warming up and does not count."""
    third = max(1, len(samples) // 3)
    middle, last = samples[third : 2 * third], samples[-third:]
    seen = samples[third:]
    slope = (
        linear_regression([at for at, _ in seen], [v for _, v in seen]).slope * 60 if len(seen) > 1 else 0.0
    )
    return Growth(unit, median(v for _, v in middle or last), median(v for _, v in last), slope)


@dataclass(frozen=True, slots=True)
class Part:
    """The memory of one generation of processes: of no file, and with its part of those that are mapped."""

    who: str
    anonymous: Growth
    whole: Growth
    minutes: Sequence[tuple[float, float]]
    """The medians of each minute, anonymous and whole."""

    def __str__(self) -> str:
        return f"  {self.who}: {self.whole}; {self.anonymous.middle:,.0f}, then {self.anonymous.last:,.0f} anonymous"


def part(who: str, seen: Sequence[tuple[float, Memory]]) -> Part:
    """Of (seconds, what its processes had together)."""

    def of(one: Callable[[Memory], float]) -> Growth:
        return growth("MB", [(at, one(had)) for at, had in seen])

    begun = seen[0][0]
    minutes: dict[int, list[Memory]] = {}
    for at, had in seen:
        minutes.setdefault(int((at - begun) // 60), []).append(had)
    medians = [
        (round(median(each.anonymous for each in had), 1), round(median(each.whole for each in had), 1))
        for had in minutes.values()
    ]
    return Part(who, of(lambda had: had.anonymous), of(lambda had: had.whole), medians)


@dataclass
class Watch:
    """Samples of a process and all that descend from it."""

    tree: Tree
    samples: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    had: dict[str, list[tuple[float, Memory]]] = field(default_factory=dict)

    def look(self) -> None:
        now, generations = time.monotonic(), self.tree.generations()
        pids = [pid for generation in generations for pid in generation]
        had = [sum(map(memory, generation), Memory()) for generation in generations]
        counts = {"descriptors": _entries(pids, "fd"), "threads": _entries(pids, "task")}
        for unit, value in {"MB": sum(had, Memory()).whole, **counts}.items():
            self.samples.setdefault(unit, []).append((now, value))
        for who, each in zip(WHO, had, strict=False):
            self.had.setdefault(who, []).append((now, each))

    @property
    def growths(self) -> list[Growth]:
        return [growth(unit, samples) for unit, samples in self.samples.items()]

    @property
    def parts(self) -> list[Part]:
        return [part(who, seen) for who, seen in self.had.items()]


@asynccontextmanager
async def watching(tree: Tree) -> AsyncIterator[Watch]:
    """Looks every two seconds until the block ends."""
    watch = Watch(tree)

    async def look() -> None:
        while True:
            await asyncio.to_thread(watch.look)
            await asyncio.sleep(EVERY)

    task = asyncio.create_task(look())
    try:
        yield watch
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _entries(pids: Sequence[int], what: str) -> float:
    count = 0
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            count += len(list(Path(f"/proc/{pid}/{what}").iterdir()))
    return float(count)
