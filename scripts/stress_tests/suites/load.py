"""Mixed work at the edge of what the machine can do, for long; then four times as much, and back.

Memory and descriptors of the whole process tree stay flat. Under too much, what is refused is refused with 503 and
Retry-After, and what is taken is answered; when it is over, all is as before within seconds. The clients run on the
same machine and take their part of it.
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

from scripts.benchmarks.processes import Failed
from scripts.stress_tests import audit
from scripts.stress_tests.audit import Data
from scripts.stress_tests.memory_watch import watching
from scripts.stress_tests.options import Asked
from scripts.stress_tests.report import Report
from scripts.stress_tests.server import Server
from scripts.stress_tests.tiny_images import MIDDLE, SMALL, Specimen, tiny

CLIENTS = 8
TIMES = 4
SUBSCRIBERS = 10
IMAGES = 60
"""So many are kept: one more, and one is deleted."""
ROWS = 2_000
"""So many a server remembers of images it showed, and of those it listed."""
AT_ONCE = 2
"""So many of each client are there while they are remembered: those of all clients are on one page."""
LIST = "{ images(first: 20) { totalCount nodes { id url width height createdAt } } }"
EVENTS = "subscription { events { cursor type } }"
SETTINGS = {"hits_size": "8MB", "transform_queue": "24000000", "transform_workers": "2", "min_free_disk": "1MB",
            "variants_size": "200MB"}  # fmt: skip
"""A small cache is full soon, so that what grows after that is no cache. The queue holds a dozen of our pictures."""
AS_BEFORE = 3.0
"""Times the median of before that a second may have to be like it again."""


@dataclass(frozen=True, slots=True)
class Plan:
    edge: float
    over: float
    after: float


LONG, SHORT = Plan(edge=1800, over=60, after=30), Plan(edge=35, over=12, after=13)


@dataclass
class Seen:
    """Milliseconds of the requests that were taken, by kind, and how the others were answered."""

    taken: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    refused: Counter[str] = field(default_factory=Counter)
    refusals: list[float] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(map(len, self.taken.values()))

    def table(self) -> dict[str, dict[str, float]]:
        return {
            kind: {"requests": len(times), "p50_ms": share(times, 0.5), "p99_ms": share(times, 0.99)}
            for kind, times in sorted(self.taken.items())
        }


def share(times: list[float], part: float) -> float:
    """The time within which this part of them was."""
    return round(sorted(times)[min(len(times) - 1, int(part * len(times)))], 1) if times else 0.0


def run(asked: Asked, report: Report) -> None:
    asyncio.run(_run(asked, report))


async def _run(asked: Asked, report: Report) -> None:
    plan = SHORT if asked.quick else LONG
    if asked.seconds is not None:
        plan = Plan(max(10.0, asked.seconds - plan.over - plan.after), plan.over, plan.after)
    server = Server(asked.folder, **SETTINGS)
    await asyncio.to_thread(server.start)
    try:
        load = Load(server, report, asked.chance)
        await load.run(plan)
    finally:
        await asyncio.to_thread(server.kill)


@dataclass
class Load:
    server: Server
    report: Report
    chance: Random
    images: list[str] = field(default_factory=list)
    numbers: int = 0
    told: Counter[int] = field(default_factory=Counter)
    """Events that each subscriber was told of."""

    async def run(self, plan: Plan) -> None:
        limits = httpx2.Limits(max_connections=None)
        async with httpx2.AsyncClient(
            base_url=self.server.url, headers=self.server.headers, timeout=120, limits=limits
        ) as client:
            self.client = client
            if plan.edge > SHORT.edge:
                await self._fill()
            while len(self.images) < IMAGES // 2:
                await self._upload(Seen())
            async with self._subscribers(), watching(self.server.tree) as watch:
                begun = time.monotonic()
                edge = await self._phase("at the edge", CLIENTS, plan.edge)
                seconds = time.monotonic() - begun
                growths, parts = watch.growths, watch.parts
                over = await self._phase("four times that", CLIENTS * TIMES, plan.over, eager=True)
                back = await self._recovers(edge, plan.after)
        for growth in growths:
            self.report.say(str(growth))
            self.report.figure(
                growth.unit, {"middle": growth.middle, "last": growth.last, "a_minute": growth.slope}
            )
            self.report.holds(growth.is_flat, f"it grows: {growth}")
        for part in parts:
            self.report.say(str(part))
        self.report.figure("MB of each, anonymous and whole", {part.who: part.minutes for part in parts})
        self._judge(over, back)
        await self._end()
        memory = growths[0]
        self.report.summary = (
            f"{edge.count:,} requests in {seconds:,.0f} s at the edge,"
            f" {memory.last:,.0f} MB ({memory.slope:+.2f} a minute); then {over.count:,} taken and"
            f" {over.refused.total():,} refused in {plan.over:g} s of {TIMES} times that, as before after {back:.0f} s"
        )

    async def _fill(self) -> None:
        """Has images listed, shown and deleted until the server remembers as many rows as it ever does."""
        begun, seen = time.monotonic(), Seen()

        async def some() -> None:
            while self.numbers < ROWS:
                images = [await self._upload_tiny(seen) for _ in range(AT_ONCE)]
                await self._list_rest(seen)
                await self._list_graphql(seen)
                for image in images:
                    await self._ask(seen, "hit", "GET", f"/img/{image}")
                    await self._ask(seen, "delete", "DELETE", f"/v1/images/{image}")

        await asyncio.gather(*(some() for _ in range(CLIENTS)))
        self.report.say(f"{self.numbers:,} rows are remembered after {time.monotonic() - begun:.0f} s")

    async def _phase(self, name: str, clients: int, seconds: float, *, eager: bool = False) -> Seen:
        seen, end = Seen(), time.monotonic() + seconds
        await asyncio.gather(*(self._work(seen, end, eager=eager) for _ in range(clients)))
        self.report.say(f"{name}: {seen.count:,} taken, {dict(seen.refused)} refused")
        for kind, times in seen.table().items():
            self.report.say(f"  {kind}: {times}")
        figures = {"seconds": seconds, "clients": clients, "taken": seen.table(), "refused": seen.refused}
        self.report.figure(name, figures)
        return seen

    async def _work(self, seen: Seen, end: float, *, eager: bool) -> None:
        """`eager` ones want little but new variants of large pictures, and come back at once when they are refused."""
        kinds: list[Callable[[Seen], Awaitable[None]]] = [
            self._hit, self._list_rest, self._list_graphql, self._variant, self._upload, self._delete,
        ]  # fmt: skip
        weights = (5, 5, 5, 60, 15, 10) if eager else (34, 16, 16, 20, 7, 7)
        while time.monotonic() < end:
            await self.chance.choices(kinds, weights)[0](seen)

    async def _recovers(self, edge: Seen, patience: float) -> float:
        """Seconds after which a second of ordinary work was as before, and nothing of it refused."""
        usual, begun = share(edge.taken["hit"], 0.5), time.monotonic()
        while (since := time.monotonic() - begun) < patience:
            seen, end = Seen(), time.monotonic() + 1
            await asyncio.gather(*(self._work(seen, end, eager=False) for _ in range(CLIENTS)))
            if not seen.refused and share(seen.taken["hit"], 0.5) < AS_BEFORE * usual + 5:
                return since
        return patience

    def _judge(self, over: Seen, back: float) -> None:
        self.report.holds(over.refused, "nothing was refused at four times the load: the queue has no bound")
        times = {"p50": share(over.refusals, 0.5), "p99": share(over.refusals, 0.99)}
        self.report.say(f"refused after ms: {times}")
        self.report.figure("refusal_ms", times)
        self.report.figure("as_before_after_seconds", back)
        self.report.holds(back < 10, f"it took {back:.0f} s after the overload to be as before")

    async def _end(self) -> None:
        """What is there is whole, and subscribers were told all of it."""
        data = Data(self.server.data)
        await asyncio.sleep(2)
        for check in (audit.counts, audit.told, audit.bytes_of_rows):
            for promise in check(data):
                self.report.broke(promise)
        self.report.figure("events_told", dict(self.told))
        self.report.holds(
            len(set(self.told.values())) == 1 and len(self.told) == SUBSCRIBERS,
            f"subscribers were told unequally: {dict(self.told)}",
        )
        self.report.holds(not self.server.tracebacks(), f"the log has {self.server.tracebacks()} tracebacks")
        self.report.holds(not data.incoming, f"left on their way in: {data.incoming}")

    async def _hit(self, seen: Seen) -> None:
        await self._ask(seen, "hit", "GET", f"/img/{self._any()}.webp?w=320")

    async def _list_rest(self, seen: Seen) -> None:
        await self._ask(seen, "list by REST", "GET", "/v1/images?per_page=20")

    async def _list_graphql(self, seen: Seen) -> None:
        await self._ask(seen, "list by GraphQL", "POST", "/graphql", json={"query": LIST})

    async def _variant(self, seen: Seen) -> None:
        self.numbers += 1
        width, height = 400 + self.numbers % 600, 300 + self.numbers // 600 % 500
        await self._ask(seen, "new variant", "GET", f"/img/{self._any()}.webp?w={width}&h={height}&fit=cover")

    async def _upload(self, seen: Seen) -> None:
        self.numbers += 1
        specimen = Specimen(self.numbers, MIDDLE if self.numbers % 3 else SMALL)
        files = {"image": ("a.jpg", specimen.content)}
        answer = await self._ask(seen, "upload", "POST", "/v1/upload", files=files)
        if answer is not None and answer.status_code == 200:
            self.images.append(answer.json()["data"]["id"])

    async def _upload_tiny(self, seen: Seen) -> str:
        self.numbers += 1
        files = {"image": ("a.png", tiny(self.numbers))}
        answer = await self._ask(seen, "upload", "POST", "/v1/upload", files=files)
        if answer is None or answer.status_code != 200:
            raise Failed(f"An upload at the start was refused: {answer and answer.text[:200]}")
        return str(answer.json()["data"]["id"])

    async def _delete(self, seen: Seen) -> None:
        if len(self.images) > IMAGES:
            image = self.images.pop(0)
            answer = await self._ask(seen, "delete", "DELETE", f"/v1/images/{image}")
            self.report.holds(answer is not None, f"{image} could not be deleted")

    def _any(self) -> str:
        return self.chance.choice(self.images[-IMAGES // 2 :])

    async def _ask(
        self, seen: Seen, kind: str, method: str, path: str, **rest: Any
    ) -> httpx2.Response | None:
        begun = time.perf_counter()
        try:
            answer = await self.client.request(method, path, **rest)
        except httpx2.HTTPError as error:
            self.report.broke(f"{method} {path} was not answered: {error!r}")
            return None
        took = (time.perf_counter() - begun) * 1000
        if answer.status_code == 503:
            seen.refused[kind] += 1
            seen.refusals.append(took)
            self.report.holds(
                answer.headers.get("retry-after", "").isdigit(), f"{path}: 503 without Retry-After"
            )
        elif answer.is_success or (
            answer.status_code == 404 and path.startswith("/img/")
        ):  # deleted meanwhile
            seen.taken[kind].append(took)
        else:
            self.report.broke(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
        return answer

    @asynccontextmanager
    async def _subscribers(self) -> AsyncIterator[None]:
        """Those who follow events all the time."""

        async def follow(number: int) -> None:
            headers = {"Accept": "text/event-stream"}
            asked = self.client.stream("POST", "/graphql", json={"query": EVENTS}, headers=headers)
            async with asked as stream:
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
