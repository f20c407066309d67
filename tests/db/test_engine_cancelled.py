"""A task is cancelled wherever it happens to be: nothing is half done, and nothing is lost to those that come after."""

# ruff: noqa: PT012  (what fails is a transaction, and that is a block)

import asyncio
import random
import sqlite3
import time
from contextlib import closing
from itertools import count
from typing import Any

import pytest
from tortoise.transactions import in_transaction

from app.db.engine_sqlite import READER_COUNT, SQLiteEngine
from tests.db.library import Library, book
from tests.db.models import Book, Shelf

PACES = {"sqlite": (150, 0.004), "postgres": (40, 0.02)}
"""Rounds, and the seconds after which the last are cancelled."""
HOURS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n"
numbers = count()


async def pair_in_a_transaction() -> None:
    number = next(numbers)
    async with in_transaction():
        await book(number * 2).save()
        await book(number * 2 + 1).save()


async def pair_in_a_nested_transaction() -> None:
    number = next(numbers)
    async with in_transaction():
        async with in_transaction():
            await book(number * 2).save()
        await Book.filter(shelf_id="s1").count()
        await book(number * 2 + 1).save()


async def pair_in_one_statement() -> None:
    number = next(numbers)
    await Book.bulk_create([book(number * 2), book(number * 2 + 1)])


async def failing_transaction() -> None:
    number = next(numbers)
    try:
        async with in_transaction():
            await book(number * 2).save()
            raise LookupError  # noqa: TRY301
    except LookupError:
        pass


async def autocommit() -> None:
    shelf = await Shelf.create(id=f"shelf_{next(numbers)}", label="one")
    await Shelf.filter(id=shelf.id).update(label="two")
    await shelf.delete()


async def reads() -> None:
    await Book.all().limit(50)
    await Book.filter(shelf_id="s1").count()


ACTIONS = [
    pair_in_a_transaction,
    pair_in_a_nested_transaction,
    pair_in_one_statement,
    failing_transaction,
    autocommit,
    reads,
]


@pytest.mark.parametrize("seed", range(5))
async def test_cancelled_anywhere(engine: Any, library: Library, seed: int):
    chance = random.Random(seed)
    done, (rounds, longest) = 0, PACES[library.kind]
    for _ in range(rounds):
        tasks = [asyncio.create_task(chance.choice(ACTIONS)()) for _ in range(3)]
        await asyncio.gather(*(cancel_sometime(task, chance, longest) for task in tasks))
        done += sum(not task.cancelled() for task in tasks)
        assert is_at_rest(engine)
    assert rounds // 5 < done < rounds * 3  # some got through and some did not
    halves = "SELECT COUNT(*) FROM books GROUP BY CAST(SUBSTR(id, 6) AS INT) / 2 HAVING COUNT(*) <> 2"
    assert await library.ask(halves) == []
    await everything_works(engine)


async def test_cancelled_without_pause_as_anyio_does(engine: Any):
    for action in ACTIONS:
        for steps in range(12):
            task = asyncio.create_task(action())
            await pause(steps)
            while not task.done():
                task.cancel()
                await asyncio.sleep(0)
            assert is_at_rest(engine)
    await everything_works(engine)


async def test_what_was_acknowledged_is_there(engine: Any, library: Library):
    chance = random.Random(11)
    acknowledged = set()
    for number in range(100):
        task = asyncio.create_task(book(number).save())
        await cancel_sometime(task, chance, PACES[library.kind][1])
        if not task.cancelled():
            acknowledged.add(f"book_{number:06}")
    assert acknowledged <= {id for (id,) in await library.ask("SELECT id FROM books")}


async def test_a_read_that_would_never_end_is_broken_off(engine: Any):
    for _ in range(READER_COUNT * 2):
        task = asyncio.create_task(engine.execute_query(HOURS))
        await asyncio.sleep(0.02)
        began = time.perf_counter()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.perf_counter() - began < 5
    await everything_works(engine)


@pytest.mark.parametrize("library", ["sqlite"], indirect=True)
async def test_a_task_that_waits_for_a_reader_can_be_cancelled(engine: Any):
    busy = [asyncio.create_task(engine.execute_query(HOURS)) for _ in range(READER_COUNT)]
    await asyncio.sleep(0.02)
    waiting = asyncio.create_task(reads())
    await asyncio.sleep(0)
    for task in (waiting, *busy):
        task.cancel()
    outcomes = await asyncio.gather(waiting, *busy, return_exceptions=True)
    assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)
    await everything_works(engine)


async def test_a_deadline_inside_a_transaction_leaves_the_transaction_whole(engine: Any, library: Library):
    async with in_transaction():
        await book(0).save()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01), in_transaction():
                await book(1).save()
                await asyncio.sleep(1)
        await book(2).save()
    assert await library.ask("SELECT id FROM books ORDER BY id") == [("book_000000",), ("book_000002",)]


@pytest.mark.parametrize("library", ["sqlite"], indirect=True)
async def test_cancelled_while_another_process_holds_the_database(engine: Any, library: Library):
    with closing(sqlite3.connect(library.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        task = asyncio.create_task(pair_in_a_transaction())
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.sleep(0.05)
        other.execute("COMMIT")
    with pytest.raises(asyncio.CancelledError):
        await task
    assert is_at_rest(engine)
    await everything_works(engine)


async def cancel_sometime(task: asyncio.Task[None], chance: random.Random, longest: float) -> None:
    """Once, or once more while it is on its way out, or too late."""
    if chance.random() < 0.25:
        await asyncio.wait([task])
    for _ in range(chance.choice([1, 1, 2, 3])):
        if chance.random() < 0.5:
            await pause(chance.randrange(12))
        else:
            await asyncio.sleep(chance.random() * longest)
        task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()


async def pause(steps: int) -> None:
    for _ in range(steps):
        await asyncio.sleep(0)


def is_at_rest(engine: Any) -> bool:
    if not isinstance(engine, SQLiteEngine):
        return bool(engine.in_use == 0)
    return not engine.writing.locked() and engine.idle_readers == READER_COUNT


async def everything_works(engine: Any) -> None:
    async with asyncio.timeout(20):
        before = await Book.all().count()
        await pair_in_a_transaction()
        await pair_in_one_statement()
        await autocommit()
        counts = await asyncio.gather(*(Book.all().count() for _ in range(READER_COUNT * 3)))
        assert set(counts) == {before + 4}
    assert is_at_rest(engine)
