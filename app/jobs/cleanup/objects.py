"""Cleanup of objects in storage."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from app.jobs.cleanup.report import WithheldDeletion
from app.jobs.cleanup.run import CleanupRun
from app.models import Image, UploadTicket
from app.storage.base import Stat, StorageTotals
from app.storage.keys import ORPHAN_GRACE, StoragePrefix, image_of, upload_of

BATCH_SIZE = 500
INCOMING_MAX_AGE = timedelta(days=1)
"""Maximum age of an incoming file."""
RECENT_USE = timedelta(minutes=10)
"""Variants used more recently are kept, even over the budget: a response may be in progress."""
MAX_ORPHANS = 100
MAX_ORPHAN_FRACTION = 10
"""Orphans are removed up to `MAX_ORPHANS`, or up to one in `MAX_ORPHAN_FRACTION` of all originals."""

Found: TypeAlias = tuple[str, Stat]


async def originals(this: CleanupRun) -> StorageTotals:
    """Remove originals without a row. If there are too many, remove none: rows may be missing instead."""
    orphans, every = await _count_orphans(this)
    if orphans.count > max(MAX_ORPHANS, every.count // MAX_ORPHAN_FRACTION) and not this.force:
        this.withheld = WithheldDeletion(orphans, every)
        return StorageTotals()
    return await _remove_orphans(this, StoragePrefix.ORIGINALS) if orphans.count else orphans


async def intermediates(this: CleanupRun) -> StorageTotals:
    return await _remove_orphans(this, StoragePrefix.INTERMEDIATES)


async def variants(this: CleanupRun) -> StorageTotals:
    """Remove variants without an image, and record the ages of the others."""
    return await _remove_orphans(this, StoragePrefix.VARIANTS, keep=this.ages.add)


async def surplus(this: CleanupRun) -> StorageTotals:
    """Remove the least recently used variants over the budget."""
    budget = this.services.settings.variants_size
    surplus = this.ages.surplus(budget) if budget is not None else None
    if surplus is None:
        return StorageTotals()
    before = min(surplus.before, this.now - RECENT_USE)
    removed = StorageTotals()
    async for batch in _batches(this, StoragePrefix.VARIANTS):
        # A dry run has left the variants that were counted before.
        counted = (
            await without_row(batch, this.now - ORPHAN_GRACE) if this.dry_run and not this.withheld else []
        )
        chosen = [found for found in batch if found not in counted and surplus.includes(found[1])]
        removed += await _remove(this, chosen, before)
    return removed


async def pieces(this: CleanupRun) -> StorageTotals:
    """Remove pieces of uploads that have ended."""
    removed = StorageTotals()
    async for batch in _batches(this, StoragePrefix.UPLOADS):
        of = {key: upload_of(key) for key, _ in batch}
        receiving = UploadTicket.receiving(this.now).filter(id__in={id_ for id_ in of.values() if id_})
        kept: set[object] = {None, *await receiving.values_list("id", flat=True)}
        ended = [(key, stat) for key, stat in batch if of[key] not in kept]
        removed += await _remove(this, ended, this.now - ORPHAN_GRACE)
    return removed


async def incoming(this: CleanupRun) -> StorageTotals:
    """Remove files of uploads and renders that were interrupted by a crash."""
    await this.extend()
    return await this.services.storage.clear_incoming(this.now - INCOMING_MAX_AGE, dry_run=this.dry_run)


async def _count_orphans(this: CleanupRun) -> tuple[StorageTotals, StorageTotals]:
    """Return the totals of originals without a row and of all originals."""
    orphans = every = StorageTotals()
    async for batch in _batches(this, StoragePrefix.ORIGINALS):
        orphans += _sum(await without_row(batch, this.now - ORPHAN_GRACE))
        every += _sum(batch)
    return orphans, every


async def _remove_orphans(
    this: CleanupRun, room: StoragePrefix, *, keep: Callable[[Stat], None] | None = None
) -> StorageTotals:
    removed = StorageTotals()
    async for batch in _batches(this, room):
        orphans = [] if this.withheld else await without_row(batch, this.now - ORPHAN_GRACE)
        removed += await _remove(this, orphans, this.now - ORPHAN_GRACE)
        if keep:
            gone = {key for key, _ in orphans}
            for key, stat in batch:
                if key not in gone:
                    keep(stat)
    return removed


async def without_row(batch: Sequence[Found], before: datetime) -> list[Found]:
    """Return objects stored before `before` whose image has no row. Objects with foreign names are never removed."""
    old = {key: image_of(key) for key, stat in batch if stat.modified_at < before}
    ids = {image_id for image_id in old.values() if image_id}
    rows = set(await Image.filter(id__in=ids).values_list("id", flat=True)) if ids else set()
    gone = ids - rows
    return [(key, stat) for key, stat in batch if old.get(key) in gone]


async def _remove(this: CleanupRun, objects: Sequence[Found], before: datetime) -> StorageTotals:
    """Remove these objects, except those written or used since they were listed."""
    if this.dry_run:
        return _sum([found for found in objects if found[1].modified_at < before])
    if not objects:
        return StorageTotals()
    return await this.services.storage.delete_stale([key for key, _ in objects], before)


async def _batches(this: CleanupRun, room: StoragePrefix) -> AsyncIterator[list[Found]]:
    batch: list[Found] = []
    async for found in this.services.storage.list(room):
        batch.append(found)
        if len(batch) == BATCH_SIZE:
            await this.extend()
            yield batch
            batch = []
    await this.extend()
    yield batch


def _sum(objects: Sequence[Found]) -> StorageTotals:
    return StorageTotals(len(objects), sum(stat.size for _, stat in objects))
