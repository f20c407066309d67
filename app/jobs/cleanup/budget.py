"""Which variants go when there are too many: pure, and in memory that does not grow with their number.

Use is known to a day at best (see `Storage.touch_after`), so the order within an hour means nothing: it is enough to
know how many bytes were last used in each hour.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.storage.base import Stat

HOUR_SECONDS = 3600
KEPT_SHARE = 0.9
"""How much of the budget is left when it was passed, so that the next variant does not pass it again."""


@dataclass(slots=True)
class Surplus:
    """The variants to remove: all of the hours before `hour`, and `left` bytes of that hour."""

    hour: int
    left: int

    @property
    def before(self) -> datetime:
        """What is used after this is none of them."""
        return datetime.fromtimestamp(0, UTC) + timedelta(hours=self.hour + 1)

    def includes(self, stat: Stat) -> bool:
        """Whether this one goes, each to be asked once."""
        hour = _hour(stat)
        if hour == self.hour and self.left > 0:
            self.left -= stat.size
            return True
        return hour < self.hour


class VariantAges:
    """How many bytes of variants were last used in which hour."""

    def __init__(self) -> None:
        self._hours: Counter[int] = Counter()

    def add(self, stat: Stat) -> None:
        self._hours[_hour(stat)] += stat.size

    @property
    def size(self) -> int:
        return self._hours.total()

    def surplus(self, budget: int) -> Surplus | None:
        """The least recently used that must go for `KEPT` of the budget to be left; None while it is kept."""
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
