"""Rows into models. What Tortoise decides for each value of each row is decided once for each column here.

A page of twenty images with their albums takes a third of the time so, statement included.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any, TypeAlias

from tortoise.backends.base.executor import BaseExecutor
from tortoise.fields import DatetimeField
from tortoise.fields.base import Field
from tortoise.models import Model

Values: TypeAlias = tuple[Any, ...]
Convert: TypeAlias = Callable[[Any], Any]

AT_ONCE = 1_000
"""Rows after which others have their turn."""


class Reading(BaseExecutor):
    """Reads whole rows, in the place of what Tortoise's executor of a database does."""

    db: Any

    async def execute_select(
        self, sql: str, values: list[Any] | None = None, custom_fields: list[str] | None = None
    ) -> list[Any]:
        related = self.select_related_idx or ()
        if custom_fields or not all(width for _, width, *_ in related):  # annotated, or only parts of rows
            return await super().execute_select(sql, values, custom_fields)
        columns, rows = await self.db.execute_rows(sql, values)
        read = row_reading(self.model, columns, related, self.db.capabilities.dialect)
        found = []
        for number, row in enumerate(rows, 1):
            found.append(read(row))
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)
        await self._execute_prefetch_queries(found)
        return found


def row_reading(
    model: type[Model], columns: tuple[str, ...], related: Sequence[Sequence[Any]] | None, dialect: str
) -> Callable[[Values], Any]:
    """How a row with these columns becomes a model. `related` is what Tortoise notes of the tables that are joined."""
    tables = tuple((each[0], each[1], each[-1]) for each in related or ())
    return _reading(model, columns, tables, dialect)


@lru_cache(maxsize=500)
def _reading(
    model: type[Model],
    columns: tuple[str, ...],
    tables: tuple[tuple[type[Model], int, tuple[str, ...]], ...],
    dialect: str,  # noqa: ARG001  (databases differ in what they give as it is; here that is part of the key)
) -> Callable[[Values], Model]:
    """How a row with these columns becomes a model: of one table, or of some that follow each other in it."""
    if not tables:
        return _row_reading(model, columns)
    (_, width, root), *others = tables
    first, parts, start = _row_reading(model, columns[:width]), [], width
    for other, width, (*path, name) in others:
        theirs = tuple(column.partition(".")[2] for column in columns[start : start + width])
        parts.append((start, start + width, _row_reading(other, theirs), tuple(path), f"_{name}", name))
        start += width

    def read(row: Values) -> Model:
        instance = first(row)
        found = {root: instance}
        for begin, end, read_part, path, attribute, name in parts:
            values = row[begin:end]
            other = read_part(values) if any(values) else None
            if (holder := found.get(path)) is not None:
                holder.__dict__[attribute] = other
            if other is not None:
                found[(*path, name)] = other
        return instance

    return read


def _row_reading(model: type[Model], columns: tuple[str, ...]) -> Callable[[Values], Model]:
    meta = model._meta  # noqa: SLF001  (Tortoise has no other name for it)
    names = tuple(meta.fields_db_projection_reverse.get(column, column) for column in columns)
    native = {name for _, name, _ in meta.db_native_fields}
    plain = {name for _, name, _ in meta.db_default_fields}
    converted = [
        (name, meta.fields_map[name].field_type if name in plain else _conversion(meta.fields_map[name]))
        for name in names
        if name not in native
    ]
    state = {
        "_partial": len(names) < len(meta.fields_db_projection),
        "_saved_in_db": True,
        "_custom_generated_pk": meta.db_pk_column not in meta.generated_db_fields,
    }

    def read(values: Sequence[Any]) -> Model:
        instance = model.__new__(model)
        held = instance.__dict__
        held.update(state)
        held["_await_when_save"] = {}
        held.update(zip(names, values))  # noqa: B905  (of the tables that follow only the first values are its own)
        for name, convert in converted:
            if held[name] is not None:
                held[name] = convert(held[name])
        return instance

    return read


def _conversion(field: Field[Any]) -> Convert:
    """What makes of a value in the database one in Python."""
    return partial(_moment, field) if isinstance(field, DatetimeField) else field.to_python_value


def _moment(field: Field[Any], value: Any) -> Any:
    """As SQLite keeps it: UTC, in ISO 8601, which Python reads twenty times as fast where nothing is left open.

    PostgreSQL's driver has made the moment already.
    """
    if isinstance(value, str) and value.endswith("+00:00"):
        return datetime.fromisoformat(value)
    if isinstance(value, datetime) and value.tzinfo is UTC:
        return value
    return field.to_python_value(value)
