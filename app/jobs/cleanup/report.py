from collections.abc import Mapping
from dataclasses import dataclass

from app.storage.base import StorageTotals


@dataclass(frozen=True, slots=True)
class WithheldDeletion:
    """Too many originals have no row for an accident, so nothing without a row was removed."""

    orphans: StorageTotals
    originals: StorageTotals

    def __str__(self) -> str:
        return (
            f"{self.orphans.count} of {self.originals.count} originals have no row in the database."
            " That many are not what a crash leaves: is this the right database, and is it of today?"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanupReport:
    """Objects and rows removed, or to be removed, by step. `failed` has the errors of failed steps."""

    removed: Mapping[str, StorageTotals]
    failed: Mapping[str, Exception]
    withheld: WithheldDeletion | None = None

    @property
    def total(self) -> StorageTotals:
        return sum(self.removed.values(), StorageTotals())

    def __str__(self) -> str:
        """Return one line for the log."""
        some = [f"{amount.count} {name}" for name, amount in self.removed.items() if amount.count]
        return f"{', '.join(some) or 'nothing'} ({self.total.size} bytes)"
