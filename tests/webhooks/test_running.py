"""The relay and delivery loops: notifications, polling, slow receivers, shutdown and crashes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.models import Delivery, DeliveryStatus
from app.webhooks import delivery, relay
from app.webhooks.delivery import DEFAULT_PACE, DeliveryPace
from tests.receivers import ReceivedRequest, hang, run_receiver
from tests.webhooks.crashes import run_with_crashes
from tests.webhooks.harness import WebhookHarness


@asynccontextmanager
async def run_loops(
    harness: WebhookHarness, pace: DeliveryPace = DEFAULT_PACE
) -> AsyncIterator[asyncio.Task[None]]:
    """Run both loops until the block ends. Return the task of the delivery loop."""
    tasks = [asyncio.ensure_future(relay.run(harness.services))]
    tasks.append(asyncio.ensure_future(delivery.run(harness.services, pace)))
    try:
        yield tasks[1]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def test_a_notification_starts_delivery_at_once(harness: WebhookHarness) -> None:
    async with run_receiver() as receiver, run_loops(harness, DeliveryPace(poll_interval=60)):
        await harness.webhook(receiver.url)
        await harness.record_events(12)
        await receiver.wait_for(12)
    assert {row.status for row in await Delivery.all()} == {DeliveryStatus.SUCCEEDED}


async def test_an_attempt_ending_during_a_claim_triggers_another(harness: WebhookHarness) -> None:
    sender = harness.sender(DeliveryPace(poll_interval=60))
    sender._under_way["whk_1"] = 1
    claiming = asyncio.create_task(sender._claim_or_wait())
    await asyncio.sleep(0)
    sender._release_slot("whk_1")
    assert sender._stir.is_set()
    await claiming


async def test_polling_finds_deliveries_without_a_notification(harness: WebhookHarness) -> None:
    async with run_receiver() as receiver:
        await harness.webhook(receiver.url)
        await harness.record_events()
        await harness.relay()
        async with run_loops(harness, DeliveryPace(poll_interval=0.02)):
            await receiver.wait_for(1)


@pytest.mark.alone
async def test_hanging_receivers_do_not_delay_others(harness: WebhookHarness) -> None:
    delays: list[float] = []
    recorded: dict[str, float] = {}
    loop = asyncio.get_running_loop()

    async def record_delay(request: ReceivedRequest) -> bytes:
        delays.append(loop.time() - recorded[request.id])
        return b"HTTP/1.1 204 No Content\r\n\r\n"

    async with AsyncExitStack() as stack:
        hanging = [await stack.enter_async_context(run_receiver(hang)) for _ in range(3)]
        good = await stack.enter_async_context(run_receiver(record_delay))
        for receiver in (*hanging, good):
            await harness.webhook(receiver.url)
        await stack.enter_async_context(run_loops(harness, DeliveryPace(stop_timeout=0.1)))
        count = 100
        for _ in range(count):
            harness.now = datetime.now(UTC)
            before = loop.time()
            (event,) = await harness.record_events()
            recorded[event.id] = before
            await asyncio.sleep(max(0.0, before + 0.05 - loop.time()))
        await good.wait_for(count)
        assert all(len(receiver.requests) == DEFAULT_PACE.max_concurrent_per_webhook for receiver in hanging)
    delays.sort()
    assert delays[49] < 0.25, "the median; 0.02 s on an idle machine"
    assert delays[-1] < 5, "the maximum must be below the deadline of a hanging request"


async def test_shutdown_waits_for_attempts_in_progress(harness: WebhookHarness) -> None:
    released = asyncio.Event()

    async def respond_when_released(_: ReceivedRequest) -> bytes:
        await released.wait()
        return b"HTTP/1.1 204 No Content\r\n\r\n"

    async with run_receiver(respond_when_released) as receiver:
        await harness.webhook(receiver.url)
        async with run_loops(harness) as deliveries:
            await harness.record_events(20)
            await receiver.wait_for(DEFAULT_PACE.max_concurrent_per_webhook)
            deliveries.cancel()
            await asyncio.sleep(0)
            released.set()
            await asyncio.wait([deliveries])
        assert len(receiver.requests) == DEFAULT_PACE.max_concurrent_per_webhook
        assert (
            await Delivery.filter(status=DeliveryStatus.SUCCEEDED).count()
            == DEFAULT_PACE.max_concurrent_per_webhook
        )
        assert await Delivery.filter(status=DeliveryStatus.PENDING, locked_until=None).count() == 15


async def test_shutdown_releases_attempts_that_take_too_long(harness: WebhookHarness) -> None:
    async with run_receiver(hang) as receiver:
        await harness.webhook(receiver.url)
        async with run_loops(harness, DeliveryPace(stop_timeout=0.05)):
            await harness.record_events()
            await receiver.wait_for(1)
        released = await harness.delivery()
        assert (released.status, released.locked_until, released.attempts_made) == (
            DeliveryStatus.PENDING,
            None,
            0,
        )
        assert len(await harness.sender().claim()) == 1


async def test_killed_workers_lose_no_events(tmp_path: Path) -> None:
    report = await run_with_crashes(tmp_path, events=100, webhooks=3, kills=3, lease=1.5)
    assert len(report.events) == 100
    assert (report.lost, report.unknown, report.differing_bodies, report.open_deliveries) == (0, 0, 0, 0)
