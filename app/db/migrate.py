"""The one way in which the schema changes: Tortoise's migrations, by one process at a time, all or none."""

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
    """Another process has been migrating this database for longer than was waited."""


Check: TypeAlias = Callable[[BaseDBAsyncClient], Awaitable[None]]


class MigrationBackend(Protocol):
    """What migrations stand on: what differs between databases."""

    async def applied(self, config: Config) -> set[tuple[str, str]]:
        """(app, name) of each migration that was applied, cheaply asked; none where there is no database yet."""

    def lock(self, config: Config, patience: float) -> AbstractAsyncContextManager[Config]:
        """Around a migration: no other process migrates. Gives the configuration to do it with.

        Raises MigrationLocked.
        """

    async def prepare(self, transaction: BaseDBAsyncClient, patience: float) -> None:
        """First in the transaction that migrates. Raises MigrationLocked."""

    async def finalize(self, transaction: BaseDBAsyncClient) -> None:
        """Last in it. Raises IntegrityError where the migrations have left what must not be."""


async def migrate(config: Config, *, timeout: float = LOCK_TIMEOUT_SECONDS) -> list[str]:
    """Brings the schema up to date; the names of the migrations that were applied, in order.

    Waits up to `patience` seconds for other processes that do the same. Raises MigrationLocked, DatabaseUnreachable,
    and whatever a migration raises; then nothing is changed.
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
    """Whether every migration has been applied. Raises DatabaseUnreachable."""
    return _all_names(config) <= await _backend(config).applied(config)


def _backend(config: Config) -> MigrationBackend:
    ground: MigrationBackend = import_module(BACKENDS[config["connections"][CONNECTION]["engine"]]).GROUND
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

    # The executor gets the transaction for its connection: its own way would record a migration after committing it.
    executor = MigrationExecutor(transaction, config["apps"])
    # It looks for its table before it makes it, which PostgreSQL does not forgive inside of a transaction.
    await executor.recorder.ensure_schema(executor._schema_editor(atomic=False))  # noqa: SLF001
    await executor.migrate(direction="forward", progress=note)
    return applied
