"""Tortoise configuration from a database URL. The only place that chooses an engine."""

import os
import re
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

Config: TypeAlias = dict[str, Any]
APP = "pichub"
CONNECTION = "default"
MODELS = "app.models"
MIGRATIONS = "app.migrations"
SQLITE = "sqlite:///"
POSTGRES = ("postgres://", "postgresql://")
IN_MEMORY = ":memory:"

POOL_OPTIONS = {"minsize": 1, "maxsize": 10}
CONNECT_OPTIONS = {"timeout": 10, "command_timeout": 60, "statement_cache_size": 100}
"""Seconds to connect, seconds for a statement, and prepared statements per connection."""
MAX_POOL_SIZE = 10_000
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
SSL_FILES = ("sslrootcert", "sslcert", "sslkey", "sslcrl")
HOST = re.compile(r"(\[[^]]+]|[^:@#\[]*)(:\d+)?")


class UnsupportedDatabase(ValueError):
    """The URL names no supported database. The text lists the supported ones and never contains a password."""


def sqlite_url(path: Path) -> str:
    """Return the URL of a SQLite file: three slashes and the path, so four slashes for an absolute path."""
    return SQLITE + quote(str(path))


def tortoise_config(
    database_url: str, *, models: str = MODELS, migrations: str | None = MIGRATIONS, app: str = APP
) -> Config:
    """Return the configuration for a database URL:

    `sqlite:///relative/path`, `sqlite:////absolute/path`, `sqlite:///:memory:`
    `postgres://user:password@host:port/database`, with `?maxsize=20` and options of libpq such as `sslmode=require`

    Raises UnsupportedDatabase.
    """
    module = {"models": [models], "default_connection": CONNECTION}
    return {
        "connections": {CONNECTION: _connection(database_url)},
        "apps": {app: module | ({"migrations": migrations} if migrations else {})},
        "use_tz": True,
        "timezone": "UTC",
    }


def is_postgres(url: str) -> bool:
    return url.startswith(POSTGRES)


def redacted_url(url: str) -> str:
    """Return the URL without user, password and options."""
    if not is_postgres(url):
        return url
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _connection(url: str) -> Config:
    if is_postgres(url):
        return {"engine": "app.db.engine_asyncpg", "credentials": _credentials(url)}
    path = unquote(url.removeprefix(SQLITE))
    if not url.startswith(SQLITE) or not path or "?" in url or "#" in url:
        scheme = url.partition("://")[0]
        raise UnsupportedDatabase(
            "A database URL must be sqlite:/// and the path of a file, or postgres://user:password@host/database;"
            f" this one begins with {scheme[:20]!r}"
        )
    return {"engine": "app.db.engine_sqlite", "credentials": {"file_path": path}}


def _credentials(url: str) -> Config:
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    sign_in, _, hosts = parts.netloc.rpartition("@")
    if parts.fragment or "@" in sign_in or not all(map(HOST.fullmatch, hosts.split(","))):
        raise UnsupportedDatabase(
            "A postgres:// URL must be postgres://user:password@host:5432/database; in user and password write"
            " @ as %40, : as %3A, / as %2F, ? as %3F, # as %23 and % as %25"
        )
    if not parts.path.strip("/") and "dbname" not in options and "database" not in options:
        raise UnsupportedDatabase(
            "A postgres:// URL must name a database: postgres://user:password@host/database"
        )
    pool = {name: _integer_option(options, name, default, least=1) for name, default in POOL_OPTIONS.items()}
    if pool["minsize"] > pool["maxsize"]:
        raise UnsupportedDatabase("In a postgres:// URL minsize must not be more than maxsize")
    connecting: Config = {
        name: _integer_option(options, name, default, least=0) for name, default in CONNECT_OPTIONS.items()
    }
    connecting |= _tls(options)
    if "application_name" not in options:
        connecting["server_settings"] = {"application_name": "pichub"}
    dsn = parts._replace(scheme="postgresql", query=urlencode(options)).geturl()
    return {"dsn": dsn, **pool, "connecting": connecting}


def _tls(options: dict[str, str]) -> Config:
    """Return the TLS options for asyncpg. Files that they name must exist."""
    mode = options.get("sslmode", "verify-full")
    if mode not in SSL_MODES:
        raise UnsupportedDatabase(f"In a postgres:// URL sslmode must be one of {', '.join(SSL_MODES)}")
    if options.get("sslrootcert") == "system":
        if mode != "verify-full":
            raise UnsupportedDatabase("In a postgres:// URL sslrootcert=system needs sslmode=verify-full")
        for name in ("sslrootcert", "sslmode"):
            options.pop(name, None)
        return {"ssl": True}
    for name in SSL_FILES:
        if name in options and not os.access(options[name], os.R_OK):
            raise UnsupportedDatabase(
                f"In a postgres:// URL {name} must be a file that can be read; {options[name]!r} is not"
            )
    return {}


def _integer_option(options: dict[str, str], name: str, default: int, *, least: int) -> int:
    """Remove one of PicHub's options from the URL's: the rest follows libpq's rules."""
    text = options.pop(name, str(default))
    if not (text.isascii() and text.isdigit() and least <= int(text) <= MAX_POOL_SIZE):
        raise UnsupportedDatabase(
            f"In a postgres:// URL {name} must be an integer from {least} to {MAX_POOL_SIZE}"
        )
    return int(text)


def sqlite_path(config: Config) -> Path | None:
    """Return the path of the database file; None if there is no file."""
    path: str = config["connections"][CONNECTION]["credentials"].get("file_path", IN_MEMORY)
    return None if path == IN_MEMORY else Path(path)


MIGRATION_CONFIG = tortoise_config(SQLITE + IN_MEMORY)
"""For scripts/migration, which compares models with migrations without a database."""
