"""PostgreSQL, Valkey and SeaweedFS killed and paused, one by one, under two busy servers and a worker.

Clients upload, show, transform, list, change and delete on both servers. While an engine is away they get only the
responses documented for it; when it is back, everything works without a restart; in the end all acknowledged changes
are there, byte for byte, and none is half done.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import httpx2

from app.lifespan import storage_location, uncached_storage
from app.settings import Settings
from app.storage.base import ObjectMissing
from scripts.stress_tests.cluster import Cluster, cluster
from scripts.stress_tests.engines import Engines, StressEngine, fetch_rows, running_engines
from scripts.stress_tests.options import StressOptions
from scripts.stress_tests.report import StressReport
from scripts.stress_tests.tiny_images import MIDDLE, SMALL, TinyImage

CONCURRENT_CLIENTS = 8
WARM_UP_SECONDS = 2.0
"""Work before an outage, measured for comparison."""
EXPECTED_STATUSES = {200, 404, 503}
"""404 is for images deleted by another client."""
OUTAGE_SECONDS = 15.0
"""Length of a pause: longer than any request may wait."""
MAX_RESPONSE_SECONDS = 10.0
"""Limit for a request during an outage: the first ones wait until slow is told from gone."""
RECOVERY_TIMEOUT_SECONDS = 45.0
"""Time until everything must work again."""
LIMITS = {"limit_api": "1000000/minute", "limit_upload": "1000000/minute"}
"""High enough to refuse nothing, but counted in Redis."""
QUERY = "{ images(first: 20) { totalCount nodes { id url width height createdAt } } }"


def run(options: StressOptions, report: StressReport) -> None:
    with running_engines() as running, cluster(options.folder, **running.settings, **LIMITS) as servers:
        asyncio.run(
            EnginesTest(running, servers, report, options.random, options.folder).run(quick=options.quick)
        )


@dataclass
class StoredImage:
    """An acknowledged image, with the changes whose outcome is unknown."""

    source: TinyImage
    is_gone: bool = False
    in_doubt: bool = False


@dataclass
class EnginesTest:
    engines: Engines
    cluster: Cluster
    report: StressReport
    rng: Random
    folder: Path
    kept: dict[str, StoredImage] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    """Refused uploads: the response by digest."""
    seen: Counter[int] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)
    total: int = 0
    numbers: int = 0
    stopped: bool = False

    async def run(self, *, quick: bool) -> None:
        limits = httpx2.Limits(max_connections=100)
        async with httpx2.AsyncClient(headers=self.cluster.headers, timeout=90, limits=limits) as self.client:
            for _ in range(20):
                await self._upload()
            work = [asyncio.create_task(self._work()) for _ in range(CONCURRENT_CLIENTS)]
            seconds, still = (4, self.engines.all[:1]) if quick else (10, self.engines.all)
            outages = [(each, "killed", each.kill, each.start, seconds) for each in self.engines.all]
            outages += [(each, "still", each.hang, each.go_on, OUTAGE_SECONDS) for each in still]
            lines = [await self._outage(*outage) for outage in outages]
            self.stopped = True
            await asyncio.gather(*work)
            await self._check_everything()
        for line in lines:
            self.report.say(line)
        self._processes()
        self.report.summary = (
            f"{len(lines)} outages, {self.total:,} requests, {len(self.kept):,} uploads acknowledged,"
            f" {sum(each.startswith('lost') for each in self.report.failures)} lost"
        )

    async def _outage(
        self, engine: StressEngine, how: str, go: Callable[[], None], come: Callable[[], None], seconds: float
    ) -> str:
        """Run one outage and report a line of figures."""
        self._reset_counts()
        await asyncio.sleep(WARM_UP_SECONDS)
        before = sum(self.seen.values()) / WARM_UP_SECONDS
        self._reset_counts()
        await asyncio.to_thread(go)
        await asyncio.sleep(seconds)
        await asyncio.to_thread(come)
        back = time.monotonic()
        meanwhile, longest = dict(sorted(self.seen.items())), max(self.times, default=0.0)
        try:
            async with asyncio.timeout(RECOVERY_TIMEOUT_SECONDS):
                while not await self._is_well():  # noqa: ASYNC110  (nobody tells)
                    await asyncio.sleep(0.05)
            well = f"{time.monotonic() - back:.1f} s"
        except TimeoutError:
            well = "never"
            self.report.failure(
                f"{engine.name} {how}: all was not well {RECOVERY_TIMEOUT_SECONDS:g} s after it was back"
            )
        await asyncio.sleep(1)
        slowest = max(longest, *self.times, 0.0)
        if slowest > MAX_RESPONSE_SECONDS:
            self.report.failure(f"{engine.name} {how}: a request took {slowest:.1f} s")
        told = ", ".join(f"{count:,} × {status}" for status, count in meanwhile.items()) or "no answer"
        line = (
            f"{engine.name} {how} for {seconds:g} s: {told} ({before:.0f} a second before),"
            f" the slowest {slowest:.1f} s; well {well} after it was back"
        )
        self.report.figure(
            f"{engine.name} {how}",
            {
                "answers": meanwhile,
                "well": well,
                "before": round(before),
                "seconds": seconds,
                "slowest": slowest,
            },
        )
        self.report.say(line)
        return line

    def _reset_counts(self) -> None:
        self.seen, self.times = Counter(), []

    async def _is_well(self) -> bool:
        """Return True if both servers are ready, fully working and connected to Redis."""
        for server in (self.cluster.one, self.cluster.two):
            try:
                ready = await self.client.get(f"{server.url}/readyz", timeout=5)
                page = await self.client.get(f"{server.url}/metrics", timeout=5)
                if ready.status_code != 200 or "pichub_redis_up 1.0" not in page.text:
                    return False
                image_id = await self._upload(server.url)
                if image_id is None:
                    return False
                for path in (f"/img/{image_id}?w=20", f"/img/{image_id}", "/v1/images"):
                    if (await self.client.get(server.url + path, timeout=5)).status_code != 200:
                        return False
            except httpx2.TransportError:
                return False
        return True

    async def _work(self) -> None:
        kinds: list[Callable[[], Awaitable[object]]] = [
            self._upload, self._show, self._variant, self._list, self._query, self._change, self._delete,
        ]  # fmt: skip
        while not self.stopped:
            await self.rng.choices(kinds, (4, 4, 4, 3, 3, 2, 1))[0]()

    async def _upload(self, url: str = "") -> str | None:
        self.numbers += 1
        source = TinyImage(self.numbers, self.rng.choices((SMALL, MIDDLE), (9, 1))[0])
        files = {"image": ("a.jpg", source.content)}
        answer = await self._request("POST", "/v1/upload", url=url, files=files)
        if answer.status_code == 200:
            image_id = str(answer.json()["data"]["id"])
            self.kept[image_id] = StoredImage(source)
            return image_id
        self.refused[source.sha256] = answer.text
        return None

    async def _show(self) -> None:
        if image := self._any():
            answer = await self._request("GET", f"/img/{image[0]}")
            right = answer.status_code != 200 or answer.content == image[1].source.content
            self.report.check(right, f"lost: {image[0]} is shown with other bytes than were uploaded")
            self._is_there_or_gone(image, answer)

    async def _variant(self) -> None:
        if image := self._any():
            width = self.rng.randint(10, 110)
            answer = await self._request("GET", f"/img/{image[0]}.webp?w={width}")
            self._is_there_or_gone(image, answer)

    def _is_there_or_gone(self, image: tuple[str, StoredImage], answer: httpx2.Response) -> None:
        if answer.status_code == 404 and not (image[1].is_gone or image[1].in_doubt):
            self.report.failure(f"lost: {image[0]} was acknowledged and is 404: {answer.text[:200]}")

    async def _list(self) -> None:
        await self._request("GET", "/v1/images")

    async def _query(self) -> None:
        answer = await self._request("POST", "/graphql", json={"query": QUERY})
        if answer.status_code == 200:
            for error in answer.json().get("errors", []):
                code = error["extensions"]["code"]
                self.report.check(code in {"BUSY", "NOT_FOUND"}, f"GraphQL said {error}")

    async def _change(self) -> None:
        if image := self._any():
            await self._request("PATCH", f"/v1/images/{image[0]}", json={"title": f"title {self.numbers}"})

    async def _delete(self) -> None:
        if len(self.kept) > 30 and (image := self._any()):
            image[1].in_doubt = True
            answer = await self._request("DELETE", f"/v1/images/{image[0]}")
            image[1].is_gone = image[1].is_gone or answer.status_code == 200
            image[1].in_doubt = answer.status_code == 503

    def _any(self) -> tuple[str, StoredImage] | None:
        here = [each for each in self.kept.items() if not each[1].is_gone and not each[1].in_doubt]
        return self.rng.choice(here) if here else None

    async def _request(self, method: str, path: str, *, url: str = "", **how: object) -> httpx2.Response:
        url = url or self.rng.choice((self.cluster.one.url, self.cluster.two.url))
        begun = time.monotonic()
        answer = await self.client.request(method, url + path, **how)  # type: ignore[arg-type]
        self.seen[answer.status_code] += 1
        self.times.append(time.monotonic() - begun)
        self.total += 1
        if answer.status_code not in EXPECTED_STATUSES:
            self.report.failure(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        if answer.status_code == 503 and "retry-after" not in answer.headers:
            self.report.failure(f"{method} {path}: 503 without Retry-After: {answer.text[:300]}")
        return answer

    async def _check_everything(self) -> None:
        """Check that both servers show all acknowledged images, and that each row has its bytes."""
        room = asyncio.Semaphore(CONCURRENT_CLIENTS)

        async def look(image_id: str, image: StoredImage) -> None:
            async with room:
                for server in (self.cluster.one, self.cluster.two):
                    shown = await self.client.get(f"{server.url}/img/{image_id}")
                    right = shown.status_code == 200 and shown.content == image.source.content
                    if image.is_gone and shown.status_code != 404:
                        self.report.failure(f"{image_id} was deleted, and is {shown.status_code}")
                    elif not (image.is_gone or image.in_doubt or right):
                        self.report.failure(f"lost: {image_id} is {shown.status_code} at the end")

        await asyncio.gather(*(look(*each) for each in self.kept.items()))
        settings = Settings(data_dir=self.folder / "looking", **{
            name: value for name, value in self.engines.settings.items() if name.startswith(("storage", "s3"))
        })  # fmt: skip
        settings.data_dir.mkdir(exist_ok=True)
        bucket = uncached_storage(storage_location(settings), settings)
        found = await fetch_rows(self.engines.database, "SELECT id, key, size, sha256 FROM images")
        doubtful = 0
        for image_id, key, size, digest in found:
            try:
                content = await bucket.read(str(key))
            except ObjectMissing:
                content = b""
            self.report.check(
                len(content) == size, f"{image_id} has a row, and {len(content)} of {size} bytes"
            )
            if digest in self.refused:
                doubtful += 1
                said = self.refused[str(digest)]
                self.report.check("may be done" in said, f"{image_id} was refused, and has a row: {said}")
        counted = await fetch_rows(
            self.engines.database,
            "SELECT a.image_count, (SELECT count(*) FROM images i WHERE i.owner_id = a.id) FROM accounts a",
        )
        self.report.check(all(says == real for says, real in counted), f"accounts count wrongly: {counted}")
        self.report.say(
            f"{len(self.kept):,} uploads acknowledged, {len(self.refused):,} refused, {doubtful} of these done"
            f" though the answer could not come; {len(found):,} rows, each with its bytes"
        )

    def _processes(self) -> None:
        for server in (self.cluster.one, self.cluster.two):
            self.report.check(server.is_alive, "a server has ended")
            if number := server.tracebacks():
                self.report.failure(f"{number} tracebacks in {server.read_log}")
        self.report.check(self.cluster.worker.is_alive, "the worker has ended")
        with suppress(FileNotFoundError):
            number = self.cluster.worker.tracebacks()
            self.report.check(not number, f"{number} tracebacks in {self.cluster.worker.log}")
