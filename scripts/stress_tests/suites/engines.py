"""PostgreSQL, Valkey and SeaweedFS killed and held still, in turn, under two servers and a worker that have work.

Clients upload, show, transform, list, change and delete at both servers meanwhile. While an engine is away they get
the answers that are documented for it, and none else; when it is back all goes on without a restart; in the end all
that was acknowledged is there, byte for byte, and nothing is there by half.
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

from app.lifespan import bare_storage, storage_place
from app.settings import Settings
from app.storage.base import Missing
from scripts.stress_tests.cluster import Cluster, cluster
from scripts.stress_tests.engines import Engine, Engines, engines, rows
from scripts.stress_tests.options import Asked
from scripts.stress_tests.report import Report
from scripts.stress_tests.tiny_images import MIDDLE, SMALL, Specimen

AT_ONCE = 8
BEFORE = 2.0
"""Seconds of work before an engine goes, which are measured to compare."""
DOCUMENTED = {200, 404, 503}
"""404 is for what another client has deleted."""
STILL = 15.0
"""Seconds for which one is held still: longer than anybody should wait for it."""
LONGEST = 10.0
"""Seconds that a request may take meanwhile: the first of them, until slow is told from gone."""
PATIENCE = 45.0
"""Seconds in which all must be well again."""
LIMITS = {"limit_api": "1000000/minute", "limit_upload": "1000000/minute"}
"""They are counted in Redis, and refuse nothing."""
QUERY = "{ images(first: 20) { totalCount nodes { id url width height createdAt } } }"


def run(asked: Asked, report: Report) -> None:
    with engines() as running, cluster(asked.folder, **running.settings, **LIMITS) as servers:
        asyncio.run(Torture(running, servers, report, asked.chance, asked.folder).run(quick=asked.quick))


@dataclass
class Kept:
    """An image that was acknowledged; where a change of it got no clear answer, what is in doubt."""

    specimen: Specimen
    is_gone: bool = False
    in_doubt: bool = False


@dataclass
class Torture:
    engines: Engines
    cluster: Cluster
    report: Report
    chance: Random
    folder: Path
    kept: dict[str, Kept] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    """Digests of uploads that were refused, and what was said."""
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
            work = [asyncio.create_task(self._work()) for _ in range(AT_ONCE)]
            seconds, still = (4, self.engines.all[:1]) if quick else (10, self.engines.all)
            outages = [(each, "killed", each.kill, each.start, seconds) for each in self.engines.all]
            outages += [(each, "still", each.hang, each.go_on, STILL) for each in still]
            lines = [await self._outage(*outage) for outage in outages]
            self.stopped = True
            await asyncio.gather(*work)
            await self._look_at_everything()
        for line in lines:
            self.report.say(line)
        self._processes()
        self.report.summary = (
            f"{len(lines)} outages, {self.total:,} requests, {len(self.kept):,} uploads acknowledged,"
            f" {sum(each.startswith('lost') for each in self.report.broken)} lost"
        )

    async def _outage(
        self, engine: Engine, how: str, go: Callable[[], None], come: Callable[[], None], seconds: float
    ) -> str:
        """One line of figures."""
        self._begin_to_count()
        await asyncio.sleep(BEFORE)
        before = sum(self.seen.values()) / BEFORE
        self._begin_to_count()
        await asyncio.to_thread(go)
        await asyncio.sleep(seconds)
        await asyncio.to_thread(come)
        back = time.monotonic()
        meanwhile, longest = dict(sorted(self.seen.items())), max(self.times, default=0.0)
        try:
            async with asyncio.timeout(PATIENCE):
                while not await self._is_well():  # noqa: ASYNC110  (nobody tells)
                    await asyncio.sleep(0.05)
            well = f"{time.monotonic() - back:.1f} s"
        except TimeoutError:
            well = "never"
            self.report.broke(f"{engine.name} {how}: all was not well {PATIENCE:g} s after it was back")
        await asyncio.sleep(1)
        slowest = max(longest, *self.times, 0.0)
        if slowest > LONGEST:
            self.report.broke(f"{engine.name} {how}: a request took {slowest:.1f} s")
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

    def _begin_to_count(self) -> None:
        self.seen, self.times = Counter(), []

    async def _is_well(self) -> bool:
        """Whether both servers are ready, do the whole of their work, and are with Redis."""
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
            await self.chance.choices(kinds, (4, 4, 4, 3, 3, 2, 1))[0]()

    async def _upload(self, url: str = "") -> str | None:
        self.numbers += 1
        specimen = Specimen(self.numbers, self.chance.choices((SMALL, MIDDLE), (9, 1))[0])
        files = {"image": ("a.jpg", specimen.content)}
        answer = await self._ask("POST", "/v1/upload", url=url, files=files)
        if answer.status_code == 200:
            image_id = str(answer.json()["data"]["id"])
            self.kept[image_id] = Kept(specimen)
            return image_id
        self.refused[specimen.sha256] = answer.text
        return None

    async def _show(self) -> None:
        if image := self._any():
            answer = await self._ask("GET", f"/img/{image[0]}")
            right = answer.status_code != 200 or answer.content == image[1].specimen.content
            self.report.holds(right, f"lost: {image[0]} is shown with other bytes than were uploaded")
            self._is_there_or_gone(image, answer)

    async def _variant(self) -> None:
        if image := self._any():
            width = self.chance.randint(10, 110)
            answer = await self._ask("GET", f"/img/{image[0]}.webp?w={width}")
            self._is_there_or_gone(image, answer)

    def _is_there_or_gone(self, image: tuple[str, Kept], answer: httpx2.Response) -> None:
        if answer.status_code == 404 and not (image[1].is_gone or image[1].in_doubt):
            self.report.broke(f"lost: {image[0]} was acknowledged and is 404: {answer.text[:200]}")

    async def _list(self) -> None:
        await self._ask("GET", "/v1/images")

    async def _query(self) -> None:
        answer = await self._ask("POST", "/graphql", json={"query": QUERY})
        if answer.status_code == 200:
            for error in answer.json().get("errors", []):
                code = error["extensions"]["code"]
                self.report.holds(code in {"BUSY", "NOT_FOUND"}, f"GraphQL said {error}")

    async def _change(self) -> None:
        if image := self._any():
            await self._ask("PATCH", f"/v1/images/{image[0]}", json={"title": f"title {self.numbers}"})

    async def _delete(self) -> None:
        if len(self.kept) > 30 and (image := self._any()):
            image[1].in_doubt = True
            answer = await self._ask("DELETE", f"/v1/images/{image[0]}")
            image[1].is_gone = image[1].is_gone or answer.status_code == 200
            image[1].in_doubt = answer.status_code == 503

    def _any(self) -> tuple[str, Kept] | None:
        here = [each for each in self.kept.items() if not each[1].is_gone and not each[1].in_doubt]
        return self.chance.choice(here) if here else None

    async def _ask(self, method: str, path: str, *, url: str = "", **how: object) -> httpx2.Response:
        url = url or self.chance.choice((self.cluster.one.url, self.cluster.two.url))
        begun = time.monotonic()
        answer = await self.client.request(method, url + path, **how)  # type: ignore[arg-type]
        self.seen[answer.status_code] += 1
        self.times.append(time.monotonic() - begun)
        self.total += 1
        if answer.status_code not in DOCUMENTED:
            self.report.broke(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        if answer.status_code == 503 and "retry-after" not in answer.headers:
            self.report.broke(f"{method} {path}: 503 without Retry-After: {answer.text[:300]}")
        return answer

    async def _look_at_everything(self) -> None:
        """What was acknowledged is there at both servers, and each row has its bytes, whatever was said of it."""
        room = asyncio.Semaphore(AT_ONCE)

        async def look(image_id: str, image: Kept) -> None:
            async with room:
                for server in (self.cluster.one, self.cluster.two):
                    shown = await self.client.get(f"{server.url}/img/{image_id}")
                    right = shown.status_code == 200 and shown.content == image.specimen.content
                    if image.is_gone and shown.status_code != 404:
                        self.report.broke(f"{image_id} was deleted, and is {shown.status_code}")
                    elif not (image.is_gone or image.in_doubt or right):
                        self.report.broke(f"lost: {image_id} is {shown.status_code} at the end")

        await asyncio.gather(*(look(*each) for each in self.kept.items()))
        settings = Settings(data_dir=self.folder / "looking", **{
            name: value for name, value in self.engines.settings.items() if name.startswith(("storage", "s3"))
        })  # fmt: skip
        settings.data_dir.mkdir(exist_ok=True)
        bucket = bare_storage(storage_place(settings), settings)
        found = await rows(self.engines.database, "SELECT id, key, size, sha256 FROM images")
        doubtful = 0
        for image_id, key, size, digest in found:
            try:
                content = await bucket.read(str(key))
            except Missing:
                content = b""
            self.report.holds(
                len(content) == size, f"{image_id} has a row, and {len(content)} of {size} bytes"
            )
            if digest in self.refused:
                doubtful += 1
                said = self.refused[str(digest)]
                self.report.holds("may be done" in said, f"{image_id} was refused, and has a row: {said}")
        counted = await rows(
            self.engines.database,
            "SELECT a.image_count, (SELECT count(*) FROM images i WHERE i.owner_id = a.id) FROM accounts a",
        )
        self.report.holds(all(says == real for says, real in counted), f"accounts count wrongly: {counted}")
        self.report.say(
            f"{len(self.kept):,} uploads acknowledged, {len(self.refused):,} refused, {doubtful} of these done"
            f" though the answer could not come; {len(found):,} rows, each with its bytes"
        )

    def _processes(self) -> None:
        for server in (self.cluster.one, self.cluster.two):
            self.report.holds(server.is_alive, "a server has ended")
            if number := server.tracebacks():
                self.report.broke(f"{number} tracebacks in {server.log}")
        self.report.holds(self.cluster.worker.is_alive, "the worker has ended")
        with suppress(FileNotFoundError):
            number = self.cluster.worker.tracebacks()
            self.report.holds(not number, f"{number} tracebacks in {self.cluster.worker.log}")
