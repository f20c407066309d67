"""Copy objects between storages, comparing each. Existing objects and the source are left unchanged."""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from app.errors import OutOfStorage, StorageUnreachable
from app.storage.base import ObjectMissing, Stat, Storage, StorageTotals
from app.storage.downloads import download

MAX_ATTEMPTS = 4


class CopyOutcome(StrEnum):
    """Outcome for an object."""

    COPIED = "copied"
    THERE = "there already"
    GONE = "gone from the source meanwhile"
    FAILED = "failed"


class CopyMismatch(OSError):
    """The object read back differs from the source."""


@dataclass(slots=True)
class CopySummary:
    """Objects by outcome. `failures` has the reasons by key."""

    amounts: dict[CopyOutcome, StorageTotals] = field(
        default_factory=lambda: dict.fromkeys(CopyOutcome, StorageTotals())
    )
    failures: dict[str, str] = field(default_factory=dict)

    def add(self, outcome: CopyOutcome, stat: Stat) -> None:
        self.amounts[outcome] += StorageTotals(1, stat.size)


async def count_objects(source: Storage, prefixes: Sequence[str]) -> StorageTotals:
    """Count the objects to copy."""
    total = StorageTotals()
    async for _, stat in _objects(source, prefixes):
        total += StorageTotals(1, stat.size)
    return total


async def copy(
    source: Storage,
    target: Storage,
    prefixes: Sequence[str],
    *,
    concurrency: int,
    by_size: bool = False,
    progress: Callable[[], None],
) -> CopySummary:
    """Copy all objects under the prefixes, `concurrency` at a time. `progress` is called for each.

    Each copy is read back and its SHA-256 compared with the source. An existing object of the same size is compared
    too and kept if it is equal; `by_size` skips that comparison. A failed object is retried, then recorded.
    """
    summary, objects, turn = CopySummary(), _objects(source, prefixes), asyncio.Lock()

    async def work() -> None:
        while True:
            async with turn:
                found = await anext(objects, None)
            if found is None:
                return
            key, stat = found
            try:
                outcome = await _copy_with_retries(source, target, key, stat, by_size=by_size)
            except (OSError, OutOfStorage, ObjectMissing) as error:
                outcome = CopyOutcome.FAILED
                summary.failures[key] = str(error) or type(error).__name__
            summary.add(outcome, stat)
            progress()

    async with asyncio.TaskGroup() as group:
        for _ in range(concurrency):
            group.create_task(work())
    return summary


async def _objects(source: Storage, prefixes: Sequence[str]) -> AsyncIterator[tuple[str, Stat]]:
    for prefix in prefixes:
        async for found in source.list(prefix):
            yield found


async def _copy_with_retries(
    source: Storage, target: Storage, key: str, stat: Stat, *, by_size: bool
) -> CopyOutcome:
    for turn in range(1, MAX_ATTEMPTS):
        try:
            return await _copy(source, target, key, stat, by_size=by_size)
        except StorageUnreachable:
            await asyncio.sleep(turn)
    return await _copy(source, target, key, stat, by_size=by_size)


async def _copy(source: Storage, target: Storage, key: str, stat: Stat, *, by_size: bool) -> CopyOutcome:
    path = target.incoming / f"moving-{secrets.token_hex(16)}"
    try:
        there = await target.stat(key)
        if (
            there is not None
            and there.size == stat.size
            and (by_size or await _are_equal(source, target, key))
        ):
            return CopyOutcome.THERE
        try:
            await download(source, key, path)
        except ObjectMissing:
            return CopyOutcome.GONE
        read = await asyncio.to_thread(_digest_of_file, path)
        await target.put(key, path)
    finally:
        path.unlink(missing_ok=True)
    if await _digest(target, key) != read:
        raise CopyMismatch("What was read back is not what was put")
    return CopyOutcome.COPIED


async def _are_equal(source: Storage, target: Storage, key: str) -> bool:
    return await _digest(source, key) == await _digest(target, key)


async def _digest(storage: Storage, key: str) -> bytes | None:
    """Return the digest; None if the object no longer exists."""
    digest = hashlib.sha256()
    try:
        async with storage.open(key) as stored:
            async for chunk in stored.chunks:
                digest.update(chunk)
    except ObjectMissing:
        return None
    return digest.digest()


def _digest_of_file(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
