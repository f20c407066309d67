"""One page of several lists in two statements, for lists nested in a list."""

from collections.abc import Mapping
from typing import Any, TypeVar

from tortoise.models import Model
from tortoise.queryset import QuerySet

from app.db.sql import Statement
from app.pagination import Cursor, Direction, Order, Page, PageRequest

M = TypeVar("M", bound=Model)
NO_FILTER: Mapping[str, Any] = {}


async def pages_by_cursor(
    query: QuerySet[M],
    column: str,
    totals: Mapping[str, int],
    request: PageRequest,
    direction: Direction,
    *,
    where: Mapping[str, Any] = NO_FILTER,
) -> dict[str, Page[M]]:
    """Return a page for each key of `totals`: the rows of `query` whose `column` equals the key.

    `where` filters the lists by column values. `totals` has the number of such rows, which the caller keeps count
    of. `column` must lead an index that continues with (created_at, id): each list is then read only up to the
    page. Raises InvalidParameter for a cursor of another list.
    """
    request.require(Order())
    table = query.model._meta  # noqa: SLF001  (Tortoise has no other name for it)
    arguments: list[Any] = []
    pieces = [_subquery(table.db_table, column, key, request, direction, where, arguments) for key in totals]
    statement = Statement(" UNION ALL ".join(pieces))
    found = await table.db.execute_query_dict(statement.for_(table.db), arguments)
    rows: dict[str, Any] = {row.pk: row for row in await query.filter(id__in=[each["id"] for each in found])}
    lists: dict[str, list[M]] = {key: [] for key in totals}
    for each in found:
        if each["id"] in rows:  # else it was deleted between the two statements
            lists[each["parent"]].append(rows[each["id"]])
    return {key: _page(lists[key], request, totals[key]) for key in totals}


def _subquery(
    table: str,
    column: str,
    key: str,
    request: PageRequest,
    direction: Direction,
    where: Mapping[str, Any],
    arguments: list[Any],
) -> str:
    """Return the statement that finds one list's rows, appending its arguments to `arguments`."""

    def value(argument: Any) -> str:
        arguments.append(argument)
        return f"?{len(arguments)}"

    descending = direction is Direction.NEWEST_FIRST
    after, before = ("<", ">") if descending else (">", "<")
    conditions = [f"{name} = {value(is_)}" for name, is_ in {column: key, **where}.items()]
    for cursor, sign in ((request.after, after), (request.before, before)):
        if cursor is not None:
            conditions.append(f"(created_at, id) {sign} ({value(cursor.key)}, {value(cursor.id)})")
    order = "DESC" if descending is not request.backward else "ASC"
    return f"""
        SELECT * FROM (
            SELECT id, {column} AS parent FROM {table} WHERE {" AND ".join(conditions)}
            ORDER BY created_at {order}, id {order} LIMIT {value(request.size + 1)}
        ) AS piece"""  # noqa: S608  (names of ours; every value is an argument)


def _page(rows: list[M], request: PageRequest, total: int) -> Page[M]:
    there_is_more, items = len(rows) > request.size, rows[: request.size]
    if request.backward:
        items.reverse()

    # The cursor came from a page of this list, so there was a row at its position.
    has_next = request.before is not None if request.backward else there_is_more
    has_previous = there_is_more if request.backward else request.after is not None
    return Page(items, _cursor_of, has_next, has_previous, total)


def _cursor_of(row: Any) -> Cursor:
    return Cursor(row.created_at, row.id)
