import asyncio
import fcntl
import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest
from tortoise.exceptions import IntegrityError, OperationalError

from app.db.lifecycle import database
from app.db.locks import AdvisoryLock
from app.db.migrate import MigrationLocked, migrate
from tests.db.library import Library, book
from tests.db.models import Book, Shelf

ALL = ["0001_first", "0002_longer_labels"]
MIGRATE = """
import asyncio, sys
from app.db.migrate import migrate
from tests.db.library import library_config
print(*asyncio.run(migrate(library_config(sys.argv[1]))))
"""


async def test_migrate_returns_the_names_it_applied(library: Library):
    config = library.config()
    assert await migrate(config) == ALL
    assert await migrate(config) == []
    async with database(config):
        await Shelf.create(id="s1", label="x" * 32)
        await book(1).save()
        assert (await Book.get(id="book_000001")).copies == 0


async def test_four_concurrent_processes_migrate_once(library: Library):
    processes = await asyncio.gather(*(spawn(MIGRATE, library.url) for _ in range(4)))
    outputs = [(await process.communicate())[0].decode().split() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0, 0]
    assert sorted(outputs) == [[], [], [], ALL]
    assert await library.query("SELECT COUNT(*) FROM tortoise_migrations") == [(2,)]


@pytest.mark.parametrize("library", ["sqlite"], indirect=True)
async def test_recreating_a_table_keeps_rows_that_refer_to_it(library: Library):
    """DROP TABLE deletes its rows first, and ON DELETE CASCADE would delete the books."""
    await migrate(library.config())
    async with database(library.config()):
        await Shelf.create(id="s1", label="first")
        await Book.bulk_create([book(number) for number in range(3)])
    unapply(library.path, "0002_longer_labels")
    assert await migrate(library.config()) == ["0002_longer_labels"]
    assert await library.query("SELECT COUNT(*) FROM books") == [(3,)]


async def test_if_one_migration_fails_none_is_applied(library: Library):
    config = library.config("tests.db.migrations_that_fail")
    for _ in range(2):
        with pytest.raises(OperationalError, match="NONSENSE"):
            await migrate(config)
        assert await library.table_names() == []


@pytest.mark.parametrize("library", ["sqlite"], indirect=True)
async def test_migrations_that_break_a_foreign_key_are_not_applied(library: Library):
    with pytest.raises(IntegrityError, match="in: children"):
        await migrate(library.config("tests.db.migrations_that_orphan"))
    assert await library.table_names() == []


@pytest.mark.parametrize("library", ["sqlite"], indirect=True)
async def test_waiting_for_the_lock_file_times_out(library: Library):
    with Path(f"{library.path}.lock").open("w") as file:  # noqa: ASYNC230
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(MigrationLocked, match=r"0\.05 seconds"):
            await migrate(library.config(), timeout=0.05)
    assert await migrate(library.config()) == ALL


async def test_a_cancelled_migration_changes_nothing(library: Library):
    for steps in range(1, 40):
        task = asyncio.create_task(migrate(library.config()))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await migrate(library.config()) == ALL


async def spawn(program: str, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        program,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": "."},
    )


def unapply(path: Path, name: str) -> None:
    """Restore the state before the migration."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("ALTER TABLE books DROP COLUMN copies")
        connection.execute("DELETE FROM tortoise_migrations WHERE name = ?", [name])


@pytest.mark.parametrize("library", ["postgres"], indirect=True)
async def test_waiting_for_the_advisory_lock_times_out(library: Library):
    other = await asyncpg.connect(library.url)
    await other.execute("SELECT pg_advisory_lock($1)", AdvisoryLock.MIGRATIONS)
    with pytest.raises(MigrationLocked, match=r"0\.05 seconds"):
        await migrate(library.config(), timeout=0.05)
    await other.close()
    assert await migrate(library.config()) == ALL


@pytest.mark.parametrize("library", ["postgres"], indirect=True)
async def test_text_columns_have_the_c_collation(library: Library):
    await migrate(library.config())
    collations = "SELECT DISTINCT collation_name FROM information_schema.columns WHERE table_name = 'books'"
    assert set(await library.query(f"{collations} AND data_type LIKE '%char%'")) == {("C",)}
