"""What may be spent: so much in so many seconds, several such windows at once."""

from dataclasses import dataclass
from functools import cached_property

from app.ratelimits import package

OFF = "off"


@dataclass(frozen=True, slots=True)
class Window:
    """`amount` in each `period` of seconds, which begins with the first that is spent."""

    amount: int
    period: int


@dataclass(frozen=True)
class Policy:
    """A budget by `name`. Its windows are written as the package limits reads them: `60/minute;1000/hour`; or `off`.

    Policy("api", "60/minute;1000/hour").windows == (Window(60, 60), Window(1000, 3600))
    """

    name: str
    text: str

    @cached_property
    def windows(self) -> tuple[Window, ...]:
        """None of them where it is off. Raises ValueError for a text that can't be read."""
        if self.text == OFF:
            return ()
        package.load()
        from limits import parse_many

        return tuple(dict.fromkeys(Window(i.amount, i.get_expiry()) for i in parse_many(self.text)))
