"""Resource use of a running server over time, and whether it grows."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import linear_regression, median

from scripts.benchmarks.processes import Memory, ProcessTree, memory

SAMPLE_INTERVAL_SECONDS = 2.0
MAX_GROWTH_RATIO = 1.05
GROWTH_TOLERANCE = {"MB": 12.0, "descriptors": 12.0, "threads": 8.0}
"""Allowed growth of the last third over the middle third, beside `MAX_GROWTH_RATIO`: allocators and pools vary."""
PROCESS_GROUPS = ("server", "nursery", "workers")
"""The generations of a server's processes, from parent to children."""


@dataclass(frozen=True, slots=True)
class Growth:
    """Medians of the middle and the last third of a run, and the slope over both in units per minute."""

    unit: str
    middle: float
    last: float
    slope: float

    @property
    def is_flat(self) -> bool:
        return self.last <= self.middle * MAX_GROWTH_RATIO + GROWTH_TOLERANCE[self.unit]

    def __str__(self) -> str:
        return f"{self.unit}: {self.middle:,.0f}, then {self.last:,.0f} ({self.slope:+.2f} a minute)"


def growth(unit: str, samples: Sequence[tuple[float, float]]) -> Growth:
    """Compute the growth of (seconds, value) samples. The first third is warm-up and does not count."""
    third = max(1, len(samples) // 3)
    middle, last = samples[third : 2 * third], samples[-third:]
    seen = samples[third:]
    slope = (
        linear_regression([at for at, _ in seen], [v for _, v in seen]).slope * 60 if len(seen) > 1 else 0.0
    )
    return Growth(unit, median(v for _, v in middle or last), median(v for _, v in last), slope)


@dataclass(frozen=True, slots=True)
class ProcessGroup:
    """Memory of one generation of processes: anonymous, and in all with its share of mapped files."""

    who: str
    anonymous: Growth
    whole: Growth
    minutes: Sequence[tuple[float, float]]
    """Medians of each minute: anonymous and total MB."""

    def __str__(self) -> str:
        return f"  {self.who}: {self.whole}; {self.anonymous.middle:,.0f}, then {self.anonymous.last:,.0f} anonymous"


def process_group(who: str, seen: Sequence[tuple[float, Memory]]) -> ProcessGroup:
    """Summarize (seconds, memory of these processes together) samples."""

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
    return ProcessGroup(who, of(lambda had: had.anonymous), of(lambda had: had.whole), medians)


@dataclass
class MemoryWatch:
    """Samples of a process and all its descendants."""

    tree: ProcessTree
    samples: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    had: dict[str, list[tuple[float, Memory]]] = field(default_factory=dict)

    def sample(self) -> None:
        now, generations = time.monotonic(), self.tree.generations()
        pids = [pid for generation in generations for pid in generation]
        had = [sum(map(memory, generation), Memory()) for generation in generations]
        counts = {"descriptors": _entries(pids, "fd"), "threads": _entries(pids, "task")}
        for unit, value in {"MB": sum(had, Memory()).whole, **counts}.items():
            self.samples.setdefault(unit, []).append((now, value))
        for who, each in zip(PROCESS_GROUPS, had, strict=False):
            self.had.setdefault(who, []).append((now, each))

    @property
    def growths(self) -> list[Growth]:
        return [growth(unit, samples) for unit, samples in self.samples.items()]

    @property
    def process_groups(self) -> list[ProcessGroup]:
        return [process_group(who, seen) for who, seen in self.had.items()]


@asynccontextmanager
async def watching_memory(tree: ProcessTree) -> AsyncIterator[MemoryWatch]:
    """Sample every two seconds until the block ends."""
    watch = MemoryWatch(tree)

    async def look() -> None:
        while True:
            await asyncio.to_thread(watch.sample)
            await asyncio.sleep(SAMPLE_INTERVAL_SECONDS)

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
