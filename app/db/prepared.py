"""Prepared queries: compiled once, since Tortoise takes longer to build a statement than to run it.

Finding a token with its account takes half of the time this way.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Generic, TypeVar

from tortoise.models import Model
from tortoise.queryset import QuerySet

from app.db.row_mapper import Values, row_mapper

M = TypeVar("M", bound=Model)
CACHE_ATTRIBUTE = "_kept"


def row_cache(row: Model) -> dict[Any, Any] | None:
    """Return the dict in which presenters cache results with a cached row; None for a row that is not cached."""
    kept: dict[Any, Any] | None = row.__dict__.get(CACHE_ATTRIBUTE)
    return kept


class PreparedQuery(Generic[M]):
    """A query with open values, in the order in which they appear in the statement. Its limit is one of them.

        BY_NAME = PreparedQuery(Book, lambda: Book.filter(name="").limit(1))
        books = await BY_NAME.rows("Emma", 1)

    For queries that find few rows by an index: on SQLite they run on the event loop. With `cached` rows, an
    unchanged row is returned as the same model again, which must not be modified.
    """

    def __init__(self, model: type[M], query: Callable[[], QuerySet[M]], *, cached: int = 0) -> None:
        self._model = model
        self._query = query
        self._remembered = cached
        self._written: dict[str, tuple[str, list[Any]]] = {}
        self._read: dict[str, Callable[[Values], Any]] = {}

    async def rows(self, *values: Any) -> list[M]:
        """Return the rows for these values."""
        db: Any = self._model._meta.db  # noqa: SLF001  (Tortoise has no other name for it)
        dialect = db.capabilities.dialect
        statement, related = self._written.get(dialect) or self._compile(dialect)
        columns, rows = await db.execute_short(statement, values)
        read = self._read.get(dialect)
        if read is None and rows:  # without rows, PostgreSQL returns no columns
            read = row_mapper(self._model, columns, related, dialect)
            if self._remembered:
                read = lru_cache(self._remembered)(_with_cache(read))
            self._read[dialect] = read
        return [*map(read, rows)] if read else []

    async def first(self, *values: Any) -> M | None:
        """Return the first row of a query that ends in a limit; None if there is none."""
        found = await self.rows(*values, 1)
        return found[0] if found else None

    def _compile(self, dialect: str) -> tuple[str, list[Any]]:
        """Return the statement and the mapper for its columns."""
        query = self._query()
        query._choose_db_if_not_chosen()  # noqa: SLF001  (what awaiting it would do)
        query._make_query()  # noqa: SLF001
        statement, _ = query.query.get_parameterized_sql()
        self._written[dialect] = statement, query._select_related_idx  # noqa: SLF001
        return self._written[dialect]


def _with_cache(read: Callable[[Values], Any]) -> Callable[[Values], Any]:
    def read_to_keep(row: Values) -> Any:
        model = read(row)
        model.__dict__[CACHE_ATTRIBUTE] = {}
        return model

    return read_to_keep
