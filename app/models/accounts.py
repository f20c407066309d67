from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Self

from tortoise import fields
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.expressions import F
from tortoise.models import Model
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from app.db.locks import lock_rows
from app.db.sql import Statement
from app.models.columns import id_column

UNLIMITED = 2**63 - 1
"""The quota of an account that may fill the disk, whatever the server's default is."""


ADD_IMAGE = Statement(
    "UPDATE accounts SET image_count = image_count + 1, bytes_used = bytes_used + ?2"
    " WHERE id = ?1 AND bytes_used + ?2 <= COALESCE(quota, ?3)"
)
"""Written out: to put it together for each upload takes Tortoise seventy times as long as SQLite takes to run it."""


class Role(StrEnum):
    """What an account may do beyond its own things."""

    ADMIN = "admin"
    MEMBER = "member"


class Account(Model):
    """Someone who owns images. What it counts is kept in the transactions that change it.

    The username is kept in lower case. A quota of NULL is the server's default, which a setting says.
    """

    id = id_column()
    username = fields.CharField(max_length=64, unique=True)
    password_hash = fields.CharField(max_length=255)
    role = fields.CharEnumField(Role, max_length=16, default=Role.MEMBER)
    quota = fields.BigIntField(null=True)
    bytes_used = fields.BigIntField(default=0)
    image_count = fields.IntField(default=0)
    created_at = fields.DatetimeField()
    disabled_at = fields.DatetimeField(null=True)

    class Meta:
        table = "accounts"
        indexes = (("created_at", "id"),)

    @property
    def is_disabled(self) -> bool:
        return self.disabled_at is not None

    @classmethod
    def enabled_admins(cls) -> QuerySet[Self]:
        return cls.filter(role=Role.ADMIN, disabled_at=None)

    @classmethod
    @asynccontextmanager
    async def locked(cls, account_id: str) -> AsyncIterator[BaseDBAsyncClient]:
        """A transaction that changes what is the account's. Those of one account follow one another.

        What is read in it is what the one before has left; what was read earlier may be out of date.
        """
        async with in_transaction() as transaction:
            await lock_rows(cls.filter(id=account_id))
            yield transaction

    def quota_or(self, default: int | None) -> int | None:
        """The bytes that it may keep, where the server's default is `default`; None is no bound."""
        quota = default if self.quota is None else self.quota
        return None if quota == UNLIMITED else quota

    @classmethod
    async def add_image(cls, account_id: str, size: int, *, default_quota: int | None) -> bool:
        """Counts a new image of `size` bytes; False, and nothing is counted, where the quota has no room for it.

        One statement asks and counts, so that uploads at the same time can't both have the last room.
        """
        db = cls._meta.db
        default = UNLIMITED if default_quota is None else default_quota
        counted, _ = await db.execute_query(ADD_IMAGE.for_(db), [account_id, size, default])
        return bool(counted)

    @classmethod
    async def remove_images(cls, account_id: str, *, images: int, size: int) -> None:
        """Takes images, and the bytes of their originals, out of what an account counts."""
        await cls.filter(id=account_id).update(
            image_count=F("image_count") - images, bytes_used=F("bytes_used") - size
        )
