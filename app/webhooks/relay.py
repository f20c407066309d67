"""Relay from events to deliveries: one delivery per event and subscribed webhook.

The deliveries and the relay's cursor are written in one transaction, so that no delivery is lost or duplicated,
whenever a process dies and however many relays there are.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from datetime import datetime

from tortoise.expressions import Q
from tortoise.transactions import in_transaction

from app.db.locks import lock_rows
from app.events import outbox
from app.events.catalogue import EventType
from app.ids import Kind, new_id
from app.models import Delivery, Event, RelayCursor, Webhook
from app.observability import logging as logs
from app.webhooks.protocols import WebhookServices

log = logging.getLogger("pichub.webhooks")

TOPIC = "deliveries"
"""Notifier topic for new deliveries."""
CURSOR = "webhooks"
BATCH_SIZE = 200
BATCH_INTERVAL_SECONDS = 0.05
"""Time between two batches while events keep coming: each is a synced transaction that delays other writers."""
POLL_INTERVAL_SECONDS = 1.0
"""Time between two polls: events of other processes may send no notification.

Without webhooks, also the interval in which the cursor is updated.
"""


async def run(parts: WebhookServices) -> None:
    """Relay events until cancelled."""
    async with parts.events.notifier.subscribe(outbox.TOPIC) as listener:
        while True:
            began, pause = time.monotonic(), BATCH_INTERVAL_SECONDS
            try:
                while await relay_batch(parts):
                    pass
                if not await Webhook.exists():
                    pause = POLL_INTERVAL_SECONDS
            except Exception as error:
                logs.log_failure(log, error, "events could not be passed on to webhooks; they will be")
                await asyncio.sleep(POLL_INTERVAL_SECONDS)
            await listener.wait(POLL_INTERVAL_SECONDS)
            await asyncio.sleep(max(0.0, began + pause - time.monotonic()))


async def relay_batch(parts: WebhookServices) -> bool:
    """Create the deliveries of the next events. Return True if there were events."""
    deliveries: list[Delivery] = []
    if not await Event.since(await RelayCursor.position_of(CURSOR)).exists():
        return False  # the common case, without a write transaction
    async with in_transaction():
        await RelayCursor.lock(CURSOR)
        events = await Event.since(await RelayCursor.position_of(CURSOR)).limit(BATCH_SIZE)
        if events:
            deliveries = _deliveries(events, await _webhooks(events), parts.clock())
            await Delivery.bulk_create(deliveries, ignore_conflicts=True)
            await RelayCursor.move(CURSOR, events[-1].position)
    if deliveries:
        await parts.events.notifier.notify(TOPIC)
    return bool(events)


async def _webhooks(events: Sequence[Event]) -> list[Webhook]:
    """Return the webhooks that may subscribe to one of the events."""
    owners = {event.account_id for event in events}
    pinged = {event.subject_id for event in events if event.type == EventType.PING}
    some = Webhook.filter(Q(owner_id__in=owners, is_active=True) | Q(id__in=pinged))
    await lock_rows(some)  # none can be deleted before its deliveries are written
    return await some


def _deliveries(events: Sequence[Event], webhooks: Sequence[Webhook], now: datetime) -> list[Delivery]:
    return [
        Delivery(
            id=new_id(Kind.DELIVERY, now),
            webhook_id=webhook.id,
            event_id=event.id,
            next_attempt_at=now,
            created_at=now,
        )
        for event in events
        for webhook in webhooks
        if _is_subscribed(webhook, event)
    ]


def _is_subscribed(webhook: Webhook, event: Event) -> bool:
    """A ping is for the webhook that it names, enabled or not."""
    if webhook.owner_id != event.account_id:
        return False
    if event.type == EventType.PING:
        return event.subject_id == webhook.id
    return webhook.is_active and event.type in webhook.events and event.position > webhook.since_position
