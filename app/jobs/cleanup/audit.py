"""Bounded check that objects have rows and rows have objects."""

import asyncio
from dataclasses import dataclass

from app.jobs.cleanup.objects import without_row
from app.jobs.cleanup.run import CleanupServices
from app.models import Image
from app.storage.base import Stat
from app.storage.keys import ORPHAN_GRACE, StoragePrefix

MAX_SAMPLE = 2_000
"""Maximum number of objects to check: about a minute on a slow storage."""
CONCURRENT_CHECKS = 16


@dataclass(frozen=True, slots=True)
class StorageAudit:
    """Result of a check: objects checked, objects without their counterpart, and the id of one of those."""

    checked: int
    count: int
    example: str | None = None


async def orphaned_objects(services: CleanupServices, most: int = MAX_SAMPLE) -> StorageAudit:
    """Check for originals without a row, an hour or more after their upload."""
    found: list[tuple[str, Stat]] = []
    async for each in services.storage.list(StoragePrefix.ORIGINALS):
        found.append(each)
        if len(found) == most:
            break
    alone = await without_row(found, services.clock() - ORPHAN_GRACE)
    return StorageAudit(len(found), len(alone), alone[0][0] if alone else None)


async def missing_objects(services: CleanupServices, most: int = MAX_SAMPLE) -> StorageAudit:
    """Check for missing originals of the newest images."""
    rows = await Image.all().order_by("-id").limit(most).values_list("id", "key")
    places = asyncio.Semaphore(CONCURRENT_CHECKS)

    async def is_lost(key: str) -> bool:
        async with places:
            return await services.storage.stat(key) is None

    gone = await asyncio.gather(*(is_lost(key) for _, key in rows))
    ids = [id for (id, _), is_gone in zip(rows, gone, strict=True) if is_gone]
    return StorageAudit(len(rows), len(ids), ids[0] if ids else None)
