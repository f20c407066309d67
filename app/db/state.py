"""How the database is: whether it answers, whether its tables are those of this code, how busy its connections are."""

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
    """Raises NotReady where the tables are not up to date, and whatever the database raises."""
    missing = await missing_migrations()
    if missing:
        raise NotReady(f"{len(missing)} migrations are to come: run 'pichub migrate'")


async def missing_migrations() -> list[str]:
    """The migrations of this code that were not applied, in order."""
    rows = await _client().execute_query_dict("SELECT app, name FROM tortoise_migrations")
    applied = {row["name"] for row in rows if row["app"] == APP}
    return sorted({module.name for module in iter_modules(migrations.__path__)} - applied)


async def unknown_migrations() -> list[str]:
    """The migrations that were applied and that this code does not know: it is older than its tables."""
    rows = await _client().execute_query_dict("SELECT app, name FROM tortoise_migrations")
    ours = {module.name for module in iter_modules(migrations.__path__)}
    return sorted({row["name"] for row in rows if row["app"] == APP} - ours)


async def version() -> str:
    """Which database it is."""
    if _is_sqlite():
        (row,) = await _client().execute_query_dict("SELECT sqlite_version() AS version")
        return f"SQLite {row['version']}"
    (row,) = await _client().execute_query_dict("SHOW server_version")
    return f"PostgreSQL {row['server_version']}"


async def now() -> datetime:
    """What time it is there."""
    asked = JULIAN if _is_sqlite() else CLOCK
    (row,) = await _client().execute_query_dict(f"SELECT {asked} AS now")
    return datetime.fromtimestamp(float(row["now"]), UTC)


def in_use() -> int | None:
    """Connections that work for somebody now; None where the engine does not tell."""
    return getattr(_client(), "in_use", None)


def waiting() -> int | None:
    """How many wait for a connection; None where the engine does not tell."""
    return getattr(_client(), "waiting", None)


def _is_sqlite() -> bool:
    return bool(_client().capabilities.dialect == "sqlite")


def _client() -> Any:
    return get_connection(CONNECTION)
