from functools import cached_property
from typing import Any, Self

from tortoise import fields
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.models import Model
from tortoise.queryset import QuerySet

from app.models.accounts import Account
from app.models.columns import id_column


class Event(Model):
    """Something that happened to an account's things, written in the transaction in which it happened.

    `position` counts events from 1 in the order of their commits, without a gap. `subject_id` is the image, album or
    webhook that it happened to, which may be gone. `album_id` is the album that it concerns, for those who follow one.
    """

    id = id_column()
    position = fields.BigIntField(unique=True)
    type = fields.CharField(max_length=32)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "pichub.Account", related_name="events", on_delete=fields.CASCADE
    )
    account_id: str
    album_id = fields.CharField(max_length=32, null=True)
    subject_id = fields.CharField(max_length=32)
    data: Any = fields.JSONField()
    created_at = fields.DatetimeField()

    @cached_property
    def presented(self) -> dict[Any, Any]:
        """What a face has made of it, for all whom it shows this row to."""
        return {}

    class Meta:
        table = "events"
        indexes = (("account_id", "position"),)

    @classmethod
    def since(cls, position: int) -> QuerySet[Self]:
        """Those after a position, in their order."""
        return cls.filter(position__gt=position).order_by("position")

    @classmethod
    async def last_position(cls) -> int:
        """The position of the newest event that was ever committed, 0 where there was none."""
        counter = await EventCounter.get_or_none(id=EventCounter.ONLY)
        return counter.position if counter else 0


class EventCounter(Model):
    """One row: the position of the newest event. Whoever takes positions holds its lock until the commit."""

    ONLY = 1

    id = fields.SmallIntField(primary_key=True, generated=False)
    position = fields.BigIntField()

    class Meta:
        table = "event_counter"

    @classmethod
    async def advance(cls, connection: BaseDBAsyncClient, by: int) -> int:
        """Takes the next `by` positions, and gives the last of them. `connection` is that of the transaction."""
        (row,) = await connection.execute_query_dict(
            f"INSERT INTO event_counter (id, position) VALUES ({cls.ONLY}, {int(by)}) ON CONFLICT (id) "  # noqa: S608
            "DO UPDATE SET position = event_counter.position + excluded.position RETURNING position"
        )
        return int(row["position"])
