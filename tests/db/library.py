"""How the tests of this room name their database, make its rows, and look at it from outside."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg

from app.db.config import Config, sqlite_url, tortoise_config
from tests.db.models import Book

START = datetime(2026, 1, 1, tzinfo=UTC)


def library_config(path: Path, migrations: str = "tests.db.migrations") -> Config:
    return config_of(sqlite_url(path), migrations)


def config_of(url: str, migrations: str = "tests.db.migrations") -> Config:
    return tortoise_config(url, models="tests.db.models", migrations=migrations, app="library")


@dataclass(frozen=True)
class Library:
    """A database of the small world, on one of the kinds."""

    kind: str
    url: str
    path: Path

    def config(self, migrations: str = "tests.db.migrations") -> Config:
        return config_of(self.url, migrations)

    async def ask(self, sql: str) -> list[Any]:
        """What another process would see."""
        if self.kind == "sqlite":
            return ask(self.path, sql)
        other = await asyncpg.connect(self.url)
        try:
            return [tuple(row) for row in await other.fetch(sql)]
        finally:
            await other.close()

    async def tables(self) -> list[Any]:
        """The names of all that was made."""
        return await self.ask(
            "SELECT name FROM sqlite_master"
            if self.kind == "sqlite"
            else "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        )


def book(number: int, *, second: int | None = None, shelf: str = "s1") -> Book:
    """The book `number`, made in the second of the same number or in `second`."""
    made = START + timedelta(seconds=number if second is None else second)
    return Book(id=f"book_{number:06}", shelf_id=shelf, created_at=made)


def ask(path: Path, sql: str) -> list[Any]:
    """What another process would see."""
    with closing(sqlite3.connect(path)) as other:
        return other.execute(sql).fetchall()
