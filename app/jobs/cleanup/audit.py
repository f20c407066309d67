"""Whether bytes have rows and rows have bytes, as far as a bounded look can tell."""

import asyncio
from dataclasses import dataclass

from app.context import Services
from app.jobs.cleanup.objects import without_row
from app.models import Image
from app.resolvers.storage_keys import ORPHAN_GRACE, StoragePrefix
from app.storage.base import Stat

MAX_SAMPLE = 2_000
"""How many are looked at: a minute's work where each is asked of a slow storage."""
CONCURRENT_CHECKS = 16


@dataclass(frozen=True, slots=True)
class StorageAudit:
    """How many of those looked at lack their other half, and the id of one."""

    checked: int
    count: int
    example: str | None = None


async def orphaned_objects(services: Services, most: int = MAX_SAMPLE) -> StorageAudit:
    """Originals that have no row, an hour after they were put."""
    found: list[tuple[str, Stat]] = []
    async for each in services.storage.list(StoragePrefix.ORIGINALS):
        found.append(each)
        if len(found) == most:
            break
    alone = await without_row(found, services.clock() - ORPHAN_GRACE)
    return StorageAudit(len(found), len(alone), alone[0][0] if alone else None)


async def missing_objects(services: Services, most: int = MAX_SAMPLE) -> StorageAudit:
    """Images whose original is not there, of the newest."""
    rows = await Image.all().order_by("-id").limit(most).values_list("id", "key")
    places = asyncio.Semaphore(CONCURRENT_CHECKS)

    async def is_lost(key: str) -> bool:
        async with places:
            return await services.storage.stat(key) is None

    gone = await asyncio.gather(*(is_lost(key) for _, key in rows))
    ids = [id for (id, _), is_gone in zip(rows, gone, strict=True) if is_gone]
    return StorageAudit(len(rows), len(ids), ids[0] if ids else None)
