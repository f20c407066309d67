"""State of the database: reachable, up to date, and how busy."""

from datetime import UTC, datetime
from pkgutil import iter_modules
from typing import Any

from tortoise.connection import get_connection

from app import migrations
from app.db.config import APP, CONNECTION
from app.observability.health import NotReady

CLOCK = "extract(epoch FROM clock_timestamp())"
JULIAN = "(julianday('now') - 2440587.5) * 86400"


async def check() -> None:
    """Check the database. Raises NotReady if migrations are missing, and errors of the database."""
    missing = await missing_migrations()
    if missing:
        raise NotReady(f"{len(missing)} migrations are to come: run 'pichub migrate'")


async def missing_migrations() -> list[str]:
    """Return the migrations of this code that have not been applied, in order."""
    rows = await _client().execute_query_dict("SELECT app, name FROM tortoise_migrations")
    applied = {row["name"] for row in rows if row["app"] == APP}
    return sorted({module.name for module in iter_modules(migrations.__path__)} - applied)


async def unknown_migrations() -> list[str]:
    """Return applied migrations that this code does not know: it is older than the database."""
    rows = await _client().execute_query_dict("SELECT app, name FROM tortoise_migrations")
    ours = {module.name for module in iter_modules(migrations.__path__)}
    return sorted({row["name"] for row in rows if row["app"] == APP} - ours)


async def version() -> str:
    """Return the database's name and version."""
    if _is_sqlite():
        (row,) = await _client().execute_query_dict("SELECT sqlite_version() AS version")
        return f"SQLite {row['version']}"
    (row,) = await _client().execute_query_dict("SHOW server_version")
    return f"PostgreSQL {row['server_version']}"


async def now() -> datetime:
    """Return the database's time."""
    asked = JULIAN if _is_sqlite() else CLOCK
    (row,) = await _client().execute_query_dict(f"SELECT {asked} AS now")
    return datetime.fromtimestamp(float(row["now"]), UTC)


def in_use() -> int | None:
    """Return the number of connections in use; None if the engine does not tell."""
    return getattr(_client(), "in_use", None)


def waiting() -> int | None:
    """Return the number of tasks waiting for a connection; None if the engine does not tell."""
    return getattr(_client(), "waiting", None)


def _is_sqlite() -> bool:
    return bool(_client().capabilities.dialect == "sqlite")


def _client() -> Any:
    return get_connection(CONNECTION)
