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
"""The quota of an unlimited account, whatever the server's default."""


ADD_IMAGE = Statement(
    "UPDATE accounts SET image_count = image_count + 1, bytes_used = bytes_used + ?2"
    " WHERE id = ?1 AND bytes_used + ?2 <= COALESCE(quota, ?3)"
)
"""Hand-written SQL: building the statement takes Tortoise seventy times as long as SQLite takes to run it."""


class Role(StrEnum):
    """An account's role."""

    ADMIN = "admin"
    MEMBER = "member"


class Account(Model):
    """An account that owns images. Its counters are updated in the transactions that change them.

    The username is lower case. A NULL quota means the server's default, from the settings.
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
        """Open a transaction that changes the account's data. Transactions of one account run one after the other.

        Data read in it is current; data read before may be outdated.
        """
        async with in_transaction() as transaction:
            await lock_rows(cls.filter(id=account_id))
            yield transaction

    def quota_or(self, default: int | None) -> int | None:
        """Return the quota in bytes, given the server's default; None is unlimited."""
        quota = default if self.quota is None else self.quota
        return None if quota == UNLIMITED else quota

    @classmethod
    async def add_image(cls, account_id: str, size: int, *, default_quota: int | None) -> bool:
        """Count a new image of `size` bytes. Return False, counting nothing, if the quota has no room for it.

        A single statement checks and counts, so that concurrent uploads can't exceed the quota.
        """
        db = cls._meta.db
        default = UNLIMITED if default_quota is None else default_quota
        counted, _ = await db.execute_query(ADD_IMAGE.for_(db), [account_id, size, default])
        return bool(counted)

    @classmethod
    async def remove_images(cls, account_id: str, *, images: int, size: int) -> None:
        """Subtract images, and the bytes of their originals, from the account's counters."""
        await cls.filter(id=account_id).update(
            image_count=F("image_count") - images, bytes_used=F("bytes_used") - size
        )
