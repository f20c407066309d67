"""Migration backend for PostgreSQL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import deepcopy

from tortoise.backends.base.client import BaseDBAsyncClient

from app.db.config import CONNECTION, Config
from app.db.engine_asyncpg import PostgresEngine
from app.db.locks import AdvisoryLock, advisory_lock
from app.db.migrate import MigrationLocked
from app.errors import Busy, DatabaseUnreachable

TEXT_COLUMNS = """
SELECT format('ALTER TABLE %I ', c.relname) || string_agg(
    format('ALTER COLUMN %I TYPE %s COLLATE "C"', a.attname, format_type(a.atttypid, a.atttypmod)), ', '
) AS change
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
AND a.attcollation <> 0 AND a.attcollation <> '"C"'::regcollation
GROUP BY c.relname
"""


JSON_COLUMNS = """
SELECT format('ALTER TABLE %I ', table_name) || string_agg(
    format('ALTER COLUMN %I TYPE json USING %I::json', column_name, column_name), ', '
) AS change
FROM information_schema.columns WHERE table_schema = current_schema() AND data_type = 'jsonb' GROUP BY table_name
"""


class PostgresMigrations:
    async def applied(self, config: Config) -> set[tuple[str, str]]:
        """Uses one connection and two statements."""
        engine = PostgresEngine(**_single_connection(config), connection_name=CONNECTION)
        try:
            if not (await engine.execute_query_dict("SELECT to_regclass('tortoise_migrations') AS there"))[0][
                "there"
            ]:
                return set()
            rows = await engine.execute_query_dict("SELECT app, name FROM tortoise_migrations")
        finally:
            await engine.close()
        return {(row["app"], row["name"]) for row in rows}

    @asynccontextmanager
    async def lock(self, config: Config, patience: float) -> AsyncIterator[Config]:  # noqa: ARG002
        """The transaction takes the lock itself, and releases it at its end."""
        config = deepcopy(config)
        config["connections"][CONNECTION]["credentials"] = _single_connection(config)
        yield config

    async def prepare(self, transaction: BaseDBAsyncClient, patience: float) -> None:
        await transaction.execute_script(f"SET LOCAL lock_timeout = {round(patience * 1000)}")
        try:
            await advisory_lock(transaction, AdvisoryLock.MIGRATIONS)
        except DatabaseUnreachable:
            raise
        except Busy as error:
            raise MigrationLocked(
                f"Another process has been migrating the database for {patience:g} seconds"
            ) from error

    async def finalize(self, transaction: BaseDBAsyncClient) -> None:
        """Adjust columns to behave as in SQLite.

        Text compares by code point, whatever the server's locale: ids and lists depend on it. JSON keeps the order
        of its keys.
        """
        for changes in (TEXT_COLUMNS, JSON_COLUMNS):
            for row in await transaction.execute_query_dict(changes):
                await transaction.execute_script(row["change"])


BACKEND = PostgresMigrations()


def _single_connection(config: Config) -> Config:
    """Return a configuration with one connection and no statement timeout."""
    credentials: Config = deepcopy(config["connections"][CONNECTION]["credentials"])
    return credentials | {
        "minsize": 1,
        "maxsize": 1,
        "connecting": credentials["connecting"] | {"command_timeout": None},
    }
