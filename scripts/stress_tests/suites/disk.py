"""A disk that fills up: uploads are refused, the rest goes on, and all is well again by itself when there is room.

Twice: with the floor of free room that PicHub keeps, and without it, so that SQLite, too, finds no room in the middle
of a transaction. Nobody is answered 500, no file is left behind, and nothing is there by half.
"""

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from scripts.benchmarks.processes import Failed
from scripts.stress_tests import audit
from scripts.stress_tests.audit import Data
from scripts.stress_tests.options import Asked
from scripts.stress_tests.receiver import Receiver, receiving
from scripts.stress_tests.report import Report
from scripts.stress_tests.server import Server
from scripts.stress_tests.small_disk import MEGABYTE, SmallDisk, small_disk
from scripts.stress_tests.tiny_images import LARGE, MIDDLE, Specimen

MEGABYTES = 48
FLOOR = 8
BALLAST = 8 * MEGABYTE
"""What another program has at least, and gives back: from a disk that is full to the last byte PicHub can't delete."""
AT_ONCE = 4
RECOVERS_WITHIN = 90.0
"""Seconds: a loop of the worker that failed often waits up to a minute."""
UPLOAD = """mutation($input: UploadImageInput!) { uploadImage(input: $input) { image { id } } }"""


@dataclass(frozen=True, slots=True)
class Plan:
    rounds: int
    changes: int


LONG, SHORT = Plan(rounds=4, changes=60), Plan(rounds=1, changes=15)


def run(asked: Asked, report: Report) -> None:
    asyncio.run(_run(asked, report))


async def _run(asked: Asked, report: Report) -> None:
    plan = SHORT if asked.quick else LONG
    answers: Counter[str] = Counter()
    waits: list[float] = []
    async with receiving() as receiver:
        for floor in (FLOOR * MEGABYTE, 1):
            folder = asked.folder / f"floor-{floor}"
            with small_disk(folder / "disk", MEGABYTES) as disk:
                one = FullDisk(folder, disk, floor, receiver, report, answers)
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
class FullDisk:
    """One server on one small disk. `shown` are the images that must be there, byte for byte."""

    folder: Path
    disk: SmallDisk
    floor: int
    receiver: Receiver
    report: Report
    answers: Counter[str]
    shown: dict[str, Specimen] = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server = Server(
            self.folder,
            data=self.disk.folder / "data",
            min_free_disk=str(self.floor),
            webhook_allow_networks="127.0.0.0/8",
        )
        self.data = Data(self.server.data)
        self.number = self.floor * 1_000_000
        self.path = f"/hook-{self.floor}"

    async def run(self, plan: Plan) -> None:
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
            await self._end()

    async def _listen(self) -> None:
        body = {
            "url": self.receiver.url + self.path,
            "events": ["image.uploaded", "image.deleted", "album.created"],
        }
        answer = await self.client.post("/v1/webhooks", json=body)
        self.receiver.secrets[self.path] = answer.json()["data"]["secret"]

    async def _upload_until_full(self) -> None:
        self.disk.take(BALLAST)
        full = False
        while not full:
            size = MIDDLE if self.disk.free > 6 * MEGABYTE or self.floor > 1 else LARGE
            tasks = [asyncio.create_task(self._upload(size)) for _ in range(AT_ONCE)]
            full = 507 in [await task for task in tasks]
        self.report.say(
            f"floor {self.floor:,}: full, {self.disk.free:,} bytes left, {len(self.shown)} images"
        )

    async def _while_full(self, plan: Plan) -> None:
        for turn in range(plan.changes):
            await asyncio.gather(
                self._upload(LARGE), self._upload_by_graphql(), self._read(turn), self._show(turn),
                self._change(turn), self._make_album(),
            )  # fmt: skip
            if turn % 10 == 9:
                await self._delete()

    async def _upload(self, size: tuple[int, int]) -> int:
        specimen = self._specimen(size)
        answer = await self._ask("upload", "POST", "/v1/upload", files={"image": ("a.jpg", specimen.content)})
        if answer.status_code == 200:
            self.shown[answer.json()["data"]["id"]] = specimen
        self._expect(answer, {200, 507})
        return answer.status_code

    async def _upload_by_graphql(self) -> None:
        specimen = self._specimen(MIDDLE)
        operations = json.dumps({"query": UPLOAD, "variables": {"input": {"file": None}}})
        form = {"operations": operations, "map": '{"0": ["variables.input.file"]}'}
        files = {"0": ("a.jpg", specimen.content)}
        answer = await self._ask("upload by GraphQL", "POST", "/graphql", data=form, files=files)
        told = answer.json()
        code = told["errors"][0]["extensions"]["code"] if "errors" in told else ""
        if code not in {"", "INSUFFICIENT_STORAGE"}:
            self.report.broke(f"an upload by GraphQL was answered {told}")
        elif not code:
            self.shown[told["data"]["uploadImage"]["image"]["id"]] = specimen

    async def _read(self, turn: int) -> None:
        """What is there is shown and listed as ever."""
        if self.shown:
            image_id = list(self.shown)[turn % len(self.shown)]
            answer = await self._ask("original", "GET", f"/img/{image_id}")
            self._expect(answer, {200})
            self.report.holds(
                answer.content == self.shown[image_id].content, f"lost: {image_id} is shown with other bytes"
            )
        self._expect(await self._ask("list", "GET", "/v1/images"), {200})

    async def _show(self, turn: int) -> None:
        """A variant that is not there yet needs room for itself."""
        if self.shown:
            image_id = list(self.shown)[turn % len(self.shown)]
            self.number += 1
            path = f"/img/{image_id}.webp?w={40 + self.number % 900}"
            self._expect(await self._ask("variant", "GET", path), {200, 507})

    async def _change(self, turn: int) -> None:
        if self.shown:
            image_id, title = list(self.shown)[turn % len(self.shown)], "x" * 200
            body = {"title": title, "description": "y" * 5000}
            answer = await self._ask("change", "PATCH", f"/v1/images/{image_id}", json=body)
            self._expect(answer, {200, 507})

    async def _make_album(self) -> None:
        body = {"name": "an album", "description": "y" * 5000}
        answer = await self._ask("new album", "POST", "/v1/albums", json=body)
        self._expect(answer, {200, 201, 507})

    async def _delete(self) -> None:
        """Works where the floor kept room for it; without, it may be refused whole."""
        if len(self.shown) < 3:
            return
        image_id = next(iter(self.shown))
        answer = await self._ask("delete", "DELETE", f"/v1/images/{image_id}")
        is_full = self.disk.free < MEGABYTE
        self._expect(answer, {200, 507} if is_full else {200})
        if answer.status_code == 200:
            del self.shown[image_id]
            self.report.holds(
                not self.data.objects_of(image_id), f"{image_id} was deleted, and something is left"
            )
            self._expect(await self._ask("deleted", "GET", f"/img/{image_id}"), {404})

    async def _recover(self) -> None:
        """There is room again. Nobody restarts anything."""
        self.disk.release()
        begun = asyncio.get_running_loop().time()
        while len(self.shown) > 8:
            image_id = next(iter(self.shown))
            self._expect(await self._ask("delete", "DELETE", f"/v1/images/{image_id}"), {200})
            del self.shown[image_id]
        self._expect(
            await self._ask("upload afterwards", "POST", "/v1/albums", json={"name": "again"}), {200, 201}
        )
        self.report.holds(
            await self._upload(MIDDLE) == 200, "an upload is refused though there is room again"
        )
        owed = await audit.all_arrived(self.data, self.receiver, within=RECOVERS_WITHIN)
        self.waits.append(self._since(begun))
        for each in owed:
            self.report.broke(
                f"lost: it has not arrived {RECOVERS_WITHIN:g} s after there was room again: {each}"
            )
        self.report.say(f"floor {self.floor:,}: well again after {self.waits[-1]:.1f} s")

    def _since(self, begun: float) -> float:
        return asyncio.get_running_loop().time() - begun

    async def _end(self) -> None:
        self.report.holds(self.server.is_alive, "the server has ended")
        for check in (audit.counts, audit.told, audit.bytes_of_rows):
            for promise in check(self.data):
                self.report.broke(promise)
        rows = {id for (id,) in self.data.rows("SELECT id FROM images")}
        self.report.holds(
            rows == set(self.shown), f"rows are not what was answered: {rows ^ set(self.shown)}"
        )
        left = [path.name for path in self.data.incoming]
        self.report.holds(not left, f"left on their way in: {left}")
        self.data.age()
        try:
            await asyncio.to_thread(self.server.run, "sweep", "--force")
        except Failed as error:
            self.report.broke(f"the sweep failed: {error}")
        for promise in audit.nothing_left_over(self.data):
            self.report.broke(promise)
        failed = self.server.said().count("failed: ")
        self.report.holds(not failed, f"{failed} requests failed as nobody foresaw, by the log")
        self.report.figure(f"tracebacks_of_loops_floor_{self.floor}", self.server.tracebacks())

    def _specimen(self, size: tuple[int, int]) -> Specimen:
        self.number += 1
        return Specimen(self.number, size)

    async def _ask(self, name: str, method: str, path: str, **rest: Any) -> httpx2.Response:
        try:
            answer = await self.client.request(method, path, **rest)
        except httpx2.TransportError as error:
            alive = "lives" if self.server.is_alive else "is dead"
            raise Failed(f"{method} {path} was not answered: {error!r}; the server {alive}") from error
        self.answers[f"{name} {answer.status_code}"] += 1
        return answer

    def _expect(self, answer: httpx2.Response, statuses: set[int]) -> None:
        if answer.status_code not in statuses:
            asked = f"{answer.request.method} {answer.request.url.path}"
            self.report.broke(f"{asked}: {answer.status_code} where {statuses} was due: {answer.text[:200]}")
