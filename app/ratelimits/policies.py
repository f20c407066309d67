"""Rate limit policies: an amount per period, in one or several windows."""

from dataclasses import dataclass
from functools import cached_property

from app.ratelimits import package

OFF = "off"


@dataclass(frozen=True, slots=True)
class Window:
    """`amount` per `period` in seconds. A window begins with the first consumption."""

    amount: int
    period: int


@dataclass(frozen=True)
class Policy:
    """A named policy, in the notation of the `limits` package: `60/minute;1000/hour`, or `off`.

    Policy("api", "60/minute;1000/hour").windows == (Window(60, 60), Window(1000, 3600))
    """

    name: str
    text: str

    @cached_property
    def windows(self) -> tuple[Window, ...]:
        """The windows; none if the policy is off. Raises ValueError for invalid text."""
        if self.text == OFF:
            return ()
        package.load()
        from limits import parse_many

        return tuple(dict.fromkeys(Window(i.amount, i.get_expiry()) for i in parse_many(self.text)))
