"""Schema migrations with Tortoise, by one process at a time, all or none."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, TypeAlias

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.context import TortoiseContext
from tortoise.transactions import in_transaction

from app.db.config import CONNECTION, Config
from app.errors import Busy

LOCK_TIMEOUT_SECONDS = 60.0
BACKENDS = {
    "app.db.engine_sqlite": "app.db.migration_sqlite",
    "app.db.engine_asyncpg": "app.db.migration_postgres",
}


class MigrationLocked(Busy):
    """Another process has been migrating this database for longer than the timeout."""


Check: TypeAlias = Callable[[BaseDBAsyncClient], Awaitable[None]]


class MigrationBackend(Protocol):
    """Database-specific parts of a migration."""

    async def applied(self, config: Config) -> set[tuple[str, str]]:
        """Return (app, name) of each applied migration, cheaply; none if there is no database yet."""

    def lock(self, config: Config, patience: float) -> AbstractAsyncContextManager[Config]:
        """Exclude other migrating processes. Yields the configuration to migrate with.

        Raises MigrationLocked.
        """

    async def prepare(self, transaction: BaseDBAsyncClient, patience: float) -> None:
        """Run first in the migrating transaction. Raises MigrationLocked."""

    async def finalize(self, transaction: BaseDBAsyncClient) -> None:
        """Run last in the migrating transaction. Raises IntegrityError if the migrations left invalid data."""


async def migrate(config: Config, *, timeout: float = LOCK_TIMEOUT_SECONDS) -> list[str]:
    """Apply missing migrations and return their names in order.

    Waits up to `timeout` seconds for other migrating processes. Raises MigrationLocked, DatabaseUnreachable, and
    errors of a migration; then nothing is changed.
    """
    ground = _backend(config)
    if await is_current(config):
        return []
    async with ground.lock(config, timeout) as chosen, TortoiseContext() as context:
        await context.init(chosen)
        async with in_transaction(CONNECTION) as transaction:
            await ground.prepare(transaction, timeout)
            applied = await _apply(transaction, config)
            await ground.finalize(transaction)
    return applied


async def is_current(config: Config) -> bool:
    """Return True if every migration has been applied. Raises DatabaseUnreachable."""
    return _all_names(config) <= await _backend(config).applied(config)


def _backend(config: Config) -> MigrationBackend:
    ground: MigrationBackend = import_module(BACKENDS[config["connections"][CONNECTION]["engine"]]).BACKEND
    return ground


def _all_names(config: Config) -> set[tuple[str, str]]:
    return {(app, name) for app, about in config["apps"].items() for name in _names(about["migrations"])}


def _names(package: str) -> list[str]:
    spec = find_spec(package)
    places = (spec and spec.submodule_search_locations) or []
    return [path.stem for place in places for path in Path(place).glob("[!_]*.py")]


async def _apply(transaction: BaseDBAsyncClient, config: Config) -> list[str]:
    from tortoise.migrations.executor import MigrationExecutor

    applied: list[str] = []

    def note(event: str, _app: str, name: str) -> None:
        if event == "apply_done":
            applied.append(name)

    # The executor gets the transaction as its connection: by default it records a migration after committing it.
    executor = MigrationExecutor(transaction, config["apps"])
    # It queries its table before creating it, which fails within a transaction on PostgreSQL.
    await executor.recorder.ensure_schema(executor._schema_editor(atomic=False))  # noqa: SLF001
    await executor.migrate(direction="forward", progress=note)
    return applied
