import asyncio
import fcntl
import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from tortoise.exceptions import IntegrityError, OperationalError

from app.db.lifecycle import database
from app.db.migrate import MigrationLocked, migrate
from tests.db.library import ask, book, library_config
from tests.db.models import Book, Shelf

ALL = ["0001_first", "0002_longer_labels"]
MIGRATE = """
import asyncio, sys
from pathlib import Path
from app.db.migrate import migrate
from tests.db.library import library_config
print(*asyncio.run(migrate(library_config(Path(sys.argv[1])))))
"""


async def test_the_names_of_what_was_applied_come_back_and_then_none(path: Path):
    config = library_config(path)
    assert await migrate(config) == ALL
    assert await migrate(config) == []
    async with database(config):
        await Shelf.create(id="s1", label="x" * 32)
        await book(1).save()
        assert (await Book.get(id="book_000001")).copies == 0


async def test_four_processes_that_start_at_once_migrate_once(path: Path):
    processes = await asyncio.gather(*(spawn(MIGRATE, str(path)) for _ in range(4)))
    outputs = [(await process.communicate())[0].decode().split() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0, 0]
    assert sorted(outputs) == [[], [], [], ALL]
    assert ask(path, "SELECT COUNT(*) FROM tortoise_migrations") == [(2,)]


async def test_a_table_made_anew_keeps_the_rows_that_point_at_it(path: Path):
    """DROP TABLE deletes the rows first, and a key with ON DELETE CASCADE would take the books along."""
    await migrate(library_config(path))
    async with database(library_config(path)):
        await Shelf.create(id="s1", label="first")
        await Book.bulk_create([book(number) for number in range(3)])
    ask_to_forget(path, "0002_longer_labels")
    assert await migrate(library_config(path)) == ["0002_longer_labels"]
    assert ask(path, "SELECT COUNT(*) FROM books") == [(3,)]


async def test_where_one_migration_fails_none_was_applied(path: Path):
    config = library_config(path, "tests.db.migrations_that_fail")
    for _ in range(2):
        with pytest.raises(OperationalError, match="NONSENSE"):
            await migrate(config)
        assert ask(path, "SELECT name FROM sqlite_master") == []


async def test_migrations_that_leave_a_row_pointing_at_nothing_are_not_applied(path: Path):
    with pytest.raises(IntegrityError, match="in: children"):
        await migrate(library_config(path, "tests.db.migrations_that_orphan"))
    assert ask(path, "SELECT name FROM sqlite_master") == []


async def test_a_lock_that_is_not_let_go_is_told(path: Path):
    with Path(f"{path}.lock").open("w") as file:  # noqa: ASYNC230
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(MigrationLocked, match=r"0\.05 seconds"):
            await migrate(library_config(path), patience=0.05)
    assert await migrate(library_config(path)) == ALL


async def test_a_cancelled_migration_lets_go_and_changes_nothing(path: Path):
    for steps in range(1, 40):
        task = asyncio.create_task(migrate(library_config(path)))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await migrate(library_config(path)) == ALL


async def spawn(program: str, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        program,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": "."},
    )


def ask_to_forget(path: Path, name: str) -> None:
    """As if the migration had not been applied yet."""
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("ALTER TABLE books DROP COLUMN copies")
        other.execute("DELETE FROM tortoise_migrations WHERE name = ?", [name])
