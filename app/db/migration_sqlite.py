"""Migration backend for SQLite."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from copy import deepcopy

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import IntegrityError

from app.cancellation import in_thread
from app.coordination.file_lock import LockTimeout, file_lock
from app.db.config import CONNECTION, Config, sqlite_path
from app.db.migrate import MigrationLocked


class SQLiteMigrations:
    async def applied(self, config: Config) -> set[tuple[str, str]]:
        """Reads the table directly, ten times as fast as loading the migrator."""
        return await in_thread(_applied, config)

    @asynccontextmanager
    async def lock(self, config: Config, patience: float) -> AsyncIterator[Config]:
        path = sqlite_path(config)
        if path is None:  # an in-memory database is private
            yield _without_foreign_keys(config)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            async with file_lock(path.with_name(f"{path.name}.lock"), timeout=patience):
                yield _without_foreign_keys(config)
        except LockTimeout as error:
            raise MigrationLocked(str(error)) from error

    async def prepare(self, transaction: BaseDBAsyncClient, patience: float) -> None:
        """Does nothing: the file lock is enough."""

    async def finalize(self, transaction: BaseDBAsyncClient) -> None:
        broken = await transaction.execute_query_dict("PRAGMA foreign_key_check")
        if broken:
            tables = ", ".join(sorted({row["table"] for row in broken}))
            raise IntegrityError(f"The migrations would leave rows that point at nothing, in: {tables}")


BACKEND = SQLiteMigrations()


def _applied(config: Config) -> set[tuple[str, str]]:
    path = sqlite_path(config)
    if path is None or not path.exists():
        return set()
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
        try:
            return set(database.execute("SELECT app, name FROM tortoise_migrations"))
        except sqlite3.OperationalError:  # no such table
            return set()


def _without_foreign_keys(config: Config) -> Config:
    """Tortoise alters a table by replacing it: a foreign key with ON DELETE CASCADE would empty its children."""
    config = deepcopy(config)
    config["connections"][CONNECTION]["credentials"]["foreign_keys"] = "OFF"
    return config
