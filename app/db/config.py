"""From a database's URL to what Tortoise wants to know. The seam between engines: only here is one chosen."""

from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote, unquote

Config: TypeAlias = dict[str, Any]
APP = "pichub"
CONNECTION = "default"
MODELS = "app.models"
MIGRATIONS = "app.migrations"
SQLITE = "sqlite:///"
IN_MEMORY = ":memory:"


class UnsupportedDatabase(ValueError):
    """The URL is of a database that PicHub does not know. The text names what it knows, never a password."""


def sqlite_url(path: Path) -> str:
    """The URL of a SQLite file: three slashes and the path, so that an absolute path makes four."""
    return SQLITE + quote(str(path))


def tortoise_config(
    database_url: str, *, models: str = MODELS, migrations: str | None = MIGRATIONS, app: str = APP
) -> Config:
    """Tortoise's configuration for `sqlite:///relative/path`, `sqlite:////absolute/path` or `sqlite:///:memory:`.

    Raises UnsupportedDatabase.
    """
    module = {"models": [models], "default_connection": CONNECTION}
    return {
        "connections": {CONNECTION: _connection(database_url)},
        "apps": {app: module | ({"migrations": migrations} if migrations else {})},
        "use_tz": True,
        "timezone": "UTC",
    }


def _connection(url: str) -> Config:
    path = unquote(url.removeprefix(SQLITE))
    if not url.startswith(SQLITE) or not path or "?" in url or "#" in url:
        scheme = url.partition("://")[0]
        raise UnsupportedDatabase(
            f"A database URL must be sqlite:/// and the path of a file; this one begins with {scheme[:20]!r}"
        )
    return {"engine": "app.db.engine_sqlite", "credentials": {"file_path": path}}


def sqlite_path(config: Config) -> Path | None:
    """The database's file; None where it lives in memory."""
    path: str = config["connections"][CONNECTION]["credentials"]["file_path"]
    return None if path == IN_MEMORY else Path(path)


FOR_MAKING_MIGRATIONS = tortoise_config(SQLITE + IN_MEMORY)
"""For scripts/migration: models are compared with migrations, and no database is asked."""
