"""Rows that have had their time."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from tortoise.models import Model
from tortoise.queryset import QuerySet

from app.ids import Kind, new_id
from app.settings import Settings
from app.storage.base import Amount
from app.sweep.round import Round

BATCH = 500
"""Rows that one statement deletes: others write in between."""


def expired(model: type[Model], column: str) -> Callable[[Round], Awaitable[Amount]]:
    """A step that removes the rows whose `column` is a time that has passed."""
    return lambda this: _remove(this, model.filter(**{f"{column}__lte": this.now}))


def older(
    model: type[Model], kind: Kind, days: Callable[[Settings], int]
) -> Callable[[Round], Awaitable[Amount]]:
    """A step that removes the rows that are older than a setting says, by their ids, which sort by birth."""

    def step(this: Round) -> Awaitable[Amount]:
        eldest = first_id(kind, this.now - timedelta(days=days(this.services.settings)))
        return _remove(this, model.filter(id__lt=eldest))

    return step


def first_id(kind: Kind, born: datetime) -> str:
    """No id that was made then or later sorts before this one."""
    return new_id(kind, born, randbits=lambda _: 0)


async def _remove(this: Round, rows: QuerySet[Model]) -> Amount:
    if this.dry:
        return Amount(await rows.count())
    removed = 0
    while True:
        await this.extend()
        ids = await rows.limit(BATCH).values_list("pk", flat=True)
        removed += await rows.filter(pk__in=ids).delete() if ids else 0
        if len(ids) < BATCH:
            return Amount(removed)
