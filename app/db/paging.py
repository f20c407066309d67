"""Pages of rows in the order (created_at, id), or (another column, id).

A paged model has these columns, and an index that ends in them.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Generic, TypeVar

from tortoise.expressions import Q
from tortoise.models import Model
from tortoise.queryset import QuerySet

from app.db.prepared import PreparedQuery
from app.pagination import EPOCH, Cursor, Direction, NumberedPage, NumberedRequest, Order, Page, PageRequest

M = TypeVar("M", bound=Model)
NEWEST_FIRST = Order()
CACHED_OWNERS = 2_000
"""Rows cached for owners' lists, about 3 KB each."""


async def by_cursor(
    query: QuerySet[M], request: PageRequest, order: Order | Direction = NEWEST_FIRST
) -> Page[M]:
    """Return the requested page of `query` in one statement, at the same cost for any position.

    Raises InvalidParameter for a cursor of another list.
    """
    order = Order(direction=order) if isinstance(order, Direction) else order
    request.require(order)
    bounded = _after(query, request.after, order)
    bounded = _after(bounded, request.before, _reversed(order))
    rows = await _ordered(bounded, _reversed(order) if request.backward else order).limit(request.size + 1)
    there_is_more, items = len(rows) > request.size, rows[: request.size]
    if request.backward:
        items.reverse()

    async def has_next() -> bool:
        if there_is_more and not request.backward:
            return True
        return await _exists_at(query, request.before, order)

    async def has_previous() -> bool:
        if there_is_more and request.backward:
            return True
        return await _exists_at(query, request.after, _reversed(order))

    async def total() -> int:
        return await query.count()

    return Page(items, partial(_cursor_of, order=order), has_next, has_previous, total)


class OwnedList(Generic[M]):
    """The rows of one owner, newest first, by prepared statements. Do not modify the rows: see `PreparedQuery`.

    OWN = OwnedList(Image, Image.owned_by)
    page = await OWN.by_cursor(account_id, request, total=account.image_count)
    """

    def __init__(self, model: type[M], owned_by: Callable[[str], QuerySet[M]]) -> None:
        self._owned_by = owned_by
        self._first = PreparedQuery(
            model, lambda: _ordered(owned_by(""), NEWEST_FIRST).limit(1), cached=CACHED_OWNERS
        )
        somewhere = Cursor(EPOCH, "")
        self._after = PreparedQuery(
            model, lambda: _ordered(_after(owned_by(""), somewhere, NEWEST_FIRST), NEWEST_FIRST).limit(1)
        )

    async def by_cursor(self, owner_id: str, request: PageRequest, *, total: int) -> Page[M]:
        """Return a page as the function `by_cursor` does. The caller keeps count of the rows and passes `total`."""
        if request.backward or request.before is not None:
            return await by_cursor(self._owned_by(owner_id), request)
        request.require(NEWEST_FIRST)
        rows = await self._rows(owner_id, request.after, request.size + 1)
        there_is_more, items = len(rows) > request.size, rows[: request.size]

        async def has_previous() -> bool:
            return await _exists_at(self._owned_by(owner_id), request.after, _reversed(NEWEST_FIRST))

        return Page(
            items,
            _cached_cursor,
            there_is_more,
            request.after is not None and has_previous,
            total,
        )

    async def by_number(self, owner_id: str, request: NumberedRequest, *, total: int) -> NumberedPage[M]:
        """Return a page as the function `by_number` does, without counting."""
        if request.offset >= total:
            return NumberedPage([], request, total)
        if request.offset:  # the database skips all rows before it, so not on the event loop
            ordered = _ordered(self._owned_by(owner_id), NEWEST_FIRST)
            rows = await ordered.offset(request.offset).limit(request.per_page)
        else:
            rows = await self._first.rows(owner_id, request.per_page)
        return NumberedPage(rows, request, total)

    async def _rows(self, owner_id: str, after: Cursor | None, most: int) -> list[M]:
        if after is None:
            return await self._first.rows(owner_id, most)
        return await self._after.rows(owner_id, after.key, after.key, after.id, most)


async def by_number(
    query: QuerySet[M], request: NumberedRequest, direction: Direction = Direction.NEWEST_FIRST
) -> NumberedPage[M]:
    """Return the page with this number, empty past the last one. Costs a count and the rows of the pages before."""
    total = await query.count()
    items: list[M] = []
    if request.offset < total:
        ordered = _ordered(query, Order(direction=direction))
        items = await ordered.offset(request.offset).limit(request.per_page)
    return NumberedPage(items, request, total)


def _ordered(query: QuerySet[M], order: Order) -> QuerySet[M]:
    sign = "-" if order.direction is Direction.NEWEST_FIRST else ""
    return query.order_by(f"{sign}{order.column}", f"{sign}id")


def _after(query: QuerySet[M], cursor: Cursor | None, order: Order, *, or_at: str = "") -> QuerySet[M]:
    """Restrict the query to rows after the cursor in this order; all rows without a cursor."""
    if cursor is None:
        return query
    beyond = "lt" if order.direction is Direction.NEWEST_FIRST else "gt"
    later = _where(f"{order.column}__{beyond}", cursor.key) | _where(f"id__{beyond}{or_at}", cursor.id)
    # The first condition is implied by the second, and is the one that the index can seek to.
    return query.filter(**{f"{order.column}__{beyond}e": cursor.key}).filter(later)


def _where(condition: str, value: Any) -> Q:
    return Q(**{condition: value})


async def _exists_at(query: QuerySet[M], bound: Cursor | None, order: Order) -> bool:
    """Return True if there are rows at the bound or beyond. Without a bound the page reaches the end of the list."""
    return bound is not None and await _after(query, bound, order, or_at="e").exists()


def _reversed(order: Order) -> Order:
    is_down = order.direction is Direction.NEWEST_FIRST
    return replace(order, direction=Direction.OLDEST_FIRST if is_down else Direction.NEWEST_FIRST)


def _cached_cursor(row: Any) -> Cursor:
    """Return the row's cursor in the default order, cached with the row."""
    held: dict[str, Any] = row.__dict__
    place: Cursor = held.get("_place") or held.setdefault("_place", _cursor_of(row, NEWEST_FIRST))
    return place


def _cursor_of(row: Any, order: Order) -> Cursor:
    return Cursor(getattr(row, order.column), row.id, order.list)
