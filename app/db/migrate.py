"""The one way in which the schema changes: Tortoise's migrations, by one process at a time, all or none."""

import asyncio
import fcntl
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from copy import deepcopy
from pathlib import Path
from typing import IO, Any

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.context import TortoiseContext
from tortoise.exceptions import IntegrityError
from tortoise.migrations.executor import MigrationExecutor
from tortoise.transactions import in_transaction

from app.db.config import CONNECTION, Config, sqlite_path

PATIENCE = 60.0
POLL_INTERVAL = 0.02


class MigrationLocked(Exception):
    """Another process has been migrating this database for longer than was waited."""


async def migrate(config: Config, *, patience: float = PATIENCE) -> list[str]:
    """Brings the schema up to date; the names of the migrations that were applied, in order.

    Waits up to `patience` seconds for other processes that do the same. Raises MigrationLocked, and whatever a
    migration raises; then nothing is changed.
    """
    async with _locked(config, patience), TortoiseContext() as context:
        await context.init(_without_foreign_keys(config))
        async with in_transaction(CONNECTION) as transaction:
            applied = await _apply(transaction, config)
            await _check_foreign_keys(transaction)
    return applied


def _locked(config: Config, patience: float) -> AbstractAsyncContextManager[None]:
    path = sqlite_path(config)
    return _lock_file(Path(f"{path}.lock"), patience) if path else nullcontext()


@asynccontextmanager
async def _lock_file(path: Path, patience: float) -> AsyncIterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:  # stays afterwards: who deletes a lock file may delete another's lock
        await _lock(file, patience)
        yield


async def _lock(file: IO[Any], patience: float) -> None:
    """Locks until the file is closed, which the system does for a process that dies. Raises MigrationLocked."""
    try:
        async with asyncio.timeout(patience):
            while not _try_lock(file):  # noqa: ASYNC110  (another process does not set events)
                await asyncio.sleep(POLL_INTERVAL)
    except TimeoutError as error:
        raise MigrationLocked(f"{file.name} was held by another process for {patience:g} seconds") from error


def _try_lock(file: IO[Any]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _without_foreign_keys(config: Config) -> Config:
    """Tortoise changes a table by dropping it for a new one: a key with ON DELETE CASCADE would empty its children."""
    config = deepcopy(config)
    config["connections"][CONNECTION]["credentials"]["foreign_keys"] = "OFF"
    return config


async def _apply(transaction: BaseDBAsyncClient, config: Config) -> list[str]:
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
