"""Tasks cancelled at any moment: changes stay atomic, and connections stay usable."""

# ruff: noqa: PT012  (the block that fails is a transaction)

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

ROUNDS = {"sqlite": (150, 0.004), "postgres": (40, 0.02)}
"""Number of rounds, and the maximum delay of a cancellation in seconds, by kind."""
ENDLESS_QUERY = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n"
numbers = count()


async def insert_pair_in_transaction() -> None:
    number = next(numbers)
    async with in_transaction():
        await book(number * 2).save()
        await book(number * 2 + 1).save()


async def insert_pair_in_nested_transaction() -> None:
    number = next(numbers)
    async with in_transaction():
        async with in_transaction():
            await book(number * 2).save()
        await Book.filter(shelf_id="s1").count()
        await book(number * 2 + 1).save()


async def insert_pair_in_one_statement() -> None:
    number = next(numbers)
    await Book.bulk_create([book(number * 2), book(number * 2 + 1)])


async def fail_in_transaction() -> None:
    number = next(numbers)
    try:
        async with in_transaction():
            await book(number * 2).save()
            raise LookupError  # noqa: TRY301
    except LookupError:
        pass


async def write_without_transaction() -> None:
    shelf = await Shelf.create(id=f"shelf_{next(numbers)}", label="one")
    await Shelf.filter(id=shelf.id).update(label="two")
    await shelf.delete()


async def read() -> None:
    await Book.all().limit(50)
    await Book.filter(shelf_id="s1").count()


ACTIONS = [
    insert_pair_in_transaction,
    insert_pair_in_nested_transaction,
    insert_pair_in_one_statement,
    fail_in_transaction,
    write_without_transaction,
    read,
]


@pytest.mark.parametrize("seed", range(5))
async def test_cancellation_at_any_moment(engine: Any, library: Library, seed: int):
    rng = random.Random(seed)
    done, (rounds, max_delay) = 0, ROUNDS[library.kind]
    for _ in range(rounds):
        tasks = [asyncio.create_task(rng.choice(ACTIONS)()) for _ in range(3)]
        await asyncio.gather(*(cancel_at_random(task, rng, max_delay) for task in tasks))
        done += sum(not task.cancelled() for task in tasks)
        assert is_idle(engine)
    assert rounds // 5 < done < rounds * 3  # some were completed and some were not
    halves = "SELECT COUNT(*) FROM books GROUP BY CAST(SUBSTR(id, 6) AS INT) / 2 HAVING COUNT(*) <> 2"
    assert await library.query(halves) == []
    await check_works(engine)


async def test_repeated_cancellation_as_by_anyio(engine: Any):
    for action in ACTIONS:
        for steps in range(12):
            task = asyncio.create_task(action())
            await yield_loop(steps)
            while not task.done():
                task.cancel()
                await asyncio.sleep(0)
            assert is_idle(engine)
    await check_works(engine)


async def test_acknowledged_writes_persist(engine: Any, library: Library):
    rng = random.Random(11)
    acknowledged = set()
    for number in range(100):
        task = asyncio.create_task(book(number).save())
        await cancel_at_random(task, rng, ROUNDS[library.kind][1])
        if not task.cancelled():
            acknowledged.add(f"book_{number:06}")
    assert acknowledged <= {id for (id,) in await library.query("SELECT id FROM books")}


async def test_an_endless_read_is_interrupted(engine: Any):
    for _ in range(READER_COUNT * 2):
        task = asyncio.create_task(engine.execute_query(ENDLESS_QUERY))
        await asyncio.sleep(0.02)
        began = time.perf_counter()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.perf_counter() - began < 5
    await check_works(engine)


@pytest.mark.parametrize("library", ["sqlite"], indirect=True)
async def test_a_task_that_waits_for_a_reader_can_be_cancelled(engine: Any):
    busy = [asyncio.create_task(engine.execute_query(ENDLESS_QUERY)) for _ in range(READER_COUNT)]
    await asyncio.sleep(0.02)
    waiting = asyncio.create_task(read())
    await asyncio.sleep(0)
    for task in (waiting, *busy):
        task.cancel()
    outcomes = await asyncio.gather(waiting, *busy, return_exceptions=True)
    assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)
    await check_works(engine)


async def test_a_timeout_in_a_nested_transaction_keeps_the_outer_one(engine: Any, library: Library):
    async with in_transaction():
        await book(0).save()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01), in_transaction():
                await book(1).save()
                await asyncio.sleep(1)
        await book(2).save()
    assert await library.query("SELECT id FROM books ORDER BY id") == [("book_000000",), ("book_000002",)]


@pytest.mark.parametrize("library", ["sqlite"], indirect=True)
async def test_cancellation_while_another_process_holds_the_database(engine: Any, library: Library):
    with closing(sqlite3.connect(library.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        task = asyncio.create_task(insert_pair_in_transaction())
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.sleep(0.05)
        other.execute("COMMIT")
    with pytest.raises(asyncio.CancelledError):
        await task
    assert is_idle(engine)
    await check_works(engine)


async def cancel_at_random(task: asyncio.Task[None], rng: random.Random, max_delay: float) -> None:
    """Cancel one to three times, possibly after the task has ended."""
    if rng.random() < 0.25:
        await asyncio.wait([task])
    for _ in range(rng.choice([1, 1, 2, 3])):
        if rng.random() < 0.5:
            await yield_loop(rng.randrange(12))
        else:
            await asyncio.sleep(rng.random() * max_delay)
        task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()


async def yield_loop(steps: int) -> None:
    for _ in range(steps):
        await asyncio.sleep(0)


def is_idle(engine: Any) -> bool:
    if not isinstance(engine, SQLiteEngine):
        return bool(engine.in_use == 0)
    return not engine.writing.locked() and engine.idle_readers == READER_COUNT


async def check_works(engine: Any) -> None:
    async with asyncio.timeout(20):
        before = await Book.all().count()
        await insert_pair_in_transaction()
        await insert_pair_in_one_statement()
        await write_without_transaction()
        counts = await asyncio.gather(*(Book.all().count() for _ in range(READER_COUNT * 3)))
        assert set(counts) == {before + 4}
    assert is_idle(engine)
