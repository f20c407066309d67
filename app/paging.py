"""How lists are cut: by cursor for those who walk (GraphQL), by page number for those who jump (REST).

A cursor is the place of one row in the order (created_at, id), written so that nobody is tempted to read it: pages
cost the same wherever they are, and neither skip nor repeat when rows come and go.
"""

import base64
import binascii
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Generic, Self, TypeVar

from app.errors import BadRequest, InvalidParameter

T = TypeVar("T")
DEFAULT_SIZE = 20
MAX_SIZE = 100
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Direction(Enum):
    """The order of a list by time of creation."""

    NEWEST_FIRST = "desc"
    OLDEST_FIRST = "asc"


@dataclass(frozen=True, slots=True)
class Cursor:
    """A row's place: when it was created, and its id among those created at that moment."""

    created_at: datetime
    id: str

    def __str__(self) -> str:
        micros = (self.created_at - EPOCH) // MICROSECOND
        return base64.urlsafe_b64encode(f"{micros}.{self.id}".encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str, *, name: str = "after") -> Self:
        """The cursor that `text` is. Raises InvalidParameter, naming the parameter `name`."""
        try:
            plain = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True).decode("ascii")
            micros, _, id = plain.partition(".")
            cursor = cls(EPOCH + int(micros) * MICROSECOND, id)
        except (binascii.Error, ValueError, OverflowError) as error:
            raise InvalidParameter(name, text, "a cursor that an earlier page gave") from error
        if str(cursor) != text or not id.isprintable():
            raise InvalidParameter(name, text, "a cursor that an earlier page gave")
        return cursor


@dataclass(frozen=True, slots=True)
class Place:
    """An event's place among all: its position, written so that nobody is tempted to read it."""

    position: int

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(f"evt.{self.position}".encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str, *, name: str = "after") -> Self:
        """The place that a cursor names. Raises InvalidParameter, naming the parameter `name`."""
        try:
            plain = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True).decode("ascii")
            place = cls(int(plain.removeprefix("evt.")))
        except (binascii.Error, ValueError) as error:
            raise InvalidParameter(name, text, "the cursor of an event") from error
        if str(place) != text or not 0 < place.position < 2**63:
            raise InvalidParameter(name, text, "the cursor of an event")
        return place


def page_size(size: int, *, name: str) -> int:
    """The size of a page, if it is allowed. Raises InvalidParameter, naming the parameter `name`."""
    if not 1 <= size <= MAX_SIZE:
        raise InvalidParameter(name, size, f"a whole number from 1 to {MAX_SIZE}")
    return size


@dataclass(frozen=True, slots=True)
class PageRequest:
    """`size` rows after `after` and before `before`, counted from the start or, `backward`, from the end."""

    size: int = DEFAULT_SIZE
    after: Cursor | None = None
    before: Cursor | None = None
    backward: bool = False

    @classmethod
    def parse(
        cls,
        *,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Self:
        """As the Relay Cursor Connections specification names them. Raises BadRequest, InvalidParameter."""
        if first is not None and last is not None:
            raise BadRequest("Give 'first' or 'last', not both: which end would be counted from?")
        size, name = (last, "last") if last is not None else (first, "first")
        if size is None:
            size = DEFAULT_SIZE
        return cls(
            size=page_size(size, name=name),
            after=Cursor.parse(after, name="after") if after is not None else None,
            before=Cursor.parse(before, name="before") if before is not None else None,
            backward=last is not None,
        )


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows of a list, in the list's own order. What costs another query is asked only when called."""

    items: Sequence[T]
    cursors: Sequence[Any]  # a Cursor each; a Place where they are events
    has_next: Callable[[], Awaitable[bool]]
    has_previous: Callable[[], Awaitable[bool]]
    total: Callable[[], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class NumberedRequest:
    """The page `page` (from 1) of a list cut into pages of `per_page`."""

    page: int = 1
    per_page: int = DEFAULT_SIZE

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.per_page


@dataclass(frozen=True, slots=True)
class NumberedPage(Generic[T]):
    """One numbered page, and how many rows there are on all of them."""

    items: Sequence[T]
    request: NumberedRequest
    total: int

    @property
    def last_page(self) -> int:
        """The number of the last page; 1 where the list is empty, as Laravel's paginator counts."""
        return max(1, -(-self.total // self.request.per_page))
