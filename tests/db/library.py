"""How the tests of this room name their database, make its rows, and look at it from outside."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from app.db.config import Config, sqlite_url, tortoise_config
from tests.db.models import Book

START = datetime(2026, 1, 1, tzinfo=UTC)


def library_config(path: Path, migrations: str = "tests.db.migrations") -> Config:
    return tortoise_config(sqlite_url(path), models="tests.db.models", migrations=migrations, app="library")


def book(number: int, *, second: int | None = None, shelf: str = "s1") -> Book:
    """The book `number`, made in the second of the same number or in `second`."""
    made = START + timedelta(seconds=number if second is None else second)
    return Book(id=f"book_{number:06}", shelf_id=shelf, created_at=made)


def ask(path: Path, sql: str) -> list[Any]:
    """What another process would see."""
    with closing(sqlite3.connect(path)) as other:
        return other.execute(sql).fetchall()
