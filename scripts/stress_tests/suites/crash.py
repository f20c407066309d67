"""SIGKILL to every process at any moment: acknowledged changes persist, and none is half done.

Clients upload, change, move, render and delete images, and a webhook receiver runs, while the server's process group
is killed again and again, sometimes during its start. The data is checked after each start, and completely at the end.

A killed process loses nothing that it has written to the kernel: this does not test a power cut.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from statistics import median

import httpx2

from scripts.benchmarks.processes import ProcessFailed
from scripts.stress_tests import audit
from scripts.stress_tests.audit import DataFolder
from scripts.stress_tests.expected_state import Deletion, ExpectedImage, ExpectedState
from scripts.stress_tests.load_generator import LoadGenerator
from scripts.stress_tests.options import StressOptions
from scripts.stress_tests.receiver import WebhookReceiver, receiving
from scripts.stress_tests.report import StressReport
from scripts.stress_tests.server import StressServer

WEBHOOKS = {
    "/steady": ["image.uploaded", "image.deleted", "album.created", "album.updated"],
    "/stubborn": ["image.deleted"],
}
"""Subscribed types by path. The second refuses one event in ten at first."""
CONCURRENT_CLIENTS = 8
SOON, LATE = (0.05, 2.0), (2.0, 10.0)
"""Seconds from the start of the work to the kill: early in a server's life, and when everything runs."""
FULL_CHECK_INTERVAL = 25
"""Kills between full checks: all bytes are read, and a cleanup runs."""


@dataclass(frozen=True, slots=True)
class CrashPlan:
    kills: int
    operations: int
    delivery_timeout: float
    """Seconds for the last deliveries: an event whose second attempt was killed waits 5 minutes."""


LONG, SHORT = (
    CrashPlan(kills=200, operations=10_000, delivery_timeout=900),
    CrashPlan(kills=10, operations=100, delivery_timeout=400),
)


def run(options: StressOptions, report: StressReport) -> None:
    asyncio.run(_run(options, report))


async def _run(options: StressOptions, report: StressReport) -> None:
    async with receiving() as receiver:
        server = StressServer(options.folder, min_free_disk="1MB", webhook_allow_networks="127.0.0.0/8")
        test = CrashTest(server, receiver, report, options.random)
        try:
            await test.run(SHORT if options.quick else LONG, options.seconds)
        finally:
            await asyncio.to_thread(server.kill)


@dataclass
class CrashTest:
    server: StressServer
    receiver: WebhookReceiver
    report: StressReport
    rng: Random
    expected: ExpectedState = field(default_factory=ExpectedState)
    kills: int = 0
    starts: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.data = DataFolder(self.server.data)
        self.generator = LoadGenerator(self.expected, self.report, self.rng)

    async def run(self, plan: CrashPlan, seconds: float | None) -> None:
        await self._start()
        await self._prepare()
        while self.kills < plan.kills or self.expected.operations < plan.operations:
            if seconds is not None and self.report.seconds > seconds:
                self.report.say(f"the time is over after {self.kills} kills")
                break
            await self._round()
        await self._finish(plan)
        self._summarize()

    async def _start(self) -> None:
        """Start the server; sometimes kill it during the start and start again."""
        while self.starts and self.rng.random() < 0.1:
            await asyncio.to_thread(self.server.start, wait=False)
            await asyncio.sleep(self.rng.uniform(0.1, 1.5) * self.starts[0])
            await asyncio.to_thread(self.server.kill)
            self.kills += 1
        self.starts.append(await asyncio.to_thread(self.server.start))

    def _client(self) -> httpx2.AsyncClient:
        limits = httpx2.Limits(max_connections=CONCURRENT_CLIENTS)
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
            await self.generator.prepare(client)

    async def _round(self) -> None:
        before, self.generator.stopped = self.kills, False
        self.generator.touched.clear()
        async with self._client() as client:
            work = [asyncio.create_task(self.generator.work(client)) for _ in range(CONCURRENT_CLIENTS)]
            await asyncio.sleep(self.rng.uniform(*self.rng.choices((SOON, LATE), (9, 1))[0]))
            self.generator.stopped = True
            await asyncio.to_thread(self.server.kill)
            await asyncio.gather(*work)
        self.kills += 1
        await self._start()
        await self._check_state()
        if self.kills // FULL_CHECK_INTERVAL > before // FULL_CHECK_INTERVAL:
            await self._check_every_byte()

    async def _check_state(self) -> None:
        """Check the data after a start."""
        self._resolve_unknown()
        await asyncio.to_thread(self._check_rows)
        touched = [self.expected.images[id] for id in self.generator.touched]
        self._report(audit.check_deleted(self.data, self.expected, touched))
        await self._request_images(touched)
        for image in self.expected.images.values():
            image.rendering = 0

    def _resolve_unknown(self) -> None:
        """Look up whether doubtful changes happened; from here on they must stay so."""
        sql = "SELECT sha256, id, title, album_id FROM images"
        rows = {digest: rest for digest, *rest in self.data.rows(sql)}
        for digest, source in list(self.expected.sent.items()):
            if found := rows.get(digest):
                self.expected.images[found[0]] = ExpectedImage(found[0], source, albums={found[2]})
                self.generator.touched.add(found[0])
        self.expected.refused |= {d: s for d, s in self.expected.sent.items() if d not in rows}
        self.expected.sent.clear()
        for image in self.expected.images.values():
            row = rows.get(image.source.sha256)
            if image.deletion is Deletion.DOUBTFUL:
                image.deletion = Deletion.NEVER if row else Deletion.HAPPENED
            if row and row[1] in image.titles and row[2] in image.albums:
                image.titles, image.albums = {row[1]}, {row[2]}
        for album, name in self.data.rows("SELECT id, name FROM albums"):
            if name in self.expected.album_names.get(album, ()):
                self.expected.album_names[album] = {name}

    def _check_rows(self) -> None:
        for check in (audit.check_counts, audit.check_tags, audit.check_events):
            self._report(check(self.data))
        for each in (audit.check_images, audit.check_albums):
            self._report(each(self.data, self.expected))

    async def _request_images(self, images: list[ExpectedImage]) -> None:
        """Check these images over HTTP."""
        async with self._client() as client:
            room = asyncio.Semaphore(CONCURRENT_CLIENTS)

            async def look(image: ExpectedImage) -> None:
                async with room:
                    shown = await client.get(f"/img/{image.id}")
                    row = await client.get(f"/v1/images/{image.id}")
                wanted = 200 if image.must_exist else 404
                if (shown.status_code, row.status_code) != (wanted, wanted):
                    self.report.failure(
                        f"{image.id} answers {shown.status_code}, {row.status_code}; not {wanted}"
                    )
                elif wanted == 200 and shown.content != image.source.content:
                    self.report.failure(f"lost: {image.id} is shown with other bytes than were uploaded")
                elif wanted == 200 and row.json()["data"]["sha256"] != image.source.sha256:
                    self.report.failure(f"{image.id} has another digest than what was uploaded")

            await asyncio.gather(*map(look, images))

    async def _check_every_byte(self) -> None:
        await asyncio.to_thread(self._report, audit.check_originals(self.data))
        self.data.make_old()
        await asyncio.to_thread(self._cleanup)
        await asyncio.to_thread(self._report, audit.check_orphans(self.data))
        await asyncio.to_thread(self._report, audit.check_originals(self.data))
        owed = len(audit.outstanding_deliveries(self.data, self.receiver))
        self.report.say(
            f"{self.kills} kills, {self.expected.operations:,} operations, {len(self.expected.present):,} images,"
            f" {len(self.expected.gone):,} deleted, {owed} deliveries owed, {len(self.report.failures)} broken"
        )

    def _cleanup(self) -> None:
        try:
            self.server.run("sweep", "--force")
        except ProcessFailed as error:
            self.report.failure(f"the sweep failed: {error}")

    async def _finish(self, plan: CrashPlan) -> None:
        """Check everything once more after all deliveries have arrived."""
        begun = asyncio.get_running_loop().time()
        owing = len(audit.outstanding_deliveries(self.data, self.receiver))
        self.report.say(f"{self.kills} kills; {owing:,} deliveries are still owed")
        owed = await audit.wait_for_deliveries(self.data, self.receiver, within=plan.delivery_timeout)
        self.report.figure("webhooks_owed", owing)
        self.report.figure("webhooks_owed_for_seconds", round(asyncio.get_running_loop().time() - begun, 1))
        for each in owed:
            self.report.failure(f"lost: it has not arrived: {each}")
        self._report(audit.check_deliveries(self.expected, self.receiver))
        self.generator.touched = set(self.expected.images)
        await self._check_state()
        await self._check_every_byte()
        if found := self.server.tracebacks():
            self.report.failure(f"the server's log has {found} tracebacks")

    def _report(self, broken: Iterable[str]) -> None:
        for failure in broken:
            self.report.failure(failure)

    def _summarize(self) -> None:
        lost = sum(failure.startswith("lost") for failure in self.report.failures)
        came = sum(map(len, self.receiver.events.values()))
        report, expected = self.report, self.expected
        report.summary = f"{self.kills} kills, {expected.operations:,} operations, {lost} lost"
        report.figure("kills", self.kills)
        report.figure("operations", expected.operations)
        report.figure("acknowledged", expected.acknowledged)
        report.figure("images", len(expected.images))
        report.figure("deleted", len(expected.gone))
        report.figure("webhooks", {"arrived": came, "repeated": self.receiver.repeated})
        report.figure("start_seconds", {"median": median(self.starts), "max": max(self.starts)})
        report.say(
            f"{expected.acknowledged:,} acknowledged; {came:,} webhooks, {self.receiver.repeated} of them twice"
        )
