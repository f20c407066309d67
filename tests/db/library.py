"""The database of these tests: its configuration, its rows, and queries from outside."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg

from app.db.config import Config, tortoise_config
from tests.db.models import Book

START = datetime(2026, 1, 1, tzinfo=UTC)


def library_config(url: str, migrations: str = "tests.db.migrations") -> Config:
    return tortoise_config(url, models="tests.db.models", migrations=migrations, app="library")


@dataclass(frozen=True)
class Library:
    """A database with the models of this package."""

    kind: str
    url: str
    path: Path

    def config(self, migrations: str = "tests.db.migrations") -> Config:
        return library_config(self.url, migrations)

    async def query(self, sql: str) -> list[Any]:
        """Run a query on a separate connection."""
        if self.kind == "sqlite":
            return query(self.path, sql)
        connection = await asyncpg.connect(self.url)
        try:
            return [tuple(row) for row in await connection.fetch(sql)]
        finally:
            await connection.close()

    async def table_names(self) -> list[Any]:
        return await self.query(
            "SELECT name FROM sqlite_master"
            if self.kind == "sqlite"
            else "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        )


def book(number: int, *, second: int | None = None, shelf: str = "s1") -> Book:
    """Return book `number`, created at `second`, by default at the second of the same number."""
    created_at = START + timedelta(seconds=number if second is None else second)
    return Book(id=f"book_{number:06}", shelf_id=shelf, created_at=created_at)


def query(path: Path, sql: str) -> list[Any]:
    """Run a query on a separate connection."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()
