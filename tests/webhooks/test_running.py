"""The loops as they run: woken by the bell, not held up by anyone, killed and stopped."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.models import Delivery, DeliveryStatus
from app.webhooks import delivery, relay
from app.webhooks.delivery import DEFAULT_PACE, DeliveryPace
from tests.receivers import Received, hang, receiving
from tests.webhooks.client import Desk
from tests.webhooks.crashes import crashes


@asynccontextmanager
async def working(desk: Desk, pace: DeliveryPace = DEFAULT_PACE) -> AsyncIterator[asyncio.Task[None]]:
    """Both loops, until the block ends; the task is that of the deliveries."""
    tasks = [asyncio.ensure_future(relay.run(desk.services))]
    tasks.append(asyncio.ensure_future(delivery.run(desk.services, pace)))
    try:
        yield tasks[1]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def test_an_event_is_on_its_way_when_the_bell_rings(desk: Desk) -> None:
    async with receiving() as receiver, working(desk, DeliveryPace(poll_interval=60)):
        await desk.webhook(receiver.url)
        await desk.happens(12)
        await receiver.count(12)
    assert {row.status for row in await Delivery.all()} == {DeliveryStatus.SUCCEEDED}


async def test_who_is_done_while_more_is_claimed_makes_it_look_again(desk: Desk) -> None:
    senders = desk.senders(DeliveryPace(poll_interval=60))
    senders._under_way["whk_1"] = 1
    claiming = asyncio.create_task(senders._claim_or_wait())
    await asyncio.sleep(0)
    senders._release_slot("whk_1")
    assert senders._stir.is_set()
    await claiming


async def test_a_bell_that_does_not_ring_costs_a_moment_and_nothing_else(desk: Desk) -> None:
    async with receiving() as receiver:
        await desk.webhook(receiver.url)
        await desk.happens()
        await desk.relay()
        async with working(desk, DeliveryPace(poll_interval=0.02)):
            await receiver.count(1)


@pytest.mark.alone
async def test_three_that_hang_do_not_delay_a_fourth(desk: Desk) -> None:
    late: list[float] = []
    recorded: dict[str, float] = {}
    loop = asyncio.get_running_loop()

    async def note(request: Received) -> bytes:
        late.append(loop.time() - recorded[request.id])
        return b"HTTP/1.1 204 No Content\r\n\r\n"

    async with AsyncExitStack() as stack:
        receivers = [await stack.enter_async_context(receiving(hang)) for _ in range(3)]
        good = await stack.enter_async_context(receiving(note))
        for receiver in (*receivers, good):
            await desk.webhook(receiver.url)
        await stack.enter_async_context(working(desk, DeliveryPace(stop_timeout=0.1)))
        number = 100
        for _ in range(number):
            desk.now = datetime.now(UTC)
            before = loop.time()
            (event,) = await desk.happens()
            recorded[event.id] = before
            await asyncio.sleep(max(0.0, before + 0.05 - loop.time()))
        await good.count(number)
        assert all(
            len(receiver.received) == DEFAULT_PACE.max_concurrent_per_webhook for receiver in receivers
        )
    late.sort()
    assert late[49] < 0.25, "most, at once: 0.02 s on a machine of its own"
    assert late[-1] < 5, "and none for as long as one of the three may hang"


async def test_a_stop_waits_for_what_is_under_way(desk: Desk) -> None:
    released = asyncio.Event()

    async def slowly(_: Received) -> bytes:
        await released.wait()
        return b"HTTP/1.1 204 No Content\r\n\r\n"

    async with receiving(slowly) as receiver:
        await desk.webhook(receiver.url)
        async with working(desk) as sending:
            await desk.happens(20)
            await receiver.count(DEFAULT_PACE.max_concurrent_per_webhook)
            sending.cancel()
            await asyncio.sleep(0)
            released.set()
            await asyncio.wait([sending])
        assert len(receiver.received) == DEFAULT_PACE.max_concurrent_per_webhook
        assert (
            await Delivery.filter(status=DeliveryStatus.SUCCEEDED).count()
            == DEFAULT_PACE.max_concurrent_per_webhook
        )
        assert await Delivery.filter(status=DeliveryStatus.PENDING, locked_until=None).count() == 15


async def test_what_does_not_end_in_time_is_left_to_others_at_once(desk: Desk) -> None:
    async with receiving(hang) as receiver:
        await desk.webhook(receiver.url)
        async with working(desk, DeliveryPace(stop_timeout=0.05)):
            await desk.happens()
            await receiver.count(1)
        left = await desk.delivery()
        assert (left.status, left.locked_until, left.attempts_made) == (DeliveryStatus.PENDING, None, 0)
        assert len(await desk.senders().claim()) == 1


async def test_a_worker_killed_again_and_again_loses_nothing(tmp_path: Path) -> None:
    seen = await crashes(tmp_path, events=100, webhooks=3, kills=3, lease=1.5)
    assert len(seen.events) == 100
    assert (seen.lost, seen.strangers, seen.bodies_that_differ, seen.open_deliveries) == (0, 0, 0, 0)
