"""Run a package's tests once on each kind of database.

from tests.databases import database  # in the conftest of the package
"""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import pytest
from tortoise import connections

from app.lifespan import prepare
from app.settings import Settings
from scripts.fixtures.servers import postgres

KINDS = ("sqlite", "postgres")
FIRST_STARTS: list[tuple[str, str]] = []
CLEAN_URLS: list[str] = []
"""URLs of databases in the state after the first start, unused."""
CREATE_SNAPSHOT = """
CREATE SCHEMA snapshot;

CREATE FUNCTION snapshot.shape() RETURNS bigint LANGUAGE sql AS $$
    SELECT (SELECT count(*) FROM pg_class) + (SELECT count(*) FROM pg_attribute) + (SELECT count(*) FROM pg_proc)
        + (SELECT count(*) FROM pg_trigger) + (SELECT count(*) FROM pg_constraint)
$$;

-- Restore the rows of the first start. Return false if the schema has changed or the database is in use.
CREATE FUNCTION snapshot.restore() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    name text;
BEGIN
    IF snapshot.shape() <> (SELECT shape FROM snapshot.form) OR EXISTS (
        SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
    ) THEN
        RETURN false;
    END IF;
    SET LOCAL session_replication_role = replica; -- do not check foreign keys
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('DELETE FROM public.%1$I', name);
        EXECUTE format('INSERT INTO public.%1$I SELECT * FROM snapshot.%1$I', name);
    END LOOP;
    RETURN true;
END $$;

DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('CREATE TABLE snapshot.%1$I AS TABLE public.%1$I', name);
    END LOOP;
    CREATE TABLE snapshot.form (shape bigint);
    INSERT INTO snapshot.form VALUES (0);
    UPDATE snapshot.form SET shape = snapshot.shape();
END $$;
"""


class _CurrentDatabase:
    """The kind of database of the running test, and its URLs by data folder."""

    def __init__(self) -> None:
        self.kind = "sqlite"
        self.urls: dict[Path, str] = {}


CURRENT = _CurrentDatabase()


@pytest.fixture(params=KINDS, autouse=True)
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """Run the test on each kind. Afterwards, PostgreSQL databases are restored to the first start, or dropped."""
    CURRENT.kind = request.param
    yield request.param
    urls, CURRENT.urls, CURRENT.kind = CURRENT.urls, {}, "sqlite"
    if urls:
        asyncio.run(_recycle(list(urls.values())))


async def url_for(folder: Path) -> str:
    """Return the database URL for a data folder; '' means the SQLite file in it. Servers of one folder share it."""
    if CURRENT.kind == "sqlite":
        return ""
    if folder not in CURRENT.urls:
        template, _ = await _first_start()
        CURRENT.urls[folder] = (
            CLEAN_URLS.pop() if CLEAN_URLS else await postgres.new_database(postgres.database_name(template))
        )
    return CURRENT.urls[folder]


def environment() -> dict[str, str]:
    """Return the environment for a process that works on the only database of the test."""
    (url,) = CURRENT.urls.values() or ("",)
    return {**os.environ, "PICHUB_DATABASE_URL": url}


async def first_token() -> str:
    """Return the API token that the first start printed; all copies have it."""
    return (await _first_start())[1]


async def _first_start() -> tuple[str, str]:
    if not FIRST_STARTS:
        with TemporaryDirectory(prefix="pichub-first-") as folder:
            url = await postgres.new_database()
            first = await prepare(Settings(data_dir=Path(folder), database_url=url))
        assert first is not None
        await postgres.execute(CREATE_SNAPSHOT, postgres.database_name(url))
        FIRST_STARTS.append((url, first.token))
    return FIRST_STARTS[0]


async def _recycle(urls: list[str]) -> None:
    """Restore the databases: creating one takes a quarter of a second, restoring its rows some milliseconds."""
    for url in urls:
        connection = await asyncpg.connect(url)
        try:
            is_clean = await connection.fetchval("SELECT snapshot.restore()")
        finally:
            await connection.close()
        if is_clean:
            CLEAN_URLS.append(url)
        else:
            await postgres.drop_database(url)


FAILING_TRIGGERS = {
    "sqlite": "CREATE TRIGGER no BEFORE {operation} ON {table} BEGIN SELECT RAISE(ABORT, '{message}'); END",
    "postgres": """
        CREATE FUNCTION no() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION '{message}'; END $$ LANGUAGE plpgsql;
        CREATE TRIGGER no BEFORE {operation} ON {table} FOR EACH ROW EXECUTE FUNCTION no();
    """,
}


async def fail_statements(operation: str, table: str, message: str) -> None:
    """Make every INSERT, UPDATE or DELETE of a table fail with this message."""
    await connections.get("default").execute_script(
        FAILING_TRIGGERS[CURRENT.kind].format(operation=operation, table=table, message=message)
    )
