"""On which database a test's houses stand. The rooms that work with rows are tested on each.

from tests.databases import database  # in a conftest: every test of the room runs once on each
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
FIRST: list[tuple[str, str]] = []
CLEAN: list[str] = []
"""Databases as after the first start, which no test has."""
REMEMBER = """
CREATE SCHEMA remembered;

CREATE FUNCTION remembered.shape() RETURNS bigint LANGUAGE sql AS $$
    SELECT (SELECT count(*) FROM pg_class) + (SELECT count(*) FROM pg_attribute) + (SELECT count(*) FROM pg_proc)
        + (SELECT count(*) FROM pg_trigger) + (SELECT count(*) FROM pg_constraint)
$$;

-- Brings back the rows of the first start; false where tables and such are not what they were, or somebody is at them.
CREATE FUNCTION remembered.restore() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    name text;
BEGIN
    IF remembered.shape() <> (SELECT known FROM remembered.form) OR EXISTS (
        SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
    ) THEN
        RETURN false;
    END IF;
    SET LOCAL session_replication_role = replica; -- no foreign key is looked at
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('DELETE FROM public.%1$I', name);
        EXECUTE format('INSERT INTO public.%1$I SELECT * FROM remembered.%1$I', name);
    END LOOP;
    RETURN true;
END $$;

DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('CREATE TABLE remembered.%1$I AS TABLE public.%1$I', name);
    END LOOP;
    CREATE TABLE remembered.form (known bigint);
    INSERT INTO remembered.form VALUES (0);
    UPDATE remembered.form SET known = remembered.shape();
END $$;
"""


class _Chosen:
    """The kind, and the databases that the houses of one test have, by their folders."""

    def __init__(self) -> None:
        self.kind = "sqlite"
        self.urls: dict[Path, str] = {}


CHOSEN = _Chosen()


@pytest.fixture(params=KINDS, autouse=True)
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """Runs the test on each database; those of PostgreSQL are as after the first start again, or gone, afterwards."""
    CHOSEN.kind = request.param
    yield request.param
    urls, CHOSEN.urls, CHOSEN.kind = CHOSEN.urls, {}, "sqlite"
    if urls:
        asyncio.run(_give_back(list(urls.values())))


async def url_for(folder: Path) -> str:
    """The database of the house in this folder: '' is the folder's own file. Houses that follow share it."""
    if CHOSEN.kind == "sqlite":
        return ""
    if folder not in CHOSEN.urls:
        template, _ = await _first_start()
        CHOSEN.urls[folder] = (
            CLEAN.pop() if CLEAN else await postgres.new_database(postgres.database_name(template))
        )
    return CHOSEN.urls[folder]


def environ() -> dict[str, str]:
    """The environment of a process that works on the database of the test's one house."""
    (url,) = CHOSEN.urls.values() or ("",)
    return {**os.environ, "PICHUB_DATABASE_URL": url}


async def first_token() -> str:
    """The token that the first start told of which these databases are copies."""
    return (await _first_start())[1]


async def _first_start() -> tuple[str, str]:
    if not FIRST:
        with TemporaryDirectory(prefix="pichub-first-") as folder:
            url = await postgres.new_database()
            first = await prepare(Settings(data_dir=Path(folder), database_url=url))
        assert first is not None
        await postgres.execute(REMEMBER, postgres.database_name(url))
        FIRST.append((url, first.token))
    return FIRST[0]


async def _give_back(urls: list[str]) -> None:
    """To make a database takes a quarter of a second, to bring back its rows some milliseconds."""
    for url in urls:
        connection = await asyncpg.connect(url)
        try:
            is_clean = await connection.fetchval("SELECT remembered.restore()")
        finally:
            await connection.close()
        if is_clean:
            CLEAN.append(url)
        else:
            await postgres.drop_database(url)


REFUSING = {
    "sqlite": "CREATE TRIGGER no BEFORE {what} ON {table} BEGIN SELECT RAISE(ABORT, '{why}'); END",
    "postgres": """
        CREATE FUNCTION no() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION '{why}'; END $$ LANGUAGE plpgsql;
        CREATE TRIGGER no BEFORE {what} ON {table} FOR EACH ROW EXECUTE FUNCTION no();
    """,
}


async def refuse(what: str, table: str, why: str) -> None:
    """From now on the database fails an INSERT, UPDATE or DELETE of the table."""
    await connections.get("default").execute_script(
        REFUSING[CHOSEN.kind].format(what=what, table=table, why=why)
    )
