import asyncio
import time

from app.events import outbox
from app.events.catalogue import PingSent
from app.ids import Kind, new_id
from app.models import Account, Delivery, RelayCursor
from app.webhooks import relay
from tests.webhooks.client import Desk

NOWHERE = "https://example.org/hook"


async def owed() -> list[tuple[str, str]]:
    rows = await Delivery.all().order_by("event__position", "webhook_id")
    return [(row.event_id, row.webhook_id) for row in rows]


async def test_each_event_is_owed_once_to_each_webhook_that_wants_it(desk: Desk) -> None:
    one, two = await desk.webhook(NOWHERE), await desk.webhook(NOWHERE)
    await desk.webhook(NOWHERE, events=["image.deleted"])
    await desk.webhook(NOWHERE, is_active=False)
    events = await desk.happens(3)
    await desk.relay()
    await desk.relay()
    expected = {(event.id, webhook.id) for event in events for webhook in (one, two)}
    assert set(await owed()) == expected
    assert len(await owed()) == len(expected)


async def test_what_happens_to_others_is_not_told(desk: Desk) -> None:
    bob = await Account.create(
        id=new_id(Kind.ACCOUNT, desk.now), username="bob", password_hash="-", created_at=desk.now
    )
    await desk.webhook(NOWHERE, owner_id=bob.id)
    await desk.happens()
    await desk.relay()
    assert await owed() == []


async def test_what_happened_before_a_webhook_was_made_is_not_told(desk: Desk) -> None:
    (before,) = await desk.happens()
    webhook = await desk.webhook(NOWHERE, since_position=before.position)
    (after,) = await desk.happens()
    await desk.relay()
    assert await owed() == [(after.id, webhook.id)]


async def test_a_ping_goes_to_its_webhook_alone_whatever_it_listens_to_and_disabled_or_not(
    desk: Desk,
) -> None:
    pinged = await desk.webhook(NOWHERE, events=["image.deleted"], is_active=False)
    await desk.webhook(NOWHERE, events=["ping"])
    async with outbox.transaction(desk.services.events.notifier, account_id=desk.account.id, now=desk.now) as events:
        events.record(PingSent(desk.account.id, pinged.id))
    await desk.relay()
    assert [webhook for _, webhook in await owed()] == [pinged.id]


async def test_a_batch_that_fails_is_passed_on_later_and_whole(desk: Desk) -> None:
    webhook = await desk.webhook(NOWHERE)
    events = await desk.happens(3)
    await RelayCursor.move("webhooks", 0)
    await Delivery.create(
        id=new_id(Kind.DELIVERY, desk.now), webhook=webhook, event=events[1], created_at=desk.now
    )
    await desk.relay()
    assert await owed() == [(event.id, webhook.id) for event in events]
    assert await RelayCursor.position_of("webhooks") == events[-1].position


async def test_several_relays_side_by_side_make_each_delivery_once(desk: Desk) -> None:
    webhook = await desk.webhook(NOWHERE)
    events = await desk.happens(relay.BATCH_SIZE + 50)
    await asyncio.gather(*(desk.relay() for _ in range(4)))
    assert await owed() == [(event.id, webhook.id) for event in events]


async def test_the_bell_wakes_the_relay(desk: Desk) -> None:
    await desk.webhook(NOWHERE)
    async with desk.services.events.notifier.subscribe(relay.TOPIC) as listener:
        running = asyncio.ensure_future(relay.run(desk.services))
        await asyncio.sleep(0)
        await desk.happens()
        assert await listener.wait(5)
        assert await Delivery.all().count() == 1
        running.cancel()
        await asyncio.wait([running])


async def test_where_there_is_no_webhook_it_keeps_up_without_haste_and_the_first_one_hears_all(
    desk: Desk,
) -> None:
    async with desk.services.events.notifier.subscribe(relay.TOPIC) as listener:
        running = asyncio.ensure_future(relay.run(desk.services))
        began, reached = time.monotonic(), set()
        for _ in range(10):
            await desk.happens()
            await asyncio.sleep(2 * relay.BATCH_INTERVAL_SECONDS)
            reached.add(await RelayCursor.position_of(relay.CURSOR))
        assert len(reached) <= 2 + (time.monotonic() - began) / relay.POLL_INTERVAL_SECONDS
        webhook = await desk.webhook(NOWHERE)
        (event,) = await desk.happens()
        assert await listener.wait(5)
        assert (event.id, webhook.id) in await owed()
        assert await RelayCursor.position_of(relay.CURSOR) == event.position
        running.cancel()
        await asyncio.wait([running])
