"""Transactional outbox: events are written with the change, and announced after the commit."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import orjson
from tortoise.backends.base.client import BaseDBAsyncClient

from app.coordination.notifier.base import Notifier
from app.events.catalogue import EventPayload, Snapshot
from app.ids import Kind, new_id
from app.models import Account, Event, EventCounter

TOPIC = "events"
"""Notifier topic for new events."""


class Outbox:
    """Events of one transaction, in the order of their recording."""

    def __init__(self) -> None:
        self.recorded: list[EventPayload] = []

    def record(self, *events: EventPayload) -> None:
        """Add events to the transaction. They are written when its block ends without an error."""
        self.recorded += events


@asynccontextmanager
async def transaction(notifier: Notifier, *, account_id: str, now: datetime) -> AsyncIterator[Outbox]:
    """Open a transaction that changes an account's data and records events. Notifies after the commit.

        async with outbox.transaction(ctx.services.events.notifier, account_id=actor.id, now=ctx.now()) as events:
            album = await Album.create(...)
            events.record(event_payloads.album_created(album))

    The event counter is locked last, so that other transactions wait only from there to the commit.
    """
    outbox = Outbox()
    try:
        async with Account.locked(account_id) as connection:
            yield outbox
            await _write(connection, outbox.recorded, now)
    finally:
        # Also if a cancellation arrived with the commit. A needless notification costs one query.
        if outbox.recorded:
            await notifier.notify(TOPIC)


async def _write(connection: BaseDBAsyncClient, happenings: list[EventPayload], now: datetime) -> None:
    if not happenings:
        return
    last = await EventCounter.advance(connection, len(happenings))
    first = last - len(happenings) + 1
    await Event.bulk_create(
        [_row(happening, position, now) for position, happening in enumerate(happenings, start=first)]
    )


def _row(happening: EventPayload, position: int, now: datetime) -> Event:
    return Event(
        id=new_id(Kind.EVENT, now),
        position=position,
        type=happening.type.value,
        account_id=happening.account_id,
        album_id=happening.album_id,
        subject_id=happening.subject_id,
        data=_json_value(happening.data),
        created_at=now,
    )


def _json_value(data: Snapshot) -> object:
    """Return the values as JSON, with times in UTC with a Z."""
    return orjson.loads(orjson.dumps(data, option=orjson.OPT_UTC_Z))
