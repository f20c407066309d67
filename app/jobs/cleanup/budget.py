"""Selection of variants to remove over the size budget, in memory that does not grow with their number.

The time of use is known to a day at best (see `Storage.touch_after`), so the order within an hour does not matter:
the bytes last used in each hour are enough.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.storage.base import Stat

HOUR_SECONDS = 3600
KEPT_SHARE = 0.9
"""Share of the budget to keep once it is exceeded, so that the next variant does not exceed it again."""


@dataclass(slots=True)
class Surplus:
    """Variants to remove: all of the hours before `hour`, and `left` bytes of that hour."""

    hour: int
    left: int

    @property
    def before(self) -> datetime:
        """Variants used at or after this time are kept."""
        return datetime.fromtimestamp(0, UTC) + timedelta(hours=self.hour + 1)

    def includes(self, stat: Stat) -> bool:
        """Return True if this variant is to be removed. Call once per variant."""
        hour = _hour(stat)
        if hour == self.hour and self.left > 0:
            self.left -= stat.size
            return True
        return hour < self.hour


class VariantAges:
    """Bytes of variants by the hour of their last use."""

    def __init__(self) -> None:
        self._hours: Counter[int] = Counter()

    def add(self, stat: Stat) -> None:
        self._hours[_hour(stat)] += stat.size

    @property
    def size(self) -> int:
        return self._hours.total()

    def surplus(self, budget: int) -> Surplus | None:
        """Return the least recently used variants over `KEPT_SHARE` of the budget; None if the budget is not
        exceeded.
        """
        excess = self.size - int(budget * KEPT_SHARE)
        if self.size <= budget:
            return None
        for hour in sorted(self._hours):
            if self._hours[hour] >= excess:
                return Surplus(hour, excess)
            excess -= self._hours[hour]
        return None


def _hour(stat: Stat) -> int:
    return int(stat.modified_at.timestamp()) // HOUR_SECONDS
