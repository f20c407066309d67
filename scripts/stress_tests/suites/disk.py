"""A disk that fills up: uploads are refused, everything else works, and all recovers when space is free.

Runs twice: with the reserve of free space that PicHub keeps, and without it, so that SQLite also runs out of space
within a transaction. No response is a 500, no file is left behind, and no change is half done.
"""

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from scripts.benchmarks.processes import ProcessFailed
from scripts.stress_tests import audit
from scripts.stress_tests.audit import DataFolder
from scripts.stress_tests.options import StressOptions
from scripts.stress_tests.receiver import WebhookReceiver, receiving
from scripts.stress_tests.report import StressReport
from scripts.stress_tests.server import StressServer
from scripts.stress_tests.small_disk import MEGABYTE, SmallDisk, small_disk
from scripts.stress_tests.tiny_images import LARGE, MIDDLE, TinyImage

DISK_MEGABYTES = 48
MIN_FREE_MEGABYTES = 8
BALLAST_BYTES = 8 * MEGABYTE
"""Space used by another program and freed at the end: PicHub can't delete on a disk that is full to the last byte."""
CONCURRENT_UPLOADS = 4
RECOVERY_TIMEOUT_SECONDS = 90.0
"""A worker loop that failed repeatedly waits up to a minute."""
UPLOAD = """mutation($input: UploadImageInput!) { uploadImage(input: $input) { image { id } } }"""


@dataclass(frozen=True, slots=True)
class DiskPlan:
    rounds: int
    changes: int


LONG, SHORT = DiskPlan(rounds=4, changes=60), DiskPlan(rounds=1, changes=15)


def run(options: StressOptions, report: StressReport) -> None:
    asyncio.run(_run(options, report))


async def _run(options: StressOptions, report: StressReport) -> None:
    plan = SHORT if options.quick else LONG
    answers: Counter[str] = Counter()
    waits: list[float] = []
    async with receiving() as receiver:
        for floor in (MIN_FREE_MEGABYTES * MEGABYTE, 1):
            folder = options.folder / f"floor-{floor}"
            with small_disk(folder / "disk", DISK_MEGABYTES) as disk:
                one = DiskTest(folder, disk, floor, receiver, report, answers)
                try:
                    await one.run(plan)
                finally:
                    await asyncio.to_thread(one.server.kill)
                waits += one.waits
    refused = sum(n for name, n in answers.items() if name.endswith("507"))
    report.figure("answers", dict(sorted(answers.items())))
    report.figure("recovered_after_seconds", [round(wait, 2) for wait in waits])
    for name, count in sorted(answers.items()):
        report.say(f"{name}: {count:,}")
    report.summary = (
        f"{2 * plan.rounds} times full, {sum(answers.values()):,} requests, {refused:,} refused with 507,"
        f" well again after {max(waits):.1f} s at most"
    )


@dataclass
class DiskTest:
    """One server on one small disk. `shown` holds the images that must exist, byte for byte."""

    folder: Path
    disk: SmallDisk
    floor: int
    receiver: WebhookReceiver
    report: StressReport
    answers: Counter[str]
    shown: dict[str, TinyImage] = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server = StressServer(
            self.folder,
            data=self.disk.folder / "data",
            min_free_disk=str(self.floor),
            webhook_allow_networks="127.0.0.0/8",
        )
        self.data = DataFolder(self.server.data)
        self.number = self.floor * 1_000_000
        self.path = f"/hook-{self.floor}"

    async def run(self, plan: DiskPlan) -> None:
        await asyncio.to_thread(self.server.start)
        async with httpx2.AsyncClient(
            base_url=self.server.url, headers=self.server.headers, timeout=60
        ) as client:
            self.client = client
            await self._listen()
            for _ in range(plan.rounds):
                await self._upload_until_full()
                await self._while_full(plan)
                self.disk.fill()
                self.report.say(f"floor {self.floor:,}: another program took the rest")
                await self._while_full(plan)
                await self._recover()
            await self._finish()

    async def _listen(self) -> None:
        body = {
            "url": self.receiver.url + self.path,
            "events": ["image.uploaded", "image.deleted", "album.created"],
        }
        answer = await self.client.post("/v1/webhooks", json=body)
        self.receiver.secrets[self.path] = answer.json()["data"]["secret"]

    async def _upload_until_full(self) -> None:
        self.disk.allocate(BALLAST_BYTES)
        full = False
        while not full:
            size = MIDDLE if self.disk.free > 6 * MEGABYTE or self.floor > 1 else LARGE
            tasks = [asyncio.create_task(self._upload(size)) for _ in range(CONCURRENT_UPLOADS)]
            full = 507 in [await task for task in tasks]
        self.report.say(
            f"floor {self.floor:,}: full, {self.disk.free:,} bytes left, {len(self.shown)} images"
        )

    async def _while_full(self, plan: DiskPlan) -> None:
        for turn in range(plan.changes):
            await asyncio.gather(
                self._upload(LARGE), self._upload_by_graphql(), self._read(turn), self._show(turn),
                self._change(turn), self._make_album(),
            )  # fmt: skip
            if turn % 10 == 9:
                await self._delete()

    async def _upload(self, size: tuple[int, int]) -> int:
        source = self._new_image(size)
        answer = await self._request(
            "upload", "POST", "/v1/upload", files={"image": ("a.jpg", source.content)}
        )
        if answer.status_code == 200:
            self.shown[answer.json()["data"]["id"]] = source
        self._expect(answer, {200, 507})
        return answer.status_code

    async def _upload_by_graphql(self) -> None:
        source = self._new_image(MIDDLE)
        operations = json.dumps({"query": UPLOAD, "variables": {"input": {"file": None}}})
        form = {"operations": operations, "map": '{"0": ["variables.input.file"]}'}
        files = {"0": ("a.jpg", source.content)}
        answer = await self._request("upload by GraphQL", "POST", "/graphql", data=form, files=files)
        told = answer.json()
        code = told["errors"][0]["extensions"]["code"] if "errors" in told else ""
        if code not in {"", "INSUFFICIENT_STORAGE"}:
            self.report.failure(f"an upload by GraphQL was answered {told}")
        elif not code:
            self.shown[told["data"]["uploadImage"]["image"]["id"]] = source

    async def _read(self, turn: int) -> None:
        """Check that existing images are still served and listed."""
        if self.shown:
            image_id = list(self.shown)[turn % len(self.shown)]
            answer = await self._request("original", "GET", f"/img/{image_id}")
            self._expect(answer, {200})
            self.report.check(
                answer.content == self.shown[image_id].content, f"lost: {image_id} is shown with other bytes"
            )
        self._expect(await self._request("list", "GET", "/v1/images"), {200})

    async def _show(self, turn: int) -> None:
        """Request a new variant, which needs space."""
        if self.shown:
            image_id = list(self.shown)[turn % len(self.shown)]
            self.number += 1
            path = f"/img/{image_id}.webp?w={40 + self.number % 900}"
            self._expect(await self._request("variant", "GET", path), {200, 507})

    async def _change(self, turn: int) -> None:
        if self.shown:
            image_id, title = list(self.shown)[turn % len(self.shown)], "x" * 200
            body = {"title": title, "description": "y" * 5000}
            answer = await self._request("change", "PATCH", f"/v1/images/{image_id}", json=body)
            self._expect(answer, {200, 507})

    async def _make_album(self) -> None:
        body = {"name": "an album", "description": "y" * 5000}
        answer = await self._request("new album", "POST", "/v1/albums", json=body)
        self._expect(answer, {200, 201, 507})

    async def _delete(self) -> None:
        """Delete an image. Works within the reserve; without a reserve it may be refused as a whole."""
        if len(self.shown) < 3:
            return
        image_id = next(iter(self.shown))
        answer = await self._request("delete", "DELETE", f"/v1/images/{image_id}")
        is_full = self.disk.free < MEGABYTE
        self._expect(answer, {200, 507} if is_full else {200})
        if answer.status_code == 200:
            del self.shown[image_id]
            self.report.check(
                not self.data.objects_of(image_id), f"{image_id} was deleted, and something is left"
            )
            self._expect(await self._request("deleted", "GET", f"/img/{image_id}"), {404})

    async def _recover(self) -> None:
        """Check that the server recovers without a restart once space is free."""
        self.disk.release()
        begun = asyncio.get_running_loop().time()
        while len(self.shown) > 8:
            image_id = next(iter(self.shown))
            self._expect(await self._request("delete", "DELETE", f"/v1/images/{image_id}"), {200})
            del self.shown[image_id]
        self._expect(
            await self._request("upload afterwards", "POST", "/v1/albums", json={"name": "again"}), {200, 201}
        )
        self.report.check(
            await self._upload(MIDDLE) == 200, "an upload is refused though there is room again"
        )
        owed = await audit.wait_for_deliveries(self.data, self.receiver, within=RECOVERY_TIMEOUT_SECONDS)
        self.waits.append(self._elapsed(begun))
        for each in owed:
            self.report.failure(
                f"lost: it has not arrived {RECOVERY_TIMEOUT_SECONDS:g} s after there was room again: {each}"
            )
        self.report.say(f"floor {self.floor:,}: well again after {self.waits[-1]:.1f} s")

    def _elapsed(self, begun: float) -> float:
        return asyncio.get_running_loop().time() - begun

    async def _finish(self) -> None:
        self.report.check(self.server.is_alive, "the server has ended")
        for check in (audit.check_counts, audit.check_events, audit.check_originals):
            for failure in check(self.data):
                self.report.failure(failure)
        rows = {id for (id,) in self.data.rows("SELECT id FROM images")}
        self.report.check(
            rows == set(self.shown), f"rows are not what was answered: {rows ^ set(self.shown)}"
        )
        left = [path.name for path in self.data.incoming]
        self.report.check(not left, f"left on their way in: {left}")
        self.data.make_old()
        try:
            await asyncio.to_thread(self.server.run, "sweep", "--force")
        except ProcessFailed as error:
            self.report.failure(f"the sweep failed: {error}")
        for failure in audit.check_orphans(self.data):
            self.report.failure(failure)
        failed = self.server.read_log().count("failed: ")
        self.report.check(not failed, f"{failed} requests failed as nobody foresaw, by the log")
        self.report.figure(f"tracebacks_of_loops_floor_{self.floor}", self.server.tracebacks())

    def _new_image(self, size: tuple[int, int]) -> TinyImage:
        self.number += 1
        return TinyImage(self.number, size)

    async def _request(self, name: str, method: str, path: str, **rest: Any) -> httpx2.Response:
        try:
            answer = await self.client.request(method, path, **rest)
        except httpx2.TransportError as error:
            alive = "lives" if self.server.is_alive else "is dead"
            raise ProcessFailed(f"{method} {path} was not answered: {error!r}; the server {alive}") from error
        self.answers[f"{name} {answer.status_code}"] += 1
        return answer

    def _expect(self, answer: httpx2.Response, statuses: set[int]) -> None:
        if answer.status_code not in statuses:
            options = f"{answer.request.method} {answer.request.url.path}"
            self.report.failure(
                f"{options}: {answer.status_code} where {statuses} was due: {answer.text[:200]}"
            )
