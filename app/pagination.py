"""Pagination: by cursor (GraphQL), and by page number (REST).

A cursor is the opaque position of a row in the order (created_at, id), or by another key: pages have the same cost
at any position, and neither skip nor repeat rows when rows are added or removed.
"""

import base64
import binascii
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Generic, Self, TypeAlias, TypeVar

from app.errors import BadRequest, InvalidParameter

T = TypeVar("T")
K = TypeVar("K")
DEFAULT_SIZE = 20
MAX_SIZE = 100
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Direction(Enum):
    """Direction of a list. NEWEST_FIRST is descending for any key."""

    NEWEST_FIRST = "desc"
    OLDEST_FIRST = "asc"


@dataclass(frozen=True, slots=True)
class Order:
    """Sort column, its type, and direction.

    `list` identifies one of several lists of the same rows, by a letter and 8 hexadecimal digits: a cursor is valid
    only for the list that returned it.
    """

    column: str = "created_at"
    kind: type[Any] = datetime
    direction: Direction = Direction.NEWEST_FIRST
    list: str = ""

    def accepts(self, cursor: "Cursor") -> bool:
        """Return True if the cursor belongs to this list."""
        return cursor.list == self.list and isinstance(cursor.key, self.kind)


Key: TypeAlias = datetime | int | str
"""Type of a sort key."""


@dataclass(frozen=True)
class Cursor:
    """Position of a row: its key, its id as a tie-breaker, and its list."""

    key: Key
    id: str
    list: str = ""

    def __str__(self) -> str:
        attributes = self.__dict__
        text: str = attributes.get("_text") or attributes.setdefault("_text", self._encode())
        return text

    def _encode(self) -> str:
        plain = f"{_format_key(self.key)}.{self.id}"
        if self.list:
            plain = f"{self.list}:{plain}"
        return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str, *, name: str = "after") -> Self:
        """Parse a cursor. Raises InvalidParameter for the parameter `name`."""
        try:
            plain = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True).decode()
            list_prefix = LIST_PREFIX.match(plain)
            rest = plain[list_prefix.end() :] if list_prefix else plain
            # Ids of named lists have no dot, but texts may.
            key, _, id = rest.rpartition(".") if rest.startswith(TEXT_PREFIX) else rest.partition(".")
            cursor = cls(_parse_key(key), id, list_prefix[1] if list_prefix else "")
        except (binascii.Error, ValueError, OverflowError) as error:
            raise InvalidParameter(name, text, "a cursor returned by an earlier page") from error
        if str(cursor) != text or not id.isprintable():
            raise InvalidParameter(name, text, "a cursor returned by an earlier page")
        return cursor


LIST_PREFIX = re.compile(r"([a-z][0-9a-f]{8}):")
NUMBER_PREFIX, TEXT_PREFIX = "n", "t"


def _format_key(key: Key) -> str:
    if isinstance(key, datetime):
        return str((key - EPOCH) // MICROSECOND)
    return f"{NUMBER_PREFIX}{key}" if isinstance(key, int) else f"{TEXT_PREFIX}{key}"


def _parse_key(text: str) -> Key:
    if text.startswith(TEXT_PREFIX):
        return text.removeprefix(TEXT_PREFIX)
    if not text.startswith(NUMBER_PREFIX):
        return EPOCH + int(text) * MICROSECOND
    number = int(text.removeprefix(NUMBER_PREFIX))
    if not 0 <= number < 2**63:
        raise ValueError(text)
    return number


@dataclass(frozen=True, slots=True)
class EventCursor:
    """Opaque position of an event."""

    position: int

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(f"evt.{self.position}".encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str, *, name: str = "after") -> Self:
        """Parse a cursor. Raises InvalidParameter for the parameter `name`."""
        try:
            text_form = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True).decode("ascii")
            cursor = cls(int(text_form.removeprefix("evt.")))
        except (binascii.Error, ValueError) as error:
            raise InvalidParameter(name, text, "the cursor of an event") from error
        if str(cursor) != text or not 0 < cursor.position < 2**63:
            raise InvalidParameter(name, text, "the cursor of an event")
        return cursor


def page_size(size: int, *, name: str) -> int:
    """Return the page size if it is allowed. Raises InvalidParameter for the parameter `name`."""
    if not 1 <= size <= MAX_SIZE:
        raise InvalidParameter(name, size, f"an integer from 1 to {MAX_SIZE}")
    return size


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Request for `size` rows after `after` and before `before`, from the start or, `backward`, from the end."""

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
        """Parse the arguments of the Relay Cursor Connections specification. Raises BadRequest, InvalidParameter."""
        if first is not None and last is not None:
            raise BadRequest("Use either 'first' or 'last', not both", reason="first_and_last")
        size, name = (last, "last") if last is not None else (first, "first")
        if size is None:
            size = DEFAULT_SIZE
        return cls(
            size=page_size(size, name=name),
            after=Cursor.parse(after, name="after") if after is not None else None,
            before=Cursor.parse(before, name="before") if before is not None else None,
            backward=last is not None,
        )

    def require(self, order: Order) -> None:
        """Raise InvalidParameter if a cursor belongs to another list."""
        for name, cursor in (("after", self.after), ("before", self.before)):
            if cursor is not None and not order.accepts(cursor):
                raise InvalidParameter(
                    name,
                    str(cursor),
                    "a cursor returned by an earlier page of this list, with the same order and filter",
                )


Deferred: TypeAlias = K | Callable[[], Awaitable[K]]
"""A value, or a function that queries it."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page of a list, in the list's order. Facts about the list are queried on demand."""

    items: Sequence[T]
    cursor_of: Callable[[T], Any]
    """Return an item's Cursor, or EventCursor for events."""
    next: Deferred[bool]
    previous: Deferred[bool]
    count: Deferred[int]

    async def has_next(self) -> bool:
        """Return True if there are items after this page."""
        return await _resolve(self.next)

    async def has_previous(self) -> bool:
        """Return True if there are items before this page."""
        return await _resolve(self.previous)

    async def total(self) -> int:
        """Return the total number of items."""
        return await _resolve(self.count)


def maybe_await(value: Deferred[K]) -> K | Awaitable[K]:
    """Return a known value, or an awaitable that queries it."""
    return value() if callable(value) else value


async def _resolve(value: Deferred[K]) -> K:
    return await value() if callable(value) else value


@dataclass(frozen=True, slots=True)
class NumberedRequest:
    """Request for the page `page` (from 1) with `per_page` items."""

    page: int = 1
    per_page: int = DEFAULT_SIZE

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.per_page


@dataclass(frozen=True, slots=True)
class NumberedPage(Generic[T]):
    """A numbered page, and the total number of items."""

    items: Sequence[T]
    request: NumberedRequest
    total: int

    @property
    def last_page(self) -> int:
        """Number of the last page; 1 for an empty list, as in Laravel's paginator."""
        return max(1, -(-self.total // self.request.per_page))
