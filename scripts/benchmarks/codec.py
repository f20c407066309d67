# ruff: noqa: S603  (the commands are constants of this folder)
"""Codecs in process on one thread: the workers' own code beside sharp and ipx."""

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

from app.imaging.workers.process_manager import HUGE_PAGES_ENV
from scripts.benchmarks.benchmark_images import BenchmarkImages
from scripts.benchmarks.machine import PEERS, Scratch, ssim
from scripts.benchmarks.processes import ProcessFailed
from scripts.benchmarks.report import BenchmarkReport


@dataclass(frozen=True, slots=True, kw_only=True)
class CodecJob:
    """A transform. Without a height the proportions are kept. `quality` None is the encoder's default."""

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


def codec_jobs(of: BenchmarkImages) -> list[CodecJob]:
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
    return [CodecJob(name=name, about=about, **options) for name, about, options in table]


@dataclass(frozen=True, slots=True)
class JobCost:
    """Cost and result of a job: median milliseconds, bytes, luma SSIM."""

    wall: float
    cpu: float
    size: int
    ssim: float


class CodecProcess:
    """A process that runs one job per line of input."""

    def __init__(self, name: str, process: "subprocess.Popen[str]", results: Path) -> None:
        self.name = name
        self._process = process
        self._results = results

    def run(self, job: CodecJob) -> dict[str, float]:
        """Run a job and return its `wall` and `cpu` milliseconds. Raises ProcessFailed."""
        if self._process.stdin is None or self._process.stdout is None:
            raise ProcessFailed(f"{self.name} has no channel")
        self._process.stdin.write(job.line(self.result(job)))
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise ProcessFailed(f"{self.name} ended over {job.about}")
        taken: dict[str, float] = json.loads(answer)
        return taken

    def result(self, job: CodecJob) -> Path:
        return self._results / f"{job.name}.{self.name}.{job.format}"


@contextmanager
def codec_process(name: str, command: Sequence[str | Path], results: Path) -> Iterator[CodecProcess]:
    """Run a codec process until the block ends."""
    results.mkdir(parents=True, exist_ok=True)
    with _one_core():
        process = subprocess.Popen(
            list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
    with process:
        try:
            yield CodecProcess(name, process, results)
        finally:
            process.kill()


@contextmanager
def _one_core() -> Iterator[None]:
    """Pin processes started in the block to one core: libvips reads ahead and writes behind in threads."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def measure(scratch: Scratch, of: BenchmarkImages, report: BenchmarkReport, *, rounds: int) -> None:
    results, script = scratch.folder / "results", PEERS / "codec.mjs"
    commands: dict[str, list[str | Path]] = {
        "PicHub": [*HUGE_PAGES_ENV, sys.executable, "-m", "scripts.benchmarks.workbench", "ours"],
        "sharp": [scratch.node, script, scratch.packages, "sharp"],
        "ipx": [scratch.node, script, scratch.packages, "ipx"],
    }
    with ExitStack() as running:
        engines = [
            running.enter_context(codec_process(name, words, results)) for name, words in commands.items()
        ]
        taken = {
            job.name: _interleaved(engines, job, min(rounds, 5) if job.slow else rounds)
            for job in codec_jobs(of)
        }
    seen = ssim(scratch, [(job.source, each.result(job)) for job in codec_jobs(of) for each in engines])
    rows: list[list[object]] = []
    for job in codec_jobs(of):
        figures = {
            each.name: JobCost(
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


def _interleaved(
    engines: Sequence[CodecProcess], job: CodecJob, rounds: int
) -> dict[str, tuple[float, float]]:
    """Return median wall and CPU milliseconds per process. The first round is warm-up."""
    runs = [{each.name: each.run(job) for each in engines} for _ in range(rounds + 1)][1:]
    return {
        each.name: (
            median(run[each.name]["wall"] for run in runs),
            median(run[each.name]["cpu"] for run in runs),
        )
        for each in engines
    }


def _rows(job: CodecJob, figures: dict[str, JobCost]) -> Iterator[list[object]]:
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


def _measures(job: CodecJob, figures: dict[str, JobCost], report: BenchmarkReport) -> None:
    ours, sharp = figures["PicHub"], figures["sharp"]
    report.measure(f"codec/{job.name}/sharp", sharp.wall / ours.wall)
    report.measure(f"codec/{job.name}/ipx", figures["ipx"].wall / ours.wall)
    report.measure(f"codec/{job.name}/time", ours.wall / sharp.wall)
    report.measure(f"codec/{job.name}/bytes", ours.size / sharp.size)
    report.measure(f"codec/{job.name}/ssim lost", sharp.ssim - ours.ssim)
