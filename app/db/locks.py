"""Row and advisory locks. No-ops on SQLite, which has a single writer.

On PostgreSQL a lock is held to the end of the transaction, and later reads see what the previous holder committed.
"""

from enum import IntEnum
from typing import Any, TypeVar

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.models import Model
from tortoise.queryset import QuerySet

from app.db.sql import Statement

M = TypeVar("M", bound=Model)


class AdvisoryLock(IntEnum):
    """Locks for operations on more rows than can be locked. The numbers are keys of PostgreSQL's advisory locks."""

    MIGRATIONS = 0x70696368_0001
    ADMINS = 0x70696368_0002
    INVITATIONS = 0x70696368_0003
    SECRETS = 0x70696368_0004


LOCK = Statement("SELECT 1", "SELECT pg_advisory_xact_lock(?1)")


async def lock_rows(rows: QuerySet[Any]) -> None:
    """Lock these rows in the order of their keys, so that concurrent callers can't deadlock."""
    if rows.capabilities.support_for_update:
        key = rows.model._meta.pk_attr  # noqa: SLF001  (Tortoise has no other name for it)
        await rows.order_by(key).select_for_update(no_key=True).only(key)


def skip_locked(rows: QuerySet[M]) -> QuerySet[M]:
    """Restrict the query to rows that no other transaction has locked, and lock them."""
    return rows.select_for_update(skip_locked=True, of=(rows.model._meta.db_table,))  # noqa: SLF001


async def advisory_lock(transaction: BaseDBAsyncClient, lock: AdvisoryLock) -> None:
    """Hold the advisory lock for the transaction."""
    if transaction.capabilities.support_for_update:
        await transaction.execute_query(LOCK.for_(transaction), [lock])
