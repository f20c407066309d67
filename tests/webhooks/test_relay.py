import asyncio
import time

from app.events import outbox
from app.events.catalogue import PingSent
from app.ids import Kind, new_id
from app.models import Account, Delivery, RelayCursor
from app.webhooks import relay
from tests.webhooks.harness import WebhookHarness

URL = "https://example.org/hook"


async def deliveries() -> list[tuple[str, str]]:
    rows = await Delivery.all().order_by("event__position", "webhook_id")
    return [(row.event_id, row.webhook_id) for row in rows]


async def test_each_matching_webhook_gets_one_delivery_per_event(harness: WebhookHarness) -> None:
    first, second = await harness.webhook(URL), await harness.webhook(URL)
    await harness.webhook(URL, events=["image.deleted"])
    await harness.webhook(URL, is_active=False)
    events = await harness.record_events(3)
    await harness.relay()
    await harness.relay()
    expected = {(event.id, webhook.id) for event in events for webhook in (first, second)}
    assert set(await deliveries()) == expected
    assert len(await deliveries()) == len(expected)


async def test_webhooks_get_only_events_of_their_owner(harness: WebhookHarness) -> None:
    bob = await Account.create(
        id=new_id(Kind.ACCOUNT, harness.now), username="bob", password_hash="-", created_at=harness.now
    )
    await harness.webhook(URL, owner_id=bob.id)
    await harness.record_events()
    await harness.relay()
    assert await deliveries() == []


async def test_webhooks_get_no_events_from_before_their_creation(harness: WebhookHarness) -> None:
    (before,) = await harness.record_events()
    webhook = await harness.webhook(URL, since_position=before.position)
    (after,) = await harness.record_events()
    await harness.relay()
    assert await deliveries() == [(after.id, webhook.id)]


async def test_a_ping_goes_only_to_its_webhook_even_if_disabled(
    harness: WebhookHarness,
) -> None:
    pinged = await harness.webhook(URL, events=["image.deleted"], is_active=False)
    await harness.webhook(URL, events=["ping"])
    async with outbox.transaction(
        harness.services.events.notifier, account_id=harness.account.id, now=harness.now
    ) as events:
        events.record(PingSent(harness.account.id, pinged.id))
    await harness.relay()
    assert [webhook for _, webhook in await deliveries()] == [pinged.id]


async def test_a_partly_relayed_batch_is_completed(harness: WebhookHarness) -> None:
    webhook = await harness.webhook(URL)
    events = await harness.record_events(3)
    await RelayCursor.move("webhooks", 0)
    await Delivery.create(
        id=new_id(Kind.DELIVERY, harness.now), webhook=webhook, event=events[1], created_at=harness.now
    )
    await harness.relay()
    assert await deliveries() == [(event.id, webhook.id) for event in events]
    assert await RelayCursor.position_of("webhooks") == events[-1].position


async def test_concurrent_relays_create_each_delivery_once(harness: WebhookHarness) -> None:
    webhook = await harness.webhook(URL)
    events = await harness.record_events(relay.BATCH_SIZE + 50)
    await asyncio.gather(*(harness.relay() for _ in range(4)))
    assert await deliveries() == [(event.id, webhook.id) for event in events]


async def test_a_notification_wakes_the_relay(harness: WebhookHarness) -> None:
    await harness.webhook(URL)
    async with harness.services.events.notifier.subscribe(relay.TOPIC) as listener:
        task = asyncio.ensure_future(relay.run(harness.services))
        await asyncio.sleep(0)
        await harness.record_events()
        assert await listener.wait(5)
        assert await Delivery.all().count() == 1
        task.cancel()
        await asyncio.wait([task])


async def test_the_relay_polls_slowly_without_webhooks(
    harness: WebhookHarness,
) -> None:
    async with harness.services.events.notifier.subscribe(relay.TOPIC) as listener:
        task = asyncio.ensure_future(relay.run(harness.services))
        started, positions = time.monotonic(), set()
        for _ in range(10):
            await harness.record_events()
            await asyncio.sleep(2 * relay.BATCH_INTERVAL_SECONDS)
            positions.add(await RelayCursor.position_of(relay.CURSOR))
        assert len(positions) <= 2 + (time.monotonic() - started) / relay.POLL_INTERVAL_SECONDS
        webhook = await harness.webhook(URL)
        (event,) = await harness.record_events()
        assert await listener.wait(5)
        assert (event.id, webhook.id) in await deliveries()
        assert await RelayCursor.position_of(relay.CURSOR) == event.position
        task.cancel()
        await asyncio.wait([task])
