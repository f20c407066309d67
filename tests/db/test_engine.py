# ruff: noqa: PT012  (the block that fails is a transaction)

import asyncio
import os
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from tortoise import Tortoise
from tortoise.exceptions import IntegrityError, OperationalError, TransactionManagementError
from tortoise.functions import Count
from tortoise.transactions import in_transaction

from app.db.config import sqlite_url
from app.db.engine_sqlite import READER_COUNT, SQLiteEngine
from app.db.lifecycle import database
from app.db.migrate import migrate
from app.errors import OutOfStorage
from tests.db.library import Library, book, library_config
from tests.db.models import Book, Shelf
from tests.statements import count_statements

READ_THEN_WRITE = """
import asyncio, sys
from tortoise.transactions import in_transaction
from app.db.lifecycle import database
from app.db.locks import lock_rows
from tests.db.library import library_config
from tests.db.models import Book
async def main():
    async with database(library_config(sys.argv[1])):
        for _ in range(int(sys.argv[2])):
            async with in_transaction():
                await lock_rows(Book.filter(id="book_000000"))
                book = await Book.get(id="book_000000")
                book.copies += 1
                await book.save()
asyncio.run(main())
"""


async def test_a_transaction_is_atomic(engine: Any, library: Library):
    with pytest.raises(LookupError):
        async with in_transaction():
            await book(0).save()
            raise LookupError
    assert await library.query("SELECT COUNT(*) FROM books") == [(0,)]
    async with in_transaction():
        await book(0).save()
        assert await library.query("SELECT COUNT(*) FROM books") == [(0,)]
        assert await Book.all().count() == 1
    assert await library.query("SELECT COUNT(*) FROM books") == [(1,)]


@pytest.mark.parametrize("library", ["sqlite"], indirect=True)
async def test_a_full_disk_raises_out_of_storage_and_rolls_back(engine: Any, library: Library):
    await engine.execute_script("PRAGMA max_page_count=1")  # the present number of pages
    with pytest.raises(OutOfStorage):
        async with in_transaction():
            for number in range(1000):
                await book(number).save()
    assert await library.query("SELECT COUNT(*) FROM books") == [(0,)]
    await engine.execute_script("PRAGMA max_page_count=1073741823")
    await book(0).save()
    assert await library.query("SELECT COUNT(*) FROM books") == [(1,)]


async def test_committed_rows_are_read_at_once(engine: Any):
    for number in range(100):
        await book(number).save()
        assert await Book.all().count() == number + 1


@pytest.mark.parametrize("library", ["sqlite"], indirect=True)
async def test_readers_do_not_wait_for_an_open_transaction(engine: Any):
    started, finish = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with in_transaction():
            await book(0).save()
            started.set()
            await finish.wait()

    holder = asyncio.create_task(hold())
    await started.wait()
    async with asyncio.timeout(30):
        counts = await asyncio.gather(*(Book.all().count() for _ in range(20)))
    assert not holder.done()
    assert set(counts) == {0}
    finish.set()
    await holder


async def test_three_processes_that_read_then_write_all_succeed(engine: Any, library: Library):
    await book(0).save()
    commands = [sys.executable, "-c", READ_THEN_WRITE, library.url, "100"]
    environment = {**os.environ, "PYTHONPATH": "."}
    processes = [await asyncio.create_subprocess_exec(*commands, env=environment) for _ in range(3)]
    assert await asyncio.gather(*(process.wait() for process in processes)) == [0, 0, 0]
    assert (await Book.get(id="book_000000")).copies == 300


async def test_a_nested_transaction_can_be_rolled_back_alone(engine: Any, library: Library):
    async with in_transaction():
        await book(0).save()
        with pytest.raises(LookupError):
            async with in_transaction():
                await book(1).save()
                async with in_transaction():
                    await book(2).save()
                raise LookupError
        async with in_transaction():
            await book(3).save()
    assert await library.query("SELECT id FROM books ORDER BY id") == [("book_000000",), ("book_000003",)]


async def test_tasks_may_share_a_transaction(engine: Any, library: Library):
    with pytest.raises(LookupError):
        async with in_transaction():
            await asyncio.gather(*(book(number).save() for number in range(10)))
            raise LookupError
    assert await library.query("SELECT COUNT(*) FROM books") == [(0,)]


async def test_a_task_can_not_use_a_transaction_that_has_ended(engine: Any, library: Library):
    ended = asyncio.Event()

    async def write_late() -> None:
        await ended.wait()
        await book(0).save()

    async with in_transaction():
        late = asyncio.create_task(write_late())
    async with in_transaction():
        ended.set()
        with pytest.raises(TransactionManagementError, match="has ended"):
            await late
    assert await library.query("SELECT COUNT(*) FROM books") == [(0,)]


@pytest.mark.parametrize("library", ["sqlite"], indirect=True)
async def test_a_transaction_that_sqlite_rolled_back_does_not_continue(engine: Any, library: Library):
    await book(0).save()
    with pytest.raises(OperationalError, match="was rolled back"):
        async with in_transaction() as transaction:
            await book(1).save()
            with pytest.raises(IntegrityError):
                await transaction.execute_query("INSERT OR ROLLBACK INTO books SELECT * FROM books")
            await book(2).save()
    assert await library.query("SELECT COUNT(*) FROM books") == [(1,)]


async def test_a_failed_commit_leaves_no_open_transaction(engine: Any, library: Library):
    await engine.execute_script(
        "CREATE TABLE loose (shelf VARCHAR(32) REFERENCES shelves (id) DEFERRABLE INITIALLY DEFERRED)"
    )
    with pytest.raises(IntegrityError):
        async with in_transaction() as transaction:
            await transaction.execute_insert("INSERT INTO loose VALUES ('nowhere')", [])
    await book(0).save()
    assert await library.query("SELECT (SELECT COUNT(*) FROM loose), (SELECT COUNT(*) FROM books)") == [
        (0, 1)
    ]


async def test_a_transaction_can_be_ended_explicitly(engine: Any, library: Library):
    async with in_transaction() as transaction:
        await book(0).save()
        await transaction.rollback()
    async with in_transaction() as transaction:
        await book(1).save()
        await transaction.commit()
        with pytest.raises(TransactionManagementError):
            await transaction.rollback()
    assert await library.query("SELECT id FROM books") == [("book_000001",)]


async def test_a_script_does_not_commit_its_transaction(engine: Any, library: Library):
    script = "CREATE TABLE a (t TEXT); -- a; b\nINSERT INTO a VALUES ('x;y');\n"
    with pytest.raises(LookupError):
        async with in_transaction() as transaction:
            await transaction.execute_script(script)
            raise LookupError
    await engine.execute_script(script)
    assert await library.query("SELECT t FROM a") == [("x;y",)]


async def test_bulk_create_is_atomic(engine: Any, library: Library):
    rows = [book(number) for number in (1, 2, 3, 2)]
    with pytest.raises(IntegrityError):
        await Book.bulk_create(rows)
    assert await library.query("SELECT COUNT(*) FROM books") == [(0,)]
    await Book.bulk_create(rows[:3])
    assert await library.query("SELECT COUNT(*) FROM books") == [(3,)]


async def test_affected_rows_do_not_include_cascades(engine: Any):
    await Book.bulk_create([book(number) for number in range(3)])
    assert await Book.filter(shelf_id="s1").update(copies=1) == 3
    assert await Book.filter(id="none").update(copies=1) == 0
    assert await Shelf.filter(id="s1").delete() == 1
    assert await Book.all().count() == 0


async def test_raw_statements_return_rows_and_counts(engine: Any):
    await book(0).save()
    update = (
        "WITH late AS (SELECT id FROM books) UPDATE books SET copies = 9 WHERE id IN (SELECT id FROM late)"
    )
    assert await engine.execute_query(update) == (1, [])
    returned = await engine.execute_query_dict(
        "UPDATE books SET copies = 8 WHERE copies = 9 RETURNING copies"
    )
    assert returned == [{"copies": 8}]
    assert await engine.execute_query_dict("WITH b AS (SELECT copies FROM books) SELECT * FROM b") == [
        {"copies": 8}
    ]
    grouped = await Book.annotate(number=Count("id")).group_by("shelf_id").values("shelf_id", "number")
    assert grouped == [{"shelf_id": "s1", "number": 1}]


@pytest.mark.parametrize("library", ["sqlite"], indirect=True)
async def test_reader_connections_can_not_write(engine: Any):
    """Statements are routed by their first word; SQLite enforces that readers only read."""
    assert await engine.execute_query_dict("SELECT query_only FROM pragma_query_only") == [{"query_only": 1}]


@pytest.mark.parametrize("library", ["sqlite"], indirect=True)
async def test_the_writer_has_the_configured_pragmas(engine: Any):
    async def pragma(name: str) -> object:
        rows = await engine.execute_query_dict(f"PRAGMA {name}")
        return next(iter(rows[0].values()))

    assert await pragma("journal_mode") == "wal"
    assert await pragma("synchronous") == 2  # FULL
    assert await pragma("foreign_keys") == 1
    assert await pragma("busy_timeout") == 5000


@pytest.mark.parametrize("library", ["sqlite"], indirect=True)
async def test_closing_leaves_no_thread_and_no_lock(library: Library):
    def threads() -> int:
        return sum(thread.name == "pichub-sqlite" for thread in threading.enumerate())

    await migrate(library.config())
    assert threads() == 0
    async with database(library.config()):
        assert await Shelf.all().count() == 0
        assert threads() == 1 + READER_COUNT
    assert threads() == 0
    assert not library.path.with_name(library.path.name + "-wal").exists()


@pytest.mark.parametrize("library", ["sqlite"], indirect=True)
async def test_closing_waits_for_a_statement_and_rolls_back(library: Library):
    await migrate(library.config())
    started = asyncio.Event()

    async def hold() -> None:
        async with in_transaction():
            await Shelf.create(id="s1", label="never")
            started.set()
            await asyncio.sleep(0.02)

    async with database(library.config()):
        holder = asyncio.create_task(hold())
        await started.wait()
    with pytest.raises((OperationalError, RuntimeError)):
        await holder
    assert await library.query("SELECT COUNT(*) FROM shelves") == [(0,)]


async def test_a_file_that_can_not_be_opened_fails_on_opening(tmp_path: Path):
    with pytest.raises(OperationalError, match=str(tmp_path)):
        async with database(library_config(sqlite_url(tmp_path))):
            pass
    assert Tortoise._inited is False


async def test_a_database_in_memory_works(engine_in_memory: SQLiteEngine):
    await Shelf.create(id="s1", label="first")
    async with in_transaction():
        await book(0).save()
        assert await Book.all().count() == 1
    with pytest.raises(LookupError):
        async with in_transaction():
            await book(1).save()
            raise LookupError
    assert [row.id for row in await Book.all()] == ["book_000000"]


async def test_statements_are_counted(engine: Any):
    with count_statements() as statements:
        async with in_transaction():
            await book(0).save()
        await Book.filter(id="book_000000").first()
    assert statements.count == 2
    assert statements.texts[0].startswith("INSERT")
    assert statements.texts[1].startswith("SELECT")
    await Book.all()
    assert statements.count == 2
