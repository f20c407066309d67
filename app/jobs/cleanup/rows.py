"""Cleanup of expired rows."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from tortoise.expressions import Q
from tortoise.models import Model
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from app.db.locks import skip_locked
from app.ids import Kind, new_id
from app.jobs.cleanup.run import CleanupRun
from app.models import Delivery, DeliveryStatus, Event, RelayCursor
from app.storage.base import StorageTotals
from app.webhooks.relay import CURSOR

BATCH_SIZE = 500
"""Rows per transaction: other writers get their turn in between."""

Step: TypeAlias = Callable[[CleanupRun], Awaitable[StorageTotals]]


def expired(model: type[Model], column: str) -> Step:
    """Return a step that removes the rows whose `column` is in the past."""
    return lambda this: _remove(this, model.filter(**{f"{column}__lte": this.now}))


async def deliveries(this: CleanupRun) -> StorageTotals:
    """Remove old deliveries and their attempts, except pending ones."""
    ended = Delivery.exclude(Q(status=DeliveryStatus.PENDING) & Q(next_attempt_at__isnull=False))
    return await _remove(
        this, ended.filter(_older_than(this, Kind.DELIVERY, this.services.settings.deliveries_retention_days))
    )


async def events(this: CleanupRun) -> StorageTotals:
    """Remove old events, except those not yet relayed and those that a delivery refers to."""
    told = Event.filter(position__lte=await RelayCursor.position_of(CURSOR), deliveries__id__isnull=True)
    return await _remove(
        this, told.filter(_older_than(this, Kind.EVENT, this.services.settings.events_retention_days))
    )


def _older_than(this: CleanupRun, kind: Kind, days: int) -> Q:
    """Condition for rows created longer ago: ids sort by creation time, so the primary key index finds them."""
    return Q(id__lt=first_id(kind, this.now - timedelta(days=days)))


def first_id(kind: Kind, born: datetime) -> str:
    """Return the smallest id that could be created at this time or later."""
    return new_id(kind, born, randbits=lambda _: 0)


async def _remove(this: CleanupRun, rows: QuerySet[Any]) -> StorageTotals:
    if this.dry_run:
        return StorageTotals(await rows.count())
    removed, full = 0, True
    while full:
        await this.extend()
        async with in_transaction():
            ids = [row.id for row in await skip_locked(rows.limit(BATCH_SIZE).only("id"))]
            removed += await rows.model.filter(id__in=ids).delete() if ids else 0
        full = len(ids) == BATCH_SIZE
    return StorageTotals(removed)
