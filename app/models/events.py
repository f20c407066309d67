from functools import cached_property
from typing import Any, Self

from tortoise import fields
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.models import Model
from tortoise.queryset import QuerySet

from app.models.accounts import Account
from app.models.columns import id_column


class Event(Model):
    """An event of an account, written in the transaction that caused it.

    `position` numbers events from 1 in commit order, without gaps. `subject_id` is the image, album or webhook
    concerned, which may be deleted. `album_id` is the album concerned, for subscribers of one album.
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
        """Cached presentations of this row, by interface."""
        return {}

    class Meta:
        table = "events"
        indexes = (("account_id", "position"),)

    @classmethod
    def since(cls, position: int) -> QuerySet[Self]:
        """Events after a position, in order."""
        return cls.filter(position__gt=position).order_by("position")

    @classmethod
    async def last_position(cls) -> int:
        """Return the position of the newest event ever committed, 0 if there was none."""
        counter = await EventCounter.get_or_none(id=EventCounter.ONLY)
        return counter.position if counter else 0


class EventCounter(Model):
    """A single row with the position of the newest event. Its lock is held from taking positions to the commit."""

    ONLY = 1

    id = fields.SmallIntField(primary_key=True, generated=False)
    position = fields.BigIntField()

    class Meta:
        table = "event_counter"

    @classmethod
    async def advance(cls, connection: BaseDBAsyncClient, by: int) -> int:
        """Take the next `by` positions and return the last of them. `connection` is the transaction's."""
        (row,) = await connection.execute_query_dict(
            f"INSERT INTO event_counter (id, position) VALUES ({cls.ONLY}, {int(by)}) ON CONFLICT (id) "  # noqa: S608
            "DO UPDATE SET position = event_counter.position + excluded.position RETURNING position"
        )
        return int(row["position"])
