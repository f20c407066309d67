"""Pictures that were made to hurt are refused or shown, within the memory and the time that the settings give them.

A server with small limits is given thousands of files. Of what it takes it is asked for results in all formats and
fits. Each answer is a documented one; no request takes longer than the deadlines of those that are worked on at the
same time, and a second; all processes together stay under 600 MB; honest pictures are worked on after each batch;
nothing is left in the folder for what comes in.
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

from scripts.benchmarks.processes import Failed
from scripts.fixtures import sample_images
from scripts.stress_tests.fuzzed_images import Case, cases
from scripts.stress_tests.options import Asked
from scripts.stress_tests.peak_memory import Peak, watched
from scripts.stress_tests.report import Report
from scripts.stress_tests.response_checks import wrong_with
from scripts.stress_tests.server import Server

FULL, QUICK, BATCH = 5_000, 300, 100
WORKERS = 2
DEADLINE, GRACE = 3.0, 1.0
LONGEST = WORKERS * DEADLINE + GRACE
"""Seconds: who needs much memory waits until the others have given theirs back, and the clock stands still for it."""
MEMORY = 600.0
"""MB that all processes may have together."""

FORMATS = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP", "gif": "GIF", "avif": "AVIF"}
FITS = ("cover", "contain", "fill", "inside", "outside")
SIDES = (1, 1, 2, 7, 20, 33, 57, 100, 100, 200, 320, 320, 640, 1000, 3000, 8192)


@dataclass
class Counted:
    uploads: int = 0
    taken: int = 0
    results: int = 0
    slowest: float = 0.0
    statuses: dict[str, int] = field(default_factory=dict)


@dataclass
class Torture:
    asked: Asked
    report: Report
    server: Server
    counted: Counted = field(default_factory=Counted)
    is_too_large: bool = False

    def run(self, each: Iterator[Case], watch: Peak) -> None:
        ends = time.monotonic() + self.asked.seconds if self.asked.seconds else None
        with (
            ThreadPoolExecutor(WORKERS) as hands,
            httpx2.Client(base_url=self.server.url, headers=self.server.headers, timeout=60) as client,
        ):
            while batch := list(islice(each, BATCH)):
                list(hands.map(lambda case: self.one(client, case), batch))
                self.is_well(client)
                self.report.say(
                    f"{self.counted.uploads} files, {self.counted.taken} taken, {self.counted.results} results,"
                    f" slowest {self.counted.slowest:.2f} s, {watch.memory:.0f} MB at most"
                )
                if watch.memory > MEMORY and not self.is_too_large:
                    self.is_too_large = True
                    self.report.broke(f"{watch.memory:.0f} MB by the time of {batch[-1].name}")
                if ends and time.monotonic() > ends:
                    return

    def one(self, client: httpx2.Client, case: Case) -> None:
        """Uploads it, and asks for what can be made of it."""
        chance = Random(f"{self.asked.seed} {case.name}")  # noqa: S311
        self.counted.uploads += 1
        answer = self.timed(case, "uploaded", lambda: self.upload(client, case))
        if answer is None or answer.status_code != 200:
            return
        self.counted.taken += 1
        image = answer.json()["data"]["id"]
        wishes = ["", *(wish(chance) for _ in range(2 if self.asked.quick else 3))]
        for query in wishes:
            result = self.timed(case, query, lambda query=query: client.get(f"/img/{image}?{query}"))
            if result is not None and result.status_code == 200:
                self.counted.results += 1
                self.is_shown(case, query, result)
        self.timed(case, "deleted", lambda: client.delete(f"/v1/images/{image}"))

    def upload(self, client: httpx2.Client, case: Case) -> httpx2.Response:
        file = (case.filename, case.data, case.content_type)
        return client.post("/v1/upload", files={"image": file})

    def timed(self, case: Case, what: str, ask: Callable[[], httpx2.Response]) -> httpx2.Response | None:
        """The answer, judged. Where the machine was too busy to be fair, it is asked once more."""
        for again in (False, True):
            started = time.monotonic()
            try:
                answer = ask()
            except httpx2.HTTPError as error:
                self.broke(case, what, f"no answer: {error!r}")
                return None
            took = time.monotonic() - started
            if took <= LONGEST:
                break
            if again:
                self.broke(case, what, f"it took {took:.1f} s")
        self.counted.slowest = max(self.counted.slowest, took)
        key = f"{'upload' if what == 'uploaded' else 'delete' if what == 'deleted' else 'img'} {answer.status_code}"
        self.counted.statuses[key] = self.counted.statuses.get(key, 0) + 1
        wrong = wrong_with(answer.status_code, answer.headers, answer.content)
        if wrong:
            self.broke(case, what, wrong)
        return answer

    def is_shown(self, case: Case, query: str, answer: httpx2.Response) -> None:
        """Whether it is a picture of the kind that was asked for, and says so."""
        if answer.headers.get("x-content-type-options") != "nosniff":
            self.broke(case, query, "it may be sniffed")
        kind = answer.headers["content-type"]
        named = {"image/jpeg": "JPEG"}.get(kind, kind.removeprefix("image/").upper())
        try:
            with Image.open(BytesIO(answer.content)) as image:
                found = "JPEG" if image.format == "MPO" else image.format
        except Exception as error:
            self.broke(case, query, f"what came is no picture: {error!r}")
            return
        asked = dict(pair.split("=") for pair in query.split("&") if pair).get("fm")
        if found != named or (asked and named != FORMATS[asked]):
            self.broke(case, query, f"{found} came as {kind}")

    def is_well(self, client: httpx2.Client) -> None:
        """Honest pictures are worked on, by as many workers as there are, and nothing is left behind."""
        honest = Case("an honest picture", sample_images.jpeg(200, 150), "a.jpg", "image/jpeg")

        def show(index: int) -> int:
            answer = self.upload(client, honest)
            if answer.status_code != 200:
                return answer.status_code
            image = answer.json()["data"]["id"]
            return client.get(f"/img/{image}?w={20 + index}&fm=webp").status_code

        with ThreadPoolExecutor(2 * WORKERS) as hands:
            statuses = list(hands.map(show, range(2 * WORKERS)))
        self.report.holds(set(statuses) == {200}, f"honest pictures are answered {statuses}")
        if left := left_over(self.server.data):
            self.report.broke(f"left in the folder for what comes in: {left}")

    def broke(self, case: Case, what: str, why: str) -> None:
        failing = self.asked.folder / "failing"
        failing.mkdir(exist_ok=True)
        (failing / case.name.replace("/", "_").replace(" ", "-")[:120]).write_bytes(case.data)
        self.report.broke(f"{case.name} ({len(case.data)} bytes), {what or 'as it is'}: {why}")


def wish(chance: Random) -> str:
    """What may be asked for of a picture, tiny and large."""
    query = {"fm": chance.choice(list(FORMATS))} if chance.random() < 0.9 else {}
    if chance.random() < 0.9:
        query["w"] = str(chance.choice(SIDES))
    if chance.random() < 0.7:
        query["h"] = str(chance.choice(SIDES))
    query["fit"] = chance.choice(FITS)
    if chance.random() < 0.2:
        query["bg"] = chance.choice(("f00", "00000080"))
    if chance.random() < 0.2:
        query["dpr"] = chance.choice(("2", "1.5"))
    return "&".join(f"{name}={value}" for name, value in query.items())


def left_over(data: Path) -> list[str]:
    """Names of what lies where bytes come in; looked for twice, as the last request may still be tidying up."""
    for _ in range(40):
        found = [str(path.relative_to(data)) for path in data.rglob("*") if is_temporary(path)]
        if not found:
            return []
        time.sleep(0.05)
    return found


def is_temporary(path: Path) -> bool:
    return path.is_file() and path.name.startswith(("upload-", "put-", "deleted-"))


def run(asked: Asked, report: Report) -> None:
    warnings.simplefilter("ignore", UserWarning)  # Pillow finds some originals odd; so do we
    server = Server(
        asked.folder,
        max_pixels="4000000",
        max_upload_size="4MB",
        min_free_disk="1MB",
        transform_workers=str(WORKERS),
        transform_deadline=str(DEADLINE),
        transform_memory="160MB",
        hits_size="8MB",
    )
    count = QUICK if asked.quick else FULL
    with server.running(), watched(server.tree) as watch:
        torture = Torture(asked, report, server)
        torture.run(cases(asked.seed, count), watch)
        if not server.is_alive:
            raise Failed("the server is gone")
        processes = len(server.tree.pids())
        most = WORKERS + 3
        report.holds(processes <= most, f"{processes} processes are left, {most} were to be")
        peak = watch.memory
    report.holds(not server.tracebacks(), f"{server.tracebacks()} tracebacks in the log")
    counted = torture.counted
    report.figure("files", counted.uploads)
    report.figure("taken", counted.taken)
    report.figure("results", counted.results)
    report.figure("statuses", dict(sorted(counted.statuses.items())))
    report.figure("peak MB", round(peak))
    report.summary = (
        f"{counted.uploads:,} files, {counted.taken:,} taken, {counted.results:,} results, {peak:.0f} MB at most,"
        f" slowest {counted.slowest:.1f} s"
    )
