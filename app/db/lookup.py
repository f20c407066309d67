"""Rows that every request looks up: to write the statement takes Tortoise longer than all the rest; once is enough.

Finding a token with its account costs 150 µs so, and 600 µs through a query that is put together each time.
"""

from typing import Any, Generic, TypeVar

from tortoise.models import Model

M = TypeVar("M", bound=Model)


class Lookup(Generic[M]):
    """Finds the row of `model` by a unique `column`, with the row that its field `related` points to."""

    def __init__(self, model: type[M], column: str, *, related: str) -> None:
        self._model = model
        self._column = column
        self._related = related
        self._written: dict[str, tuple[str, list[Any]]] = {}

    async def find(self, value: Any) -> M | None:
        """The row as it is now; None where there is none."""
        db = self._model._meta.db  # noqa: SLF001  (Tortoise has no other name for it)
        statement, reading = self._written.get(db.capabilities.dialect) or self._write(
            db.capabilities.dialect
        )
        executor = db.executor_class(model=self._model, db=db, select_related_idx=reading)
        found: list[M] = await executor.execute_select(statement, [value, 1], [])
        return found[0] if found else None

    def _write(self, dialect: str) -> tuple[str, list[Any]]:
        """The statement, and how its columns are read into the two rows."""
        query = self._model.filter(**{self._column: ""}).limit(1).select_related(self._related)
        query._choose_db_if_not_chosen()  # noqa: SLF001  (what awaiting it would do)
        query._make_query()  # noqa: SLF001
        statement, _ = query.query.get_parameterized_sql()
        self._written[dialect] = statement, query._select_related_idx  # noqa: SLF001
        return self._written[dialect]
