"""Workers killed in the middle of their work, and what the receivers saw of it. In full, with figures:

python -m tests.webhooks.crashes --events 2000 --webhooks 3 --kills 20
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from app.models import Delivery, DeliveryStatus, Event
from tests import databases
from tests.pichub import house, until
from tests.receivers import HERE, Receiver, receiving
from tests.webhooks.client import Desk

TOGETHER = 5
"""Events in one transaction."""


@dataclass(frozen=True)
class Seen:
    """What came of it: events recorded; of each receiver how often each id came; bodies that differed under one id."""

    events: list[str]
    received: list[Counter[str]]
    bodies_that_differ: int
    open_deliveries: int
    kills: int
    seconds: float

    @property
    def lost(self) -> int:
        return sum(counter[event] == 0 for counter in self.received for event in self.events)

    @property
    def strangers(self) -> int:
        return sum(event not in self.events for counter in self.received for event in counter)

    @property
    def duplicates(self) -> int:
        return sum(counter.total() - len(counter) for counter in self.received)


async def crashes(
    folder: Path, *, events: int, webhooks: int, kills: int, lease: float, seed: int = 0
) -> Seen:
    """Records events while a worker sends them and is killed at random points of its progress, each time anew."""
    chance = random.Random(seed)
    points = sorted(chance.randrange(1, events * webhooks * 9 // 10) for _ in range(kills))
    async with house(folder, webhook_allow_networks=HERE) as built, AsyncExitStack() as stack:
        desk = await Desk.of(built)
        receivers = [await stack.enter_async_context(receiving()) for _ in range(webhooks)]
        for receiver in receivers:
            await desk.webhook(receiver.url)
        started = time.monotonic()
        recording = asyncio.ensure_future(_record(desk, events))
        for point in points:
            worker = await _worker(folder, lease)
            await _progress(receivers, point)
            await asyncio.sleep(chance.random() * 0.05)
            worker.kill()
            await worker.wait()
        worker = await _worker(folder, lease)
        await recording
        while await Delivery.filter(status=DeliveryStatus.SUCCEEDED).count() < events * webhooks:  # noqa: ASYNC110  (rows ring no bell)
            await asyncio.sleep(0.05)
        worker.terminate()
        await worker.wait()
        return Seen(
            events=[event.id for event in await Event.all().order_by("position")],
            received=[Counter(request.id for request in receiver.received) for receiver in receivers],
            bodies_that_differ=sum(map(_differing, receivers)),
            open_deliveries=await Delivery.exclude(status=DeliveryStatus.SUCCEEDED).count(),
            kills=len(points),
            seconds=time.monotonic() - started,
        )


async def _record(desk: Desk, events: int) -> None:
    for _ in range(events // TOGETHER):
        await desk.happens(TOGETHER)


async def _worker(folder: Path, lease: float) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.webhooks.worker", str(folder), str(lease), env=databases.environ()
    )


async def _progress(receivers: list[Receiver], point: int) -> None:
    def received() -> int:
        return sum(len(receiver.received) for receiver in receivers)

    await until(lambda: received() >= point, within=120)


def _differing(receiver: Receiver) -> int:
    return len({(request.id, request.body) for request in receiver.received}) - len(
        {request.id for request in receiver.received}
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    for name, default in (("events", 2000), ("webhooks", 3), ("kills", 20), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--lease", type=float, default=15.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seen = asyncio.run(crashes(Path(folder), **vars(given)))
    print(
        f"{len(seen.events)} events to {len(seen.received)} webhooks, {seen.kills} kills, {seen.seconds:.1f} s: "
        f"{seen.lost} lost, {seen.duplicates} duplicates, {seen.strangers} strangers, "
        f"{seen.bodies_that_differ} bodies that differ, {seen.open_deliveries} open"
    )


if __name__ == "__main__":
    main()
