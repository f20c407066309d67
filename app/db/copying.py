"""Copy all rows from one database to another of any kind, in batches that record their progress."""

import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

import orjson
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.context import TortoiseContext
from tortoise.fields import BooleanField, DatetimeField, JSONField
from tortoise.fields.base import Field
from tortoise.models import Model
from tortoise.transactions import in_transaction

from app.db.config import APP, CONNECTION, Config, redacted_url, sqlite_path, tortoise_config
from app.db.migrate import is_current, migrate
from app.db.sql import Statement

BATCH_SIZE = 500
SOURCE = "source"
BEFORE_FIRST: dict[type, Any] = {str: "", int: -1}
"""Keys that sort before all others."""

Rows: TypeAlias = list[tuple[Any, ...]]
Tell: TypeAlias = Callable[[int], None]

PROGRESS_TABLE = "pichub_copy"
CREATE_PROGRESS = Statement(
    f"CREATE TABLE {PROGRESS_TABLE}"
    " (source VARCHAR(2000) NOT NULL, name VARCHAR(64) PRIMARY KEY, reached VARCHAR(64) NOT NULL)"
)
SET_PROGRESS = Statement(
    f"INSERT INTO {PROGRESS_TABLE} (source, name, reached) VALUES (?1, ?2, ?3) "  # noqa: S608
    "ON CONFLICT (name) DO UPDATE SET reached = excluded.reached"
)


class CopyRefused(Exception):
    """The copy was not started or not completed. The text has the reason and the remedy."""


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """A table to copy. The first of `columns` is the key, which orders the rows."""

    name: str
    columns: tuple[str, ...]
    fields: tuple[Field[Any], ...]
    has_sequence: bool

    @classmethod
    def of(cls, model: type[Model]) -> "CopiedTable":
        meta = model._meta  # noqa: SLF001  (Tortoise has no other name for it)
        names = sorted(meta.fields_db_projection, key=lambda name: name != meta.pk_attr)
        return cls(
            meta.db_table,
            tuple(meta.fields_db_projection[name] for name in names),
            tuple(meta.fields_map[name] for name in names),
            has_sequence=bool(meta.pk.generated),
        )

    @property
    def key(self) -> type:
        return int if self.fields[0].field_type is int else str

    async def after(self, db: BaseDBAsyncClient, reached: Any) -> Rows:
        """Return the next rows as the driver returns them."""
        names = ", ".join(f'"{name}"' for name in self.columns)
        statement = Statement(
            f'SELECT {names} FROM "{self.name}" WHERE "{self.columns[0]}" > ?1 '  # noqa: S608  (names of ours)
            f'ORDER BY "{self.columns[0]}" LIMIT {BATCH_SIZE}'
        )
        _, rows = await db.execute_rows(statement.for_(db), [reached])  # type: ignore[attr-defined]
        return [tuple(row) for row in rows]

    async def add(self, db: BaseDBAsyncClient, rows: Rows) -> None:
        names = ", ".join(f'"{name}"' for name in self.columns)
        values = ", ".join(f"?{number}" for number in range(1, len(self.columns) + 1))
        statement = Statement(f'INSERT INTO "{self.name}" ({names}) VALUES ({values})')  # noqa: S608
        await db.execute_many(statement.for_(db), [list(row) for row in rows])

    async def count(self, db: BaseDBAsyncClient) -> int:
        (row,) = await db.execute_query_dict(f'SELECT count(*) AS number FROM "{self.name}"')  # noqa: S608
        return int(row["number"])

    def to_portable(self, row: Sequence[Any]) -> tuple[Any, ...]:
        """Convert values to a form that does not depend on the database."""
        return tuple(_to_portable(field, value) for field, value in zip(self.fields, row, strict=True))

    def from_portable(self, plain: Sequence[Any], db: BaseDBAsyncClient) -> tuple[Any, ...]:
        """Convert portable values to those of a database."""
        return tuple(
            _from_portable(field, value, db.capabilities.dialect)
            for field, value in zip(self.fields, plain, strict=True)
        )

    async def digest(self, db: BaseDBAsyncClient, progress: Tell) -> str:
        """Return a digest of all rows, equal for equal tables."""
        digest, reached = hashlib.sha256(), BEFORE_FIRST[self.key]
        while rows := await self.after(db, reached):
            for row in rows:
                digest.update(
                    orjson.dumps(self.to_portable(row), option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)
                )
            reached = rows[-1][0]
            progress(len(rows))
        return digest.hexdigest()

    async def advance_sequence(self, db: BaseDBAsyncClient) -> None:
        """Continue ids after the last copied row. SQLite does so by itself."""
        if self.has_sequence and db.capabilities.dialect == "postgres":
            key = self.columns[0]
            await db.execute_query_dict(
                f"SELECT setval(pg_get_serial_sequence('{self.name}', '{key}'), coalesce(max({key}), 1), "  # noqa: S608
                f'max({key}) IS NOT NULL) FROM "{self.name}"'
            )


class DatabaseCopy:
    """A copy in progress. `total` is the number of rows to read, including those read for the comparison."""

    def __init__(self, source: BaseDBAsyncClient, target: BaseDBAsyncClient, name: str) -> None:
        self._source = source
        self._target = target
        self._name = name
        self.tables = [CopiedTable.of(model) for model in _in_order(_models())]
        self.total = 0

    async def prepare(self) -> None:
        """Check the target. Raises CopyRefused if it has rows that are not from a copy of this source."""
        marked = await self._progress_columns()
        if marked is None:
            filled = [table.name for table in self.tables if await table.count(self._target)]
            if filled:
                raise CopyRefused(
                    f"The target is not empty: there are rows in {', '.join(filled)}. Name an empty database"
                )
            await self._target.execute_script(CREATE_PROGRESS.for_(self._target))
        elif marked - {self._name}:
            raise CopyRefused(
                f"The target holds an unfinished copy of {', '.join(sorted(marked))}:"
                " end that one, or name an empty database"
            )
        self.total = 3 * sum([await table.count(self._source) for table in self.tables])

    async def run(self, progress: Tell) -> None:
        """Copy the missing rows. `progress` is called with the number of rows of each batch."""
        reached = await self._progress()
        for table in self.tables:
            last = reached.get(table.name)
            if last is not None:
                progress(await table.count(self._target))
            await self._copy(table, BEFORE_FIRST[table.key] if last is None else table.key(last), progress)
            await table.advance_sequence(self._target)

    async def _copy(self, table: CopiedTable, reached: Any, progress: Tell) -> None:
        while rows := await table.after(self._source, reached):
            reached = rows[-1][0]
            async with in_transaction(CONNECTION) as transaction:
                await table.add(
                    transaction, [table.from_portable(table.to_portable(row), transaction) for row in rows]
                )
                await transaction.execute_query(
                    SET_PROGRESS.for_(transaction), [self._name, table.name, str(reached)]
                )
            progress(len(rows))

    async def compare(self, progress: Tell) -> None:
        """Compare all tables. Raises CopyRefused if one differs from the source."""
        for table in self.tables:
            theirs, ours = (
                await table.digest(self._source, progress),
                await table.digest(self._target, progress),
            )
            if theirs != ours:
                raise CopyRefused(
                    f"The rows of {table.name} are not those of the source: something wrote there while they were"
                    " copied. Stop all servers and workers, empty the target, and copy again"
                )

    async def finish(self) -> None:
        await self._target.execute_script(f"DROP TABLE {PROGRESS_TABLE}")

    async def _progress_columns(self) -> set[str] | None:
        """Return the sources named in the target's progress; None without a progress table."""
        there = Statement(
            "SELECT name FROM sqlite_master WHERE name = ?1",
            "SELECT to_regclass(?1::text)::text AS name",
        )
        rows = await self._target.execute_query_dict(there.for_(self._target), [PROGRESS_TABLE])
        if not rows or rows[0]["name"] is None:
            return None
        return {
            row["source"]
            for row in await self._target.execute_query_dict(f"SELECT source FROM {PROGRESS_TABLE}")  # noqa: S608
        }

    async def _progress(self) -> dict[str, str]:
        rows = await self._target.execute_query_dict(f"SELECT name, reached FROM {PROGRESS_TABLE}")  # noqa: S608
        return {row["name"]: row["reached"] for row in rows}


@asynccontextmanager
async def copying(source_url: str, target_url: str) -> AsyncIterator[DatabaseCopy]:
    """Yield a copy that is ready to run. Raises CopyRefused, UnsupportedDatabase, DatabaseUnreachable."""
    source, target = tortoise_config(source_url), tortoise_config(target_url)
    name = _name(source_url, source)
    if name == _name(target_url, target):
        raise CopyRefused("Source and target are the same database")
    path = sqlite_path(source)
    if path is not None and not path.exists():
        raise CopyRefused(f"There is no database at {path}")
    if not await is_current(source):
        raise CopyRefused(
            "The source's tables are not of this version of PicHub: run 'pichub migrate' on it first"
        )
    await migrate(target)
    both = target | {
        "connections": {
            CONNECTION: target["connections"][CONNECTION],
            SOURCE: source["connections"][CONNECTION],
        }
    }
    context = TortoiseContext()
    with context:
        await context.init(both)
        try:
            copy = DatabaseCopy(context.connections.get(SOURCE), context.connections.get(CONNECTION), name)
            await copy.prepare()
            yield copy
        finally:
            await context.close_connections()


def _name(url: str, config: Config) -> str:
    """Return the name that identifies the source in the progress table."""
    path = sqlite_path(config)
    return str(path.resolve()) if path else redacted_url(url)


def _models() -> dict[str, type[Model]]:
    from tortoise import Tortoise

    return dict(Tortoise.apps[APP])


def _in_order(models: dict[str, type[Model]]) -> list[type[Model]]:
    """Order models so that referenced ones come first."""
    ordered: list[type[Model]] = []

    def put(model: type[Model]) -> None:
        if model in ordered:
            return
        for name in sorted(model._meta.fk_fields):  # noqa: SLF001
            put(model._meta.fields_map[name].related_model)  # type: ignore[attr-defined]  # noqa: SLF001
        ordered.append(model)

    for name in sorted(models):
        put(models[name])
    return ordered


def _to_portable(field: Field[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(field, DatetimeField):
        return (datetime.fromisoformat(value) if isinstance(value, str) else value).astimezone(UTC)
    if isinstance(field, BooleanField):
        return bool(value)
    if isinstance(field, JSONField):
        return orjson.loads(value)
    return value


def _from_portable(field: Field[Any], value: Any, dialect: str) -> Any:
    if value is None:
        return None
    if isinstance(field, JSONField):
        return orjson.dumps(value).decode()
    if dialect == "sqlite" and isinstance(field, DatetimeField):
        return value.isoformat(" ")
    return value
