"""Kill webhook workers at random points and compare the requests received with the events recorded.

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
from tests.receivers import LOOPBACK, Receiver, run_receiver
from tests.webhooks.harness import WebhookHarness

EVENTS_PER_TRANSACTION = 5


@dataclass(frozen=True)
class CrashReport:
    """Result of a run.

    `received` counts the requests per event id, for each receiver. `differing_bodies` counts ids received with more
    than one body.
    """

    events: list[str]
    received: list[Counter[str]]
    differing_bodies: int
    open_deliveries: int
    kills: int
    seconds: float

    @property
    def lost(self) -> int:
        return sum(counter[event] == 0 for counter in self.received for event in self.events)

    @property
    def unknown(self) -> int:
        return sum(event not in self.events for counter in self.received for event in counter)

    @property
    def duplicates(self) -> int:
        return sum(counter.total() - len(counter) for counter in self.received)


async def run_with_crashes(
    folder: Path, *, events: int, webhooks: int, kills: int, lease: float, seed: int = 0
) -> CrashReport:
    """Record events while workers send them. Kill and restart the worker at random points of the progress."""
    chance = random.Random(seed)
    points = sorted(chance.randrange(1, events * webhooks * 9 // 10) for _ in range(kills))
    async with house(folder, webhook_allow_networks=LOOPBACK) as pichub, AsyncExitStack() as stack:
        harness = await WebhookHarness.create(pichub)
        receivers = [await stack.enter_async_context(run_receiver()) for _ in range(webhooks)]
        for receiver in receivers:
            await harness.webhook(receiver.url)
        started = time.monotonic()
        recording = asyncio.ensure_future(_record_all(harness, events))
        for point in points:
            worker = await _start_worker(folder, lease)
            await _wait_for_progress(receivers, point)
            await asyncio.sleep(chance.random() * 0.05)
            worker.kill()
            await worker.wait()
        worker = await _start_worker(folder, lease)
        await recording
        while await Delivery.filter(status=DeliveryStatus.SUCCEEDED).count() < events * webhooks:  # noqa: ASYNC110  (nothing notifies of rows)
            await asyncio.sleep(0.05)
        worker.terminate()
        await worker.wait()
        return CrashReport(
            events=[event.id for event in await Event.all().order_by("position")],
            received=[Counter(request.id for request in receiver.requests) for receiver in receivers],
            differing_bodies=sum(map(_count_differing_bodies, receivers)),
            open_deliveries=await Delivery.exclude(status=DeliveryStatus.SUCCEEDED).count(),
            kills=len(points),
            seconds=time.monotonic() - started,
        )


async def _record_all(harness: WebhookHarness, events: int) -> None:
    for _ in range(events // EVENTS_PER_TRANSACTION):
        await harness.record_events(EVENTS_PER_TRANSACTION)


async def _start_worker(folder: Path, lease: float) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.webhooks.worker", str(folder), str(lease), env=databases.environment()
    )


async def _wait_for_progress(receivers: list[Receiver], point: int) -> None:
    await until(lambda: sum(len(receiver.requests) for receiver in receivers) >= point, within=120)


def _count_differing_bodies(receiver: Receiver) -> int:
    return len({(request.id, request.body) for request in receiver.requests}) - len(
        {request.id for request in receiver.requests}
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    for name, default in (("events", 2000), ("webhooks", 3), ("kills", 20), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--lease", type=float, default=15.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = asyncio.run(run_with_crashes(Path(folder), **vars(options)))
    print(
        f"{len(report.events)} events to {len(report.received)} webhooks, "
        f"{report.kills} kills, {report.seconds:.1f} s: {report.lost} lost, {report.duplicates} duplicates, "
        f"{report.unknown} unknown, {report.differing_bodies} differing bodies, {report.open_deliveries} open"
    )


if __name__ == "__main__":
    main()
