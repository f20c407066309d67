"""The one way in which the schema changes: Tortoise's migrations, by one process at a time, all or none."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from copy import deepcopy
from importlib.util import find_spec
from pathlib import Path

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.context import TortoiseContext
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from app.cancellation import in_thread
from app.db.config import CONNECTION, Config, sqlite_path
from app.filelock import Held, locked

PATIENCE = 60.0


class MigrationLocked(Exception):
    """Another process has been migrating this database for longer than was waited."""


async def migrate(config: Config, *, patience: float = PATIENCE) -> list[str]:
    """Brings the schema up to date; the names of the migrations that were applied, in order.

    Waits up to `patience` seconds for other processes that do the same. Raises MigrationLocked, and whatever a
    migration raises; then nothing is changed.
    """
    if await in_thread(_is_current, config):
        return []
    async with _alone(config, patience), TortoiseContext() as context:
        await context.init(_without_foreign_keys(config))
        async with in_transaction(CONNECTION) as transaction:
            applied = await _apply(transaction, config)
            await _check_foreign_keys(transaction)
    return applied


def _is_current(config: Config) -> bool:
    """Whether every migration has been applied: to ask so is a tenth of what it costs to load the migrator."""
    path = sqlite_path(config)
    if path is None or not path.exists():
        return False
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
        try:
            applied = set(database.execute("SELECT app, name FROM tortoise_migrations"))
        except sqlite3.OperationalError:  # no such table
            return False
    return all(
        (app, name) in applied
        for app, about in config["apps"].items()
        for name in _names(about["migrations"])
    )


def _names(package: str) -> list[str]:
    spec = find_spec(package)
    places = (spec and spec.submodule_search_locations) or []
    return [path.stem for place in places for path in Path(place).glob("[!_]*.py")]


@asynccontextmanager
async def _alone(config: Config, patience: float) -> AsyncIterator[None]:
    path = sqlite_path(config)
    if path is None:  # nobody else sees a database in memory
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        async with locked(path.with_name(f"{path.name}.lock"), patience=patience):
            yield
    except Held as error:
        raise MigrationLocked(str(error)) from error


def _without_foreign_keys(config: Config) -> Config:
    """Tortoise changes a table by dropping it for a new one: a key with ON DELETE CASCADE would empty its children."""
    config = deepcopy(config)
    config["connections"][CONNECTION]["credentials"]["foreign_keys"] = "OFF"
    return config


async def _apply(transaction: BaseDBAsyncClient, config: Config) -> list[str]:
    from tortoise.migrations.executor import MigrationExecutor

    applied: list[str] = []

    def note(event: str, _app: str, name: str) -> None:
        if event == "apply_done":
            applied.append(name)

    # The executor gets the transaction for its connection: its own way would record a migration after committing it.
    await MigrationExecutor(transaction, config["apps"]).migrate(direction="forward", progress=note)
    return applied


async def _check_foreign_keys(transaction: BaseDBAsyncClient) -> None:
    broken = await transaction.execute_query_dict("PRAGMA foreign_key_check")
    if broken:
        tables = ", ".join(sorted({row["table"] for row in broken}))
        raise IntegrityError(f"The migrations would leave rows that point at nothing, in: {tables}")
