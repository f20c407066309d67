"""Hostile images are refused or shown, within the configured memory and time.

A server with small limits gets thousands of files, and requests for results in all formats and fits. Each response is
a documented one; no request takes longer than the deadlines of the concurrent ones plus a second; all processes
together stay under 600 MB; valid images still work after each batch; no incoming file is left behind.
"""

import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
from itertools import islice
from pathlib import Path
from random import Random

import httpx2
from PIL import Image

from scripts.benchmarks.processes import ProcessFailed
from scripts.fixtures import sample_images
from scripts.stress_tests.fuzzed_images import FuzzedImage, fuzzed_images
from scripts.stress_tests.options import StressOptions
from scripts.stress_tests.peak_memory import PeakMemory, watching_peak
from scripts.stress_tests.report import StressReport
from scripts.stress_tests.response_checks import violation
from scripts.stress_tests.server import StressServer

FULL, QUICK, BATCH = 5_000, 300, 100
WORKERS = 2
DEADLINE, GRACE = 3.0, 1.0
MAX_RESPONSE_SECONDS = WORKERS * DEADLINE + GRACE
"""A render that needs much memory waits until others have freed theirs, and its deadline does not run meanwhile."""
MAX_MEMORY_MB = 600.0
"""Limit for all processes together."""

FORMATS = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP", "gif": "GIF", "avif": "AVIF"}
FITS = ("cover", "contain", "fill", "inside", "outside")
SIDES = (1, 1, 2, 7, 20, 33, 57, 100, 100, 200, 320, 320, 640, 1000, 3000, 8192)


@dataclass
class ImageCounts:
    uploads: int = 0
    taken: int = 0
    results: int = 0
    slowest: float = 0.0
    statuses: dict[str, int] = field(default_factory=dict)


@dataclass
class ImagesTest:
    options: StressOptions
    report: StressReport
    server: StressServer
    counted: ImageCounts = field(default_factory=ImageCounts)
    is_too_large: bool = False

    def run(self, each: Iterator[FuzzedImage], watch: PeakMemory) -> None:
        ends = time.monotonic() + self.options.seconds if self.options.seconds else None
        with (
            ThreadPoolExecutor(WORKERS) as hands,
            httpx2.Client(base_url=self.server.url, headers=self.server.headers, timeout=60) as client,
        ):
            while batch := list(islice(each, BATCH)):
                list(hands.map(lambda case: self.one(client, case), batch))
                self.check_health(client)
                self.report.say(
                    f"{self.counted.uploads} files, {self.counted.taken} taken, {self.counted.results} results,"
                    f" slowest {self.counted.slowest:.2f} s, {watch.memory:.0f} MB at most"
                )
                if watch.memory > MAX_MEMORY_MB and not self.is_too_large:
                    self.is_too_large = True
                    self.report.failure(f"{watch.memory:.0f} MB by the time of {batch[-1].name}")
                if ends and time.monotonic() > ends:
                    return

    def one(self, client: httpx2.Client, case: FuzzedImage) -> None:
        """Upload the file and request results of it."""
        rng = Random(f"{self.options.seed} {case.name}")  # noqa: S311
        self.counted.uploads += 1
        answer = self.timed_request(case, "uploaded", lambda: self.upload(client, case))
        if answer is None or answer.status_code != 200:
            return
        self.counted.taken += 1
        image = answer.json()["data"]["id"]
        workloads = ["", *(random_transform(rng) for _ in range(2 if self.options.quick else 3))]
        for query in workloads:
            result = self.timed_request(case, query, lambda query=query: client.get(f"/img/{image}?{query}"))
            if result is not None and result.status_code == 200:
                self.counted.results += 1
                self.check_result(case, query, result)
        self.timed_request(case, "deleted", lambda: client.delete(f"/v1/images/{image}"))

    def upload(self, client: httpx2.Client, case: FuzzedImage) -> httpx2.Response:
        file = (case.filename, case.data, case.content_type)
        return client.post("/v1/upload", files={"image": file})

    def timed_request(
        self, case: FuzzedImage, what: str, ask: Callable[[], httpx2.Response]
    ) -> httpx2.Response | None:
        """Return the checked response. A request that was slow because the machine was busy is repeated once."""
        for again in (False, True):
            started = time.monotonic()
            try:
                answer = ask()
            except httpx2.HTTPError as error:
                self.fail(case, what, f"no answer: {error!r}")
                return None
            took = time.monotonic() - started
            if took <= MAX_RESPONSE_SECONDS:
                break
            if again:
                self.fail(case, what, f"it took {took:.1f} s")
        self.counted.slowest = max(self.counted.slowest, took)
        key = f"{'upload' if what == 'uploaded' else 'delete' if what == 'deleted' else 'img'} {answer.status_code}"
        self.counted.statuses[key] = self.counted.statuses.get(key, 0) + 1
        wrong = violation(answer.status_code, answer.headers, answer.content)
        if wrong:
            self.fail(case, what, wrong)
        return answer

    def check_result(self, case: FuzzedImage, query: str, answer: httpx2.Response) -> None:
        """Check that the response is an image of the requested format and declares it."""
        if answer.headers.get("x-content-type-options") != "nosniff":
            self.fail(case, query, "it may be sniffed")
        kind = answer.headers["content-type"]
        named = {"image/jpeg": "JPEG"}.get(kind, kind.removeprefix("image/").upper())
        try:
            with Image.open(BytesIO(answer.content)) as image:
                found = "JPEG" if image.format == "MPO" else image.format
        except Exception as error:
            self.fail(case, query, f"what came is no picture: {error!r}")
            return
        options = dict(pair.split("=") for pair in query.split("&") if pair).get("fm")
        if found != named or (options and named != FORMATS[options]):
            self.fail(case, query, f"{found} came as {kind}")

    def check_health(self, client: httpx2.Client) -> None:
        """Check that all workers still process valid images and that nothing is left behind."""
        honest = FuzzedImage("an honest picture", sample_images.jpeg(200, 150), "a.jpg", "image/jpeg")

        def show(index: int) -> int:
            answer = self.upload(client, honest)
            if answer.status_code != 200:
                return answer.status_code
            image = answer.json()["data"]["id"]
            return client.get(f"/img/{image}?w={20 + index}&fm=webp").status_code

        with ThreadPoolExecutor(2 * WORKERS) as hands:
            statuses = list(hands.map(show, range(2 * WORKERS)))
        self.report.check(set(statuses) == {200}, f"honest pictures are answered {statuses}")
        if left := leftover_files(self.server.data):
            self.report.failure(f"left in the folder for what comes in: {left}")

    def fail(self, case: FuzzedImage, what: str, why: str) -> None:
        failing = self.options.folder / "failing"
        failing.mkdir(exist_ok=True)
        (failing / case.name.replace("/", "_").replace(" ", "-")[:120]).write_bytes(case.data)
        self.report.failure(f"{case.name} ({len(case.data)} bytes), {what or 'as it is'}: {why}")


def random_transform(rng: Random) -> str:
    """Return a random transform query, from tiny to large results."""
    query = {"fm": rng.choice(list(FORMATS))} if rng.random() < 0.9 else {}
    if rng.random() < 0.9:
        query["w"] = str(rng.choice(SIDES))
    if rng.random() < 0.7:
        query["h"] = str(rng.choice(SIDES))
    query["fit"] = rng.choice(FITS)
    if rng.random() < 0.2:
        query["bg"] = rng.choice(("f00", "00000080"))
    if rng.random() < 0.2:
        query["dpr"] = rng.choice(("2", "1.5"))
    return "&".join(f"{name}={value}" for name, value in query.items())


def leftover_files(data: Path) -> list[str]:
    """Return leftover names in the incoming folder; checked twice, since the last request may still be finishing."""
    for _ in range(40):
        found = [str(path.relative_to(data)) for path in data.rglob("*") if is_temporary(path)]
        if not found:
            return []
        time.sleep(0.05)
    return found


def is_temporary(path: Path) -> bool:
    return path.is_file() and path.name.startswith(("upload-", "put-", "deleted-"))


def run(options: StressOptions, report: StressReport) -> None:
    warnings.simplefilter("ignore", UserWarning)  # Pillow warns of some originals
    server = StressServer(
        options.folder,
        max_pixels="4000000",
        max_upload_size="4MB",
        min_free_disk="1MB",
        transform_workers=str(WORKERS),
        transform_deadline=str(DEADLINE),
        transform_memory="160MB",
        response_cache_size="8MB",
    )
    count = QUICK if options.quick else FULL
    with server.running(), watching_peak(server.tree) as watch:
        test = ImagesTest(options, report, server)
        test.run(fuzzed_images(options.seed, count), watch)
        if not server.is_alive:
            raise ProcessFailed("the server is gone")
        processes = len(server.tree.pids())
        most = WORKERS + 3
        report.check(processes <= most, f"{processes} processes are left, {most} were to be")
        peak = watch.memory
    report.check(not server.tracebacks(), f"{server.tracebacks()} tracebacks in the log")
    counted = test.counted
    report.figure("files", counted.uploads)
    report.figure("taken", counted.taken)
    report.figure("results", counted.results)
    report.figure("statuses", dict(sorted(counted.statuses.items())))
    report.figure("peak MB", round(peak))
    report.summary = (
        f"{counted.uploads:,} files, {counted.taken:,} taken, {counted.results:,} results, {peak:.0f} MB at most,"
        f" slowest {counted.slowest:.1f} s"
    )
