"""Servers side by side: uncached and cached transforms, concurrent requests for one variant, memory, start."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import mean, median
from typing import TypeVar

from PIL import Image, UnidentifiedImageError

from app.imaging.intermediates import MIN_OVERSAMPLING, Step
from scripts.benchmarks import concurrent_requests, load
from scripts.benchmarks.codec import CodecJob, codec_process
from scripts.benchmarks.load import Load
from scripts.benchmarks.machine import Scratch, ssim
from scripts.benchmarks.processes import ProcessFailed
from scripts.benchmarks.report import BenchmarkReport
from scripts.benchmarks.servers import FINE_SIZES, JPEG, WEBP, BenchmarkServer, Workload

UNCACHED_CONNECTIONS = 4
HIT_CONNECTIONS = (16, 1)
WORKLOADS = (WEBP, JPEG)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformDurations:
    """Number of rounds, and seconds of each load."""

    rounds: int
    uncached: float
    hits: float


LONG = TransformDurations(rounds=3, uncached=6, hits=3)
SHORT = TransformDurations(rounds=1, uncached=2, hits=1)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Servers to compare, ours first. A peer that fails a section has no figures in its table."""

    scratch: Scratch
    photo: Path
    servers: Sequence[BenchmarkServer]
    report: BenchmarkReport
    times: TransformDurations

    @property
    def ours(self) -> BenchmarkServer:
        return self.servers[0]

    def uncached(self) -> None:
        rows: list[list[object]] = []
        for workload in WORKLOADS:
            loads = self.interleaved(self.servers, partial(self._uncached, workload=workload))
            results = self._results(workload, [server for server in self.servers if server.name in loads])
            rows += [
                [workload.description, *row, *results.get(str(row[0]), BLANK * 2)]
                for row in self.rows(self.servers, loads)
            ]
            self._compare(f"uncached/{workload.name}", loads)
        head = ["uncached", *LOAD_HEAD, "bytes", "SSIM"]
        self.report.table(f"Uncached transforms, {UNCACHED_CONNECTIONS} connections", head, rows)
        self.report.verdicts("uncached")
        self._overhead()

    def _results(
        self, workload: Workload, servers: Sequence[BenchmarkServer]
    ) -> dict[str, tuple[object, ...]]:
        """Return bytes and SSIM of each server's result."""
        files = {}
        for server in servers:
            files[server.name] = (
                self.scratch.folder / "results" / f"{workload.name}.{server.name}.{workload.format}"
            )
            files[server.name].parent.mkdir(exist_ok=True)
            files[server.name].write_bytes(server.warm_up(workload))
        seen = ssim(self.scratch, [(self.photo, file) for file in files.values()])
        return {name: (file.stat().st_size, f"{seen[file]:.4f}") for name, file in files.items()}

    def hits(self) -> None:
        """Measure cached responses. ipx has no cache and computes again."""
        rows: list[list[object]] = []
        keepers = [server for server in self.servers if server.keeps]
        size = len(self.ours.warm_up(WEBP))
        for connections in HIT_CONNECTIONS:
            loads = self.interleaved(keepers, partial(self._repeated, load.hits, connections=connections))
            rows += [[connections, *row] for row in self.rows(keepers, loads)]
            self._compare(f"hits/{connections}", loads)
            self.report.measure(f"hits/{connections}/p99", loads[self.ours.name].p99)
        loads = self.interleaved(
            keepers, partial(self._repeated, load.saturated, connections=HIT_CONNECTIONS[0])
        )
        rows += [[f"{HIT_CONNECTIONS[0]}, transforms beside", *row] for row in self.rows(keepers, loads)]
        self.report.measure("hits/saturated/p99", loads[self.ours.name].p99)
        self.report.table(f"The same variant of {size:,} bytes again", ["connections", *LOAD_HEAD], rows)
        self.report.verdicts("hits")

    def coalescing(self) -> None:
        rows: list[list[object]] = []
        bursts = 2 + 2 * self.times.rounds
        for server in self.servers:
            seen = self._attempt(server, partial(concurrent_requests.measure, workload=WEBP, bursts=bursts))
            if not seen:
                rows.append([server.name, FAILED, *BLANK * 4])
                continue
            times = seen.cpu / seen.cpu_of_one
            rows.append([server.name, seen.wall, seen.cpu_of_one, seen.cpu, f"×{times:.2f}", seen.whole])
            if server is self.ours:
                self.report.measure("coalescing/cpu", times)
                self.report.measure("coalescing/whole", seen.whole)
        head = ["server", "wall ms", "CPU ms of one", "CPU ms of 32", "against one", "whole and equal"]
        self.report.table("32 at once for one new variant", head, rows)
        self.report.verdicts("coalescing")

    def memory(self) -> None:
        rows: list[list[object]] = []
        after = {}
        for server in self.servers:
            if seen := self._attempt(server, self._memory_after):
                after[server.name] = seen
            rows.append([server.name, server.idle_memory, seen or FAILED, server.started_in])
        for name, memory in after.items():
            self.report.measure(f"memory/{name}", after[self.ours.name] / memory)
        self.report.measure("start", self.ours.started_in)
        head = ["server", "MB idle", "MB after the load", "s to the first answer"]
        self.report.table("Memory of the whole tree (PSS), and start", head, rows)
        self.report.verdicts("memory")
        self.report.verdicts("start")

    def _memory_after(self, server: BenchmarkServer) -> float:
        for workload in WORKLOADS:
            self._uncached(server, workload)
        server.tree.settle()
        return server.tree.memory()

    def _uncached(
        self, server: BenchmarkServer, workload: Workload, connections: int = UNCACHED_CONNECTIONS
    ) -> Load:
        server.warm_up(workload)
        return load.uncached(server, workload, connections=connections, seconds=self.times.uncached)

    def _repeated(self, kind: Callable[..., Load], server: BenchmarkServer, connections: int) -> Load:
        server.warm_up(WEBP)
        return kind(server, WEBP, connections=connections, seconds=self.times.hits)

    def _overhead(self) -> None:
        """Compare sequential requests with bare Pillow on the file that the workers read."""
        rows = []
        bare = [sys.executable, "-m", "scripts.benchmarks.workbench", "bare"]
        with codec_process("bare", bare, self.scratch.folder / "results") as pillow:
            for workload in (FINE_SIZES, *WORKLOADS):
                jobs = _bare_jobs(self.scratch.folder / "servers" / "pichub" / "data", workload)
                seen, needed = [], []
                for _ in range(self.times.rounds):
                    seen.append(self._uncached(self.ours, workload, connections=1))
                    needed += [pillow.run(job)["cpu"] for job in jobs]
                cpu, least = mean(each.cpu for each in seen), mean(needed)
                main, above = mean(each.cpu_of_main for each in seen), (cpu / least - 1) * 100
                source = _dimensions(jobs[0].source)
                rows.append([workload.description, source, cpu, main, cpu - main, least, f"{above:.1f} %"])
                self.report.measure(f"overhead/{workload.name}", above)
        head = ["uncached", "from", "CPU ms", "of the server", "of its workers", "bare Pillow", "above bare"]
        self.report.table("Our own CPU for a request", head, rows)
        self.report.verdicts("overhead")

    def interleaved(
        self, servers: Sequence[BenchmarkServer], run: Callable[[BenchmarkServer], Load]
    ) -> dict[str, Load]:
        """Return the median of each figure over all rounds, without peers that failed."""
        loads: dict[str, list[Load]] = {server.name: [] for server in servers}
        for _ in range(self.times.rounds):
            for server in servers:
                if server.name in loads:
                    if seen := self._attempt(server, run):
                        loads[server.name].append(seen)
                    else:
                        del loads[server.name]
        return {name: median_load(each) for name, each in loads.items()}

    def _attempt(self, server: BenchmarkServer, run: Callable[[BenchmarkServer], T]) -> T | None:
        """Return the measurement; None, with a reported reason, if a peer fails. Raises ProcessFailed if ours does."""
        try:
            return run(server)
        except ProcessFailed as error:
            if server is self.ours:
                raise
            self.report.say(f"{server.name} failed: {error}")
            return None

    def rows(self, servers: Sequence[BenchmarkServer], loads: Mapping[str, Load]) -> list[list[object]]:
        return [self._row(server.name, loads) for server in servers]

    def _row(self, name: str, loads: Mapping[str, Load]) -> list[object]:
        if name not in loads:
            return [name, FAILED, *BLANK * 4]
        each = loads[name]
        times = loads[self.ours.name].rate / each.rate
        return [name, each.rate, each.p50, each.p99, each.cpu, f"{times:.2f}×"]

    def _compare(self, name: str, loads: Mapping[str, Load]) -> None:
        for other, each in loads.items():
            self.report.measure(f"{name}/{other}", loads[self.ours.name].rate / each.rate)


FAILED = "failed"
BLANK = ("",)
LOAD_HEAD = ["server", "requests/s", "p50 ms", "p99 ms", "CPU ms", "PicHub's rate"]


def median_load(loads: Sequence[Load]) -> Load:
    return Load(
        rate=median(each.rate for each in loads),
        p50=median(each.p50 for each in loads),
        p99=median(each.p99 for each in loads),
        cpu=median(each.cpu for each in loads),
        cpu_of_main=median(each.cpu_of_main for each in loads),
    )


def _bare_jobs(data: Path, workload: Workload) -> list[CodecJob]:
    """Return the workers' jobs, on the files that they read.

    Copies and sizes vary, since processor caches make a difference. Each file is the smallest intermediate with enough
    pixels, or the original.
    """
    found = data.rglob("originals/*" if workload is FINE_SIZES else "intermediates/*/*.jpg")
    enough = [path for path in found if _size(path)[0] >= MIN_OVERSAMPLING[Step.SMALL] * workload.width]
    least = min(map(_size, enough))
    sources = [path for path in enough if _size(path) == least]
    options = asdict(workload)
    return [
        CodecJob(source=source, **options | {"width": width, "height": height})
        for source, (width, height) in zip(sources, workload.sizes(), strict=False)
    ]


def _size(path: Path) -> tuple[int, int]:
    try:
        with Image.open(path) as picture:
            return picture.size
    except UnidentifiedImageError:
        return 0, 0


def _dimensions(path: Path) -> str:
    return "{}×{}".format(*_size(path))
