"""What transactions wait for each other by, where the database does not let one write at a time anyway.

SQLite does: there these do nothing, as whoever is inside of a transaction is alone. On PostgreSQL a lock is held to the
end of the transaction, and what is read after it is what the one before has left.
"""

from enum import IntEnum
from typing import Any, TypeVar

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.models import Model
from tortoise.queryset import QuerySet

from app.db.sql import Statement

M = TypeVar("M", bound=Model)


class AdvisoryLock(IntEnum):
    """What concerns more rows than one could lock. The numbers are PicHub's own among PostgreSQL's advisory locks."""

    MIGRATIONS = 0x70696368_0001
    ADMINS = 0x70696368_0002
    INVITATIONS = 0x70696368_0003
    SECRETS = 0x70696368_0004


LOCK = Statement("SELECT 1", "SELECT pg_advisory_xact_lock(?1)")


async def lock_rows(rows: QuerySet[Any]) -> None:
    """Locks these rows, in the order of their keys: others who want them wait, in the same order."""
    if rows.capabilities.support_for_update:
        key = rows.model._meta.pk_attr  # noqa: SLF001  (Tortoise has no other name for it)
        await rows.order_by(key).select_for_update(no_key=True).only(key)


def skip_locked(rows: QuerySet[M]) -> QuerySet[M]:
    """Those of the rows that nobody is changing, locked when they are read: what is asked of them holds still then."""
    return rows.select_for_update(skip_locked=True, of=(rows.model._meta.db_table,))  # noqa: SLF001


async def advisory_lock(transaction: BaseDBAsyncClient, lock: AdvisoryLock) -> None:
    """Locks the matter for the transaction."""
    if transaction.capabilities.support_for_update:
        await transaction.execute_query(LOCK.for_(transaction), [lock])
