# ruff: noqa: S603  (what is started here is named in this folder)
"""The codecs themselves, in process, on one thread: our workers' own code beside sharp and ipx."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from app.imaging.workers.process_manager import IN_LARGE_PAGES
from scripts.benchmarks.image_quality import Pictures
from scripts.benchmarks.machine import PEERS, Scratch, ssim
from scripts.benchmarks.processes import Failed
from scripts.benchmarks.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One transform; without a height the proportions stay. `quality` None is the encoder's own, or none."""

    name: str
    about: str
    source: Path
    width: int
    height: int | None = None
    format: str
    quality: int | None = None
    animated: bool = False
    slow: bool = False

    def line(self, destination: Path) -> str:
        said: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        return json.dumps(said | {"destination": destination}, default=str) + "\n"


def jobs(of: Pictures) -> list[Job]:
    cover = {"source": of.photo, "width": 800, "height": 600}
    webp, jpeg = {"format": "webp", "quality": 80}, {"format": "jpeg", "quality": 80}
    avif, gif = {"format": "avif", "quality": 50}, {"source": of.animation, "animated": True}
    table: list[tuple[str, str, dict[str, Any]]] = [
        ("photo-webp", "12 MP JPEG → 800×600 WebP q80", cover | webp),
        ("photo-jpeg", "12 MP JPEG → 300 wide JPEG q80", {"source": of.photo, "width": 300} | jpeg),
        ("alpha-webp", "2 MP PNG with alpha → 800 wide WebP q80", {"source": of.alpha, "width": 800} | webp),
        ("webp-jpeg", "2 MP WebP → 400 wide JPEG q80", {"source": of.webp, "width": 400} | jpeg),
        ("gif-webp", "GIF, 30 frames → 240 wide animated WebP q80", gif | {"width": 240} | webp),
        ("photo-avif", "12 MP JPEG → 800×600 AVIF q50", cover | avif | {"slow": True}),
        ("photo-png", "12 MP JPEG → 1600 wide PNG", {"source": of.photo, "width": 1600, "format": "png"}),
    ]
    return [Job(name=name, about=about, **asked) for name, about, asked in table]


@dataclass(frozen=True, slots=True)
class Taken:
    """What one engine took for one job: median milliseconds, bytes, luma SSIM."""

    wall: float
    cpu: float
    size: int
    ssim: float


class Engine:
    """A process that runs a job a line."""

    def __init__(self, name: str, process: "subprocess.Popen[str]", results: Path) -> None:
        self.name = name
        self._process = process
        self._results = results

    def run(self, job: Job) -> dict[str, float]:
        """Milliseconds, `wall` and `cpu`. Raises Failed."""
        if self._process.stdin is None or self._process.stdout is None:
            raise Failed(f"{self.name} has no channel")
        self._process.stdin.write(job.line(self.result(job)))
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise Failed(f"{self.name} ended over {job.about}")
        taken: dict[str, float] = json.loads(answer)
        return taken

    def result(self, job: Job) -> Path:
        return self._results / f"{job.name}.{self.name}.{job.format}"


@contextmanager
def engine(name: str, command: Sequence[str | Path], results: Path) -> Iterator[Engine]:
    """An engine, until the end of the block."""
    results.mkdir(parents=True, exist_ok=True)
    with _one_core():
        process = subprocess.Popen(
            list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
    with process:
        try:
            yield Engine(name, process, results)
        finally:
            process.kill()


@contextmanager
def _one_core() -> Iterator[None]:
    """What is started meanwhile stays on one core: libvips reads ahead and writes behind in threads of its own."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def measure(scratch: Scratch, of: Pictures, report: Report, *, rounds: int) -> None:
    results, script = scratch.folder / "results", PEERS / "codec.mjs"
    commands: dict[str, list[str | Path]] = {
        "PicHub": [*IN_LARGE_PAGES, sys.executable, "-m", "scripts.benchmarks.workbench", "ours"],
        "sharp": [scratch.node, script, scratch.packages, "sharp"],
        "ipx": [scratch.node, script, scratch.packages, "ipx"],
    }
    with ExitStack() as running:
        engines = [running.enter_context(engine(name, words, results)) for name, words in commands.items()]
        taken = {job.name: _in_turn(engines, job, min(rounds, 5) if job.slow else rounds) for job in jobs(of)}
    seen = ssim(scratch, [(job.source, each.result(job)) for job in jobs(of) for each in engines])
    rows: list[list[object]] = []
    for job in jobs(of):
        figures = {
            each.name: Taken(
                *taken[job.name][each.name],
                each.result(job).stat().st_size,
                seen[each.result(job)],
            )
            for each in engines
        }
        rows += _rows(job, figures)
        _measures(job, figures, report)
    head = ["job", "engine", "ms", "CPU ms", "bytes", "SSIM", "PicHub's speed", "PicHub's bytes"]
    report.table(f"Codecs, one thread, medians of {rounds} in turn", head, rows)
    report.verdicts("codec")


def _in_turn(engines: Sequence[Engine], job: Job, rounds: int) -> dict[str, tuple[float, float]]:
    """Median wall and CPU milliseconds of each; the first round warms up."""
    runs = [{each.name: each.run(job) for each in engines} for _ in range(rounds + 1)][1:]
    return {
        each.name: (
            median(run[each.name]["wall"] for run in runs),
            median(run[each.name]["cpu"] for run in runs),
        )
        for each in engines
    }


def _rows(job: Job, figures: dict[str, Taken]) -> Iterator[list[object]]:
    ours = figures["PicHub"]
    for name, taken in figures.items():
        yield [
            job.about,
            name,
            taken.wall,
            taken.cpu,
            taken.size,
            f"{taken.ssim:.4f}",
            f"{taken.wall / ours.wall:.2f}×",
            f"{ours.size / taken.size:.3f}×",
        ]


def _measures(job: Job, figures: dict[str, Taken], report: Report) -> None:
    ours, sharp = figures["PicHub"], figures["sharp"]
    report.measure(f"codec/{job.name}/sharp", sharp.wall / ours.wall)
    report.measure(f"codec/{job.name}/ipx", figures["ipx"].wall / ours.wall)
    report.measure(f"codec/{job.name}/time", ours.wall / sharp.wall)
    report.measure(f"codec/{job.name}/bytes", ours.size / sharp.size)
    report.measure(f"codec/{job.name}/ssim lost", sharp.ssim - ours.ssim)
