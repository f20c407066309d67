"""SIGKILL to every process at any moment: what was acknowledged is there, and nothing is there by half.

Clients upload, change, move, show and delete, and a real receiver takes webhooks, while the server's whole process
group is killed, again and again, sometimes while it starts. After each start it is read what is there; in the end all.

A killed process loses nothing that it has given to the system, so that this does not try what a power cut does.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from statistics import median

import httpx2

from scripts.benchmarks.processes import Failed
from scripts.stress_tests import audit
from scripts.stress_tests.audit import Data
from scripts.stress_tests.expected_state import Deletion, Kept, Ledger
from scripts.stress_tests.load_generator import Crowd
from scripts.stress_tests.options import Asked
from scripts.stress_tests.receiver import Receiver, receiving
from scripts.stress_tests.report import Report
from scripts.stress_tests.server import Server

WEBHOOKS = {
    "/steady": ["image.uploaded", "image.deleted", "album.created", "album.updated"],
    "/stubborn": ["image.deleted"],
}
"""What each is told of. The second refuses one event in ten at first."""
AT_ONCE = 8
SOON, LATE = (0.05, 2.0), (2.0, 10.0)
"""Seconds from the begin of the work to the kill: in the first of a server's life, and when all of it runs."""
EVERY_BYTE_AFTER = 25
"""Kills after which all bytes are read, and a sweep is made."""


@dataclass(frozen=True, slots=True)
class Plan:
    kills: int
    operations: int
    patience: float
    """Seconds for webhooks to arrive in the end: an event whose second attempt was killed too waits for 5 minutes."""


LONG, SHORT = Plan(kills=200, operations=10_000, patience=900), Plan(kills=10, operations=100, patience=400)


def run(asked: Asked, report: Report) -> None:
    asyncio.run(_run(asked, report))


async def _run(asked: Asked, report: Report) -> None:
    async with receiving() as receiver:
        server = Server(asked.folder, min_free_disk="1MB", webhook_allow_networks="127.0.0.0/8")
        torture = Torture(server, receiver, report, asked.chance)
        try:
            await torture.run(SHORT if asked.quick else LONG, asked.seconds)
        finally:
            await asyncio.to_thread(server.kill)


@dataclass
class Torture:
    server: Server
    receiver: Receiver
    report: Report
    chance: Random
    ledger: Ledger = field(default_factory=Ledger)
    kills: int = 0
    starts: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.data = Data(self.server.data)
        self.crowd = Crowd(self.ledger, self.report, self.chance)

    async def run(self, plan: Plan, seconds: float | None) -> None:
        await self._start()
        await self._prepare()
        while self.kills < plan.kills or self.ledger.operations < plan.operations:
            if seconds is not None and self.report.seconds > seconds:
                self.report.say(f"the time is over after {self.kills} kills")
                break
            await self._round()
        await self._end(plan)
        self._sum_up()

    async def _start(self) -> None:
        """Starts it; now and then it is killed on its way up, and starts once more."""
        while self.starts and self.chance.random() < 0.1:
            await asyncio.to_thread(self.server.start, wait=False)
            await asyncio.sleep(self.chance.uniform(0.1, 1.5) * self.starts[0])
            await asyncio.to_thread(self.server.kill)
            self.kills += 1
        self.starts.append(await asyncio.to_thread(self.server.start))

    def _client(self) -> httpx2.AsyncClient:
        limits = httpx2.Limits(max_connections=AT_ONCE)
        return httpx2.AsyncClient(
            base_url=self.server.url, headers=self.server.headers, timeout=60, limits=limits
        )

    async def _prepare(self) -> None:
        self.receiver.stubborn.add("/stubborn")
        async with self._client() as client:
            for path, kinds in WEBHOOKS.items():
                body = {"url": self.receiver.url + path, "events": kinds}
                answer = await client.post("/v1/webhooks", json=body)
                self.receiver.secrets[path] = answer.json()["data"]["secret"]
                self.receiver.kinds[path] = set(kinds)
            await self.crowd.prepare(client)

    async def _round(self) -> None:
        before, self.crowd.stopped = self.kills, False
        self.crowd.touched.clear()
        async with self._client() as client:
            work = [asyncio.create_task(self.crowd.work(client)) for _ in range(AT_ONCE)]
            await asyncio.sleep(self.chance.uniform(*self.chance.choices((SOON, LATE), (9, 1))[0]))
            self.crowd.stopped = True
            await asyncio.to_thread(self.server.kill)
            await asyncio.gather(*work)
        self.kills += 1
        await self._start()
        await self._look()
        if self.kills // EVERY_BYTE_AFTER > before // EVERY_BYTE_AFTER:
            await self._look_at_every_byte()

    async def _look(self) -> None:
        """What is there after a start."""
        self._settle()
        await asyncio.to_thread(self._check_rows)
        touched = [self.ledger.images[id] for id in self.crowd.touched]
        self._tell(audit.deleted(self.data, self.ledger, touched))
        await self._ask_for(touched)
        for image in self.ledger.images.values():
            image.rendering = 0

    def _settle(self) -> None:
        """What was in doubt has happened, or has not, and stays so."""
        sql = "SELECT sha256, id, title, album_id FROM images"
        rows = {digest: rest for digest, *rest in self.data.rows(sql)}
        for digest, specimen in list(self.ledger.sent.items()):
            if found := rows.get(digest):
                self.ledger.images[found[0]] = Kept(found[0], specimen, albums={found[2]})
                self.crowd.touched.add(found[0])
        self.ledger.refused |= {d: s for d, s in self.ledger.sent.items() if d not in rows}
        self.ledger.sent.clear()
        for image in self.ledger.images.values():
            row = rows.get(image.specimen.sha256)
            if image.deletion is Deletion.DOUBTFUL:
                image.deletion = Deletion.NEVER if row else Deletion.HAPPENED
            if row and row[1] in image.titles and row[2] in image.albums:
                image.titles, image.albums = {row[1]}, {row[2]}
        for album, name in self.data.rows("SELECT id, name FROM albums"):
            if name in self.ledger.album_names.get(album, ()):
                self.ledger.album_names[album] = {name}

    def _check_rows(self) -> None:
        for check in (audit.counts, audit.tags, audit.told):
            self._tell(check(self.data))
        for each in (audit.images, audit.albums):
            self._tell(each(self.data, self.ledger))

    async def _ask_for(self, images: list[Kept]) -> None:
        """What clients see of these images."""
        async with self._client() as client:
            room = asyncio.Semaphore(AT_ONCE)

            async def look(image: Kept) -> None:
                async with room:
                    shown = await client.get(f"/img/{image.id}")
                    row = await client.get(f"/v1/images/{image.id}")
                wanted = 200 if image.must_be_there else 404
                if (shown.status_code, row.status_code) != (wanted, wanted):
                    self.report.broke(
                        f"{image.id} answers {shown.status_code}, {row.status_code}; not {wanted}"
                    )
                elif wanted == 200 and shown.content != image.specimen.content:
                    self.report.broke(f"lost: {image.id} is shown with other bytes than were uploaded")
                elif wanted == 200 and row.json()["data"]["sha256"] != image.specimen.sha256:
                    self.report.broke(f"{image.id} has another digest than what was uploaded")

            await asyncio.gather(*map(look, images))

    async def _look_at_every_byte(self) -> None:
        await asyncio.to_thread(self._tell, audit.bytes_of_rows(self.data))
        self.data.age()
        await asyncio.to_thread(self._sweep)
        await asyncio.to_thread(self._tell, audit.nothing_left_over(self.data))
        await asyncio.to_thread(self._tell, audit.bytes_of_rows(self.data))
        owed = len(audit.owed(self.data, self.receiver))
        self.report.say(
            f"{self.kills} kills, {self.ledger.operations:,} operations, {len(self.ledger.present):,} images,"
            f" {len(self.ledger.gone):,} deleted, {owed} deliveries owed, {len(self.report.broken)} broken"
        )

    def _sweep(self) -> None:
        try:
            self.server.run("sweep", "--force")
        except Failed as error:
            self.report.broke(f"the sweep failed: {error}")

    async def _end(self, plan: Plan) -> None:
        """Everything, once more, when all webhooks have arrived."""
        begun = asyncio.get_running_loop().time()
        owing = len(audit.owed(self.data, self.receiver))
        self.report.say(f"{self.kills} kills; {owing:,} deliveries are still owed")
        owed = await audit.all_arrived(self.data, self.receiver, within=plan.patience)
        self.report.figure("webhooks_owed", owing)
        self.report.figure("webhooks_owed_for_seconds", round(asyncio.get_running_loop().time() - begun, 1))
        for each in owed:
            self.report.broke(f"lost: it has not arrived: {each}")
        self._tell(audit.arrived(self.ledger, self.receiver))
        self.crowd.touched = set(self.ledger.images)
        await self._look()
        await self._look_at_every_byte()
        if found := self.server.tracebacks():
            self.report.broke(f"the server's log has {found} tracebacks")

    def _tell(self, broken: Iterable[str]) -> None:
        for promise in broken:
            self.report.broke(promise)

    def _sum_up(self) -> None:
        lost = sum(promise.startswith("lost") for promise in self.report.broken)
        came = sum(map(len, self.receiver.events.values()))
        report, ledger = self.report, self.ledger
        report.summary = f"{self.kills} kills, {ledger.operations:,} operations, {lost} lost"
        report.figure("kills", self.kills)
        report.figure("operations", ledger.operations)
        report.figure("acknowledged", ledger.acknowledged)
        report.figure("images", len(ledger.images))
        report.figure("deleted", len(ledger.gone))
        report.figure("webhooks", {"arrived": came, "repeated": self.receiver.repeated})
        report.figure("start_seconds", {"median": median(self.starts), "max": max(self.starts)})
        report.say(
            f"{ledger.acknowledged:,} acknowledged; {came:,} webhooks, {self.receiver.repeated} of them twice"
        )
