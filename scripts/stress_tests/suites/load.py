"""Mixed work at the limit of the machine for a long time; then four times as much, and back.

Memory and descriptors of the process tree stay flat. Under overload, refusals are 503 with Retry-After, and accepted
requests are completed; within seconds after it, everything is as before. The clients share the machine.
"""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx2

from scripts.benchmarks.processes import ProcessFailed
from scripts.stress_tests import audit
from scripts.stress_tests.audit import DataFolder
from scripts.stress_tests.memory_watch import watching_memory
from scripts.stress_tests.options import StressOptions
from scripts.stress_tests.report import StressReport
from scripts.stress_tests.server import StressServer
from scripts.stress_tests.tiny_images import MIDDLE, SMALL, TinyImage, tiny_png

CLIENTS = 8
OVERLOAD_FACTOR = 4
SUBSCRIBERS = 10
IMAGES = 60
"""Number of images: each upload beyond it is followed by a deletion."""
SEEDED_ROWS = 2_000
"""Size of a server's row caches, for shown and for listed images."""
CONCURRENT_UPLOADS = 2
"""Images of each client while the caches fill: those of all clients fit on one page."""
LIST = "{ images(first: 20) { totalCount nodes { id url width height createdAt } } }"
EVENTS = "subscription { events { cursor type } }"
SETTINGS = {"response_cache_size": "8MB", "transform_queue": "24000000", "transform_workers": "2",
            "min_free_disk": "1MB", "variants_size": "200MB"}  # fmt: skip
"""A small cache fills early, so that later growth is no cache. The queue holds a dozen of these images."""
MAX_RECOVERY_RATIO = 3.0
"""Recovered when the median of a second is within this ratio of the earlier median."""


@dataclass(frozen=True, slots=True)
class LoadPlan:
    edge: float
    over: float
    after: float


LONG, SHORT = LoadPlan(edge=1800, over=60, after=30), LoadPlan(edge=35, over=12, after=13)


@dataclass
class Measurements:
    """Milliseconds of accepted requests by kind, and counts of the other responses."""

    taken: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    refused: Counter[str] = field(default_factory=Counter)
    refusals: list[float] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(map(len, self.taken.values()))

    def table(self) -> dict[str, dict[str, float]]:
        return {
            kind: {
                "requests": len(times),
                "p50_ms": percentile(times, 0.5),
                "p99_ms": percentile(times, 0.99),
            }
            for kind, times in sorted(self.taken.items())
        }


def percentile(times: list[float], part: float) -> float:
    """Return the time within which this share of the requests completed."""
    return round(sorted(times)[min(len(times) - 1, int(part * len(times)))], 1) if times else 0.0


def run(options: StressOptions, report: StressReport) -> None:
    asyncio.run(_run(options, report))


async def _run(options: StressOptions, report: StressReport) -> None:
    plan = SHORT if options.quick else LONG
    if options.seconds is not None:
        plan = LoadPlan(max(10.0, options.seconds - plan.over - plan.after), plan.over, plan.after)
    server = StressServer(options.folder, **SETTINGS)
    await asyncio.to_thread(server.start)
    try:
        load = LoadTest(server, report, options.random)
        await load.run(plan)
    finally:
        await asyncio.to_thread(server.kill)


@dataclass
class LoadTest:
    server: StressServer
    report: StressReport
    rng: Random
    images: list[str] = field(default_factory=list)
    numbers: int = 0
    told: Counter[int] = field(default_factory=Counter)
    """Events received by each subscriber."""

    async def run(self, plan: LoadPlan) -> None:
        limits = httpx2.Limits(max_connections=None)
        async with httpx2.AsyncClient(
            base_url=self.server.url, headers=self.server.headers, timeout=120, limits=limits
        ) as client:
            self.client = client
            if plan.edge > SHORT.edge:
                await self._fill()
            while len(self.images) < IMAGES // 2:
                await self._upload(Measurements())
            async with self._subscribers(), watching_memory(self.server.tree) as watch:
                begun = time.monotonic()
                edge = await self._phase("at the edge", CLIENTS, plan.edge)
                seconds = time.monotonic() - begun
                growths, parts = watch.growths, watch.process_groups
                over = await self._phase("four times that", CLIENTS * OVERLOAD_FACTOR, plan.over, eager=True)
                back = await self._recovers(edge, plan.after)
        for growth in growths:
            self.report.say(str(growth))
            self.report.figure(
                growth.unit, {"middle": growth.middle, "last": growth.last, "a_minute": growth.slope}
            )
            self.report.check(growth.is_flat, f"it grows: {growth}")
        for part in parts:
            self.report.say(str(part))
        self.report.figure("MB of each, anonymous and whole", {part.who: part.minutes for part in parts})
        self._judge(over, back)
        await self._finish()
        memory = growths[0]
        self.report.summary = (
            f"{edge.count:,} requests in {seconds:,.0f} s at the edge,"
            f" {memory.last:,.0f} MB ({memory.slope:+.2f} a minute); then {over.count:,} taken and"
            f" {over.refused.total():,} refused in {plan.over:g} s of {OVERLOAD_FACTOR} times that,"
            f" as before after {back:.0f} s"
        )

    async def _fill(self) -> None:
        """List, show and delete images until the server's row caches are full."""
        begun, seen = time.monotonic(), Measurements()

        async def some() -> None:
            while self.numbers < SEEDED_ROWS:
                images = [await self._upload_tiny(seen) for _ in range(CONCURRENT_UPLOADS)]
                await self._list_rest(seen)
                await self._list_graphql(seen)
                for image in images:
                    await self._request(seen, "hit", "GET", f"/img/{image}")
                    await self._request(seen, "delete", "DELETE", f"/v1/images/{image}")

        await asyncio.gather(*(some() for _ in range(CLIENTS)))
        self.report.say(f"{self.numbers:,} rows are remembered after {time.monotonic() - begun:.0f} s")

    async def _phase(self, name: str, clients: int, seconds: float, *, eager: bool = False) -> Measurements:
        seen, end = Measurements(), time.monotonic() + seconds
        await asyncio.gather(*(self._work(seen, end, eager=eager) for _ in range(clients)))
        self.report.say(f"{name}: {seen.count:,} taken, {dict(seen.refused)} refused")
        for kind, times in seen.table().items():
            self.report.say(f"  {kind}: {times}")
        figures = {"seconds": seconds, "clients": clients, "taken": seen.table(), "refused": seen.refused}
        self.report.figure(name, figures)
        return seen

    async def _work(self, seen: Measurements, end: float, *, eager: bool) -> None:
        """Run random requests. `eager` clients mostly request new variants of large images and retry at once."""
        kinds: list[Callable[[Measurements], Awaitable[None]]] = [
            self._cached_image, self._list_rest, self._list_graphql, self._variant, self._upload, self._delete,
        ]  # fmt: skip
        weights = (5, 5, 5, 60, 15, 10) if eager else (34, 16, 16, 20, 7, 7)
        while time.monotonic() < end:
            await self.rng.choices(kinds, weights)[0](seen)

    async def _recovers(self, edge: Measurements, patience: float) -> float:
        """Return the seconds until a second of ordinary work was as fast as before, with no refusals."""
        usual, begun = percentile(edge.taken["hit"], 0.5), time.monotonic()
        while (since := time.monotonic() - begun) < patience:
            seen, end = Measurements(), time.monotonic() + 1
            await asyncio.gather(*(self._work(seen, end, eager=False) for _ in range(CLIENTS)))
            if not seen.refused and percentile(seen.taken["hit"], 0.5) < MAX_RECOVERY_RATIO * usual + 5:
                return since
        return patience

    def _judge(self, over: Measurements, back: float) -> None:
        self.report.check(over.refused, "nothing was refused at four times the load: the queue has no bound")
        times = {"p50": percentile(over.refusals, 0.5), "p99": percentile(over.refusals, 0.99)}
        self.report.say(f"refused after ms: {times}")
        self.report.figure("refusal_ms", times)
        self.report.figure("as_before_after_seconds", back)
        self.report.check(back < 10, f"it took {back:.0f} s after the overload to be as before")

    async def _finish(self) -> None:
        """Check that remaining images are complete and that subscribers received all events."""
        data = DataFolder(self.server.data)
        await asyncio.sleep(2)
        for check in (audit.check_counts, audit.check_events, audit.check_originals):
            for failure in check(data):
                self.report.failure(failure)
        self.report.figure("events_told", dict(self.told))
        self.report.check(
            len(set(self.told.values())) == 1 and len(self.told) == SUBSCRIBERS,
            f"subscribers were told unequally: {dict(self.told)}",
        )
        self.report.check(not self.server.tracebacks(), f"the log has {self.server.tracebacks()} tracebacks")
        self.report.check(not data.incoming, f"left on their way in: {data.incoming}")

    async def _cached_image(self, seen: Measurements) -> None:
        await self._request(seen, "hit", "GET", f"/img/{self._any()}.webp?w=320")

    async def _list_rest(self, seen: Measurements) -> None:
        await self._request(seen, "list by REST", "GET", "/v1/images?per_page=20")

    async def _list_graphql(self, seen: Measurements) -> None:
        await self._request(seen, "list by GraphQL", "POST", "/graphql", json={"query": LIST})

    async def _variant(self, seen: Measurements) -> None:
        self.numbers += 1
        width, height = 400 + self.numbers % 600, 300 + self.numbers // 600 % 500
        await self._request(
            seen, "new variant", "GET", f"/img/{self._any()}.webp?w={width}&h={height}&fit=cover"
        )

    async def _upload(self, seen: Measurements) -> None:
        self.numbers += 1
        source = TinyImage(self.numbers, MIDDLE if self.numbers % 3 else SMALL)
        files = {"image": ("a.jpg", source.content)}
        answer = await self._request(seen, "upload", "POST", "/v1/upload", files=files)
        if answer is not None and answer.status_code == 200:
            self.images.append(answer.json()["data"]["id"])

    async def _upload_tiny(self, seen: Measurements) -> str:
        self.numbers += 1
        files = {"image": ("a.png", tiny_png(self.numbers))}
        answer = await self._request(seen, "upload", "POST", "/v1/upload", files=files)
        if answer is None or answer.status_code != 200:
            raise ProcessFailed(f"An upload at the start was refused: {answer and answer.text[:200]}")
        return str(answer.json()["data"]["id"])

    async def _delete(self, seen: Measurements) -> None:
        if len(self.images) > IMAGES:
            image = self.images.pop(0)
            answer = await self._request(seen, "delete", "DELETE", f"/v1/images/{image}")
            self.report.check(answer is not None, f"{image} could not be deleted")

    def _any(self) -> str:
        return self.rng.choice(self.images[-IMAGES // 2 :])

    async def _request(
        self, seen: Measurements, kind: str, method: str, path: str, **rest: Any
    ) -> httpx2.Response | None:
        begun = time.perf_counter()
        try:
            answer = await self.client.request(method, path, **rest)
        except httpx2.HTTPError as error:
            self.report.failure(f"{method} {path} was not answered: {error!r}")
            return None
        took = (time.perf_counter() - begun) * 1000
        if answer.status_code == 503:
            seen.refused[kind] += 1
            seen.refusals.append(took)
            self.report.check(
                answer.headers.get("retry-after", "").isdigit(), f"{path}: 503 without Retry-After"
            )
        elif answer.is_success or (
            answer.status_code == 404 and path.startswith("/img/")
        ):  # deleted in the meantime
            seen.taken[kind].append(took)
        else:
            self.report.failure(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
        return answer

    @asynccontextmanager
    async def _subscribers(self) -> AsyncIterator[None]:
        """Subscribe to events until the block ends."""

        async def follow(number: int) -> None:
            headers = {"Accept": "text/event-stream"}
            options = self.client.stream("POST", "/graphql", json={"query": EVENTS}, headers=headers)
            async with options as stream:
                async for line in stream.aiter_lines():
                    self.told[number] += line.startswith("data:") and "cursor" in line

        tasks = [asyncio.create_task(follow(number)) for number in range(SUBSCRIBERS)]
        await asyncio.sleep(1)
        try:
            yield
            await asyncio.sleep(2)
        finally:
            for task in tasks:
                task.cancel()
            with suppress(asyncio.CancelledError, httpx2.HTTPError):
                await asyncio.gather(*tasks)
