"""Pages of rows in the order (created_at, id). A paged model has these columns, and an index that ends in them."""

from typing import Any, TypeVar

from tortoise.expressions import Q
from tortoise.models import Model
from tortoise.queryset import QuerySet

from app.paging import Cursor, Direction, NumberedPage, NumberedRequest, Page, PageRequest

M = TypeVar("M", bound=Model)
NEWEST_FIRST = Direction.NEWEST_FIRST


async def by_cursor(query: QuerySet[M], request: PageRequest, direction: Direction = NEWEST_FIRST) -> Page[M]:
    """The rows of `query` that `request` asks for: one statement, at the same cost wherever the page is."""
    bounded = _following(query, request.after, direction)
    bounded = _following(bounded, request.before, _opposite(direction))
    order = _opposite(direction) if request.backward else direction
    rows = await _ordered(bounded, order).limit(request.size + 1)
    there_is_more, items = len(rows) > request.size, rows[: request.size]
    if request.backward:
        items.reverse()

    async def has_next() -> bool:
        if there_is_more and not request.backward:
            return True
        return await _reaches(query, request.before, direction)

    async def has_previous() -> bool:
        if there_is_more and request.backward:
            return True
        return await _reaches(query, request.after, _opposite(direction))

    async def total() -> int:
        return await query.count()

    return Page(items, [_place(row) for row in items], has_next, has_previous, total)


async def by_number(
    query: QuerySet[M], request: NumberedRequest, direction: Direction = NEWEST_FIRST
) -> NumberedPage[M]:
    """The page with this number, empty past the last one. It costs a count, and the rows of the pages before."""
    total = await query.count()
    items: list[M] = []
    if request.offset < total:
        items = await _ordered(query, direction).offset(request.offset).limit(request.per_page)
    return NumberedPage(items, request, total)


def _ordered(query: QuerySet[M], direction: Direction) -> QuerySet[M]:
    sign = "-" if direction is NEWEST_FIRST else ""
    return query.order_by(f"{sign}created_at", f"{sign}id")


def _following(
    query: QuerySet[M], cursor: Cursor | None, direction: Direction, *, or_at: str = ""
) -> QuerySet[M]:
    """Those rows that come after the cursor in this direction; all where there is none."""
    if cursor is None:
        return query
    beyond = "lt" if direction is NEWEST_FIRST else "gt"
    later = _where(f"created_at__{beyond}", cursor.created_at) | _where(f"id__{beyond}{or_at}", cursor.id)
    # The first condition is implied by the second, and is the one that the index can seek to.
    return query.filter(**{f"created_at__{beyond}e": cursor.created_at}).filter(later)


def _where(condition: str, value: Any) -> Q:
    return Q(**{condition: value})


async def _reaches(query: QuerySet[M], bound: Cursor | None, direction: Direction) -> bool:
    """Whether there are rows at the bound or beyond: without a bound the page goes to the end of the list."""
    return bound is not None and await _following(query, bound, direction, or_at="e").exists()


def _opposite(direction: Direction) -> Direction:
    return Direction.OLDEST_FIRST if direction is NEWEST_FIRST else NEWEST_FIRST


def _place(row: Any) -> Cursor:
    return Cursor(row.created_at, row.id)
