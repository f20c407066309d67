"""What a running server uses over time, and whether it grows."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import linear_regression, median

from scripts.benchmarks.processes import Tree

EVERY = 2.0
MAY_GROW = 1.10
SPARE = {"MB": 24.0, "descriptors": 12.0, "threads": 8.0}
"""What the last third may have over the middle one beside a tenth: allocators and pools breathe."""


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


@dataclass
class Watch:
    """Samples of a process and all that descend from it."""

    tree: Tree
    samples: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def look(self) -> None:
        now, pids = time.monotonic(), self.tree.pids()
        counts = {"descriptors": _entries(pids, "fd"), "threads": _entries(pids, "task")}
        for unit, value in {"MB": self.tree.memory(), **counts}.items():
            self.samples.setdefault(unit, []).append((now, value))

    @property
    def growths(self) -> list[Growth]:
        return [growth(unit, samples) for unit, samples in self.samples.items()]


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
