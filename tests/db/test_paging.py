import random
import time
from datetime import UTC, timedelta
from typing import Any

import pytest
from tortoise.queryset import QuerySet

from app.db.paging import by_cursor, by_number
from app.pagination import Cursor, Direction, NumberedRequest, Page, PageRequest
from tests.db.library import START, book
from tests.db.models import Book, Shelf
from tests.statements import count_statements

BOOK_COUNT = 100_000


async def create_books(rng: random.Random, number: int) -> list[str]:
    """Create books on two shelves, several in the same second. Return the ids of the first shelf in order."""
    await Shelf.get_or_create(id="s2", defaults={"label": "second"})
    books = [book(index, second=rng.randrange(1 + number // 3)) for index in range(number)]
    await Book.bulk_create(books)
    await Book.bulk_create([book(900_000 + index, shelf="s2") for index in range(number)])
    return [row.id for row in sorted(books, key=lambda row: (row.created_at, row.id))]


def books_of_shelf() -> QuerySet[Book]:
    return Book.filter(shelf_id="s1")


def ids(page: Page[Book]) -> list[str]:
    return [row.id for row in page.items]


async def walk(direction: Direction, size: int, *, backward: bool) -> list[str]:
    """Return all ids in the list's order, by following the cursors."""
    found: list[str] = []
    request = PageRequest(size, backward=backward)
    while True:
        page = await by_cursor(books_of_shelf(), request, direction)
        found = ids(page) + found if backward else found + ids(page)
        more = await (page.has_previous() if backward else page.has_next())
        assert await (page.has_next() if backward else page.has_previous()) == (len(found) > len(page.items))
        if not more:
            return found
        assert len(page.items) == size
        request = next_request(page, size, backward=backward)


def next_request(page: Page[Book], size: int, *, backward: bool) -> PageRequest:
    if backward:
        return PageRequest(size, before=page.cursor_of(page.items[0]), backward=True)
    return PageRequest(size, after=page.cursor_of(page.items[-1]))


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("backward", [False, True])
async def test_following_cursors_returns_each_row_once_in_order(
    engine: Any, direction: Direction, backward: bool
):
    rng = random.Random(1)
    for number in (0, 1, 7, 40):
        await Book.all().delete()
        expected = await create_books(rng, number)
        if direction is Direction.NEWEST_FIRST:
            expected.reverse()
        for size in (1, 3, 7, 40, 50):
            assert await walk(direction, size, backward=backward) == expected


@pytest.mark.parametrize("seed", range(6))
async def test_concurrent_changes_neither_repeat_nor_skip_rows(engine: Any, seed: int):
    rng = random.Random(seed)
    direction, backward = rng.choice(list(Direction)), rng.random() < 0.5
    initial = set(await create_books(rng, 60))
    deleted: set[str] = set()
    found: list[str] = []
    request = PageRequest(5, backward=backward)
    for step in range(100):
        page = await by_cursor(books_of_shelf(), request, direction)
        found += ids(page)
        if not page.items:
            break
        request = next_request(page, 5, backward=backward)
        victims = [*rng.sample(sorted(initial), 2), page.items[-1].id]  # including the cursor's row
        await Book.filter(id__in=victims).delete()
        deleted.update(victims)
        await book(500_000 + step, second=rng.randrange(20)).save()
    assert len(found) == len(set(found))
    assert initial - deleted <= set(found)


@pytest.mark.parametrize("direction", Direction)
async def test_bounds_hold_in_both_directions(engine: Any, direction: Direction):
    listed = await create_books(random.Random(2), 30)
    if direction is Direction.NEWEST_FIRST:
        listed.reverse()
    page = await by_cursor(books_of_shelf(), PageRequest(100), direction)
    cursors = [page.cursor_of(row) for row in page.items]
    for low, high in ((0, 29), (3, 12), (12, 13), (5, 6), (20, 4)):
        between = listed[low + 1 : high]
        for backward in (False, True):
            request = PageRequest(4, after=cursors[low], before=cursors[high], backward=backward)
            page = await by_cursor(books_of_shelf(), request, direction)
            assert ids(page) == (between[-4:] if backward else between[:4])
            assert await page.has_next()
            assert await page.has_previous()
            assert await page.total() == 30


async def test_a_page_is_one_statement(engine: Any):
    await create_books(random.Random(3), 30)
    with count_statements() as statements:
        page = await by_cursor(books_of_shelf(), PageRequest(10))
        assert await page.has_next()
        assert not await page.has_previous()
    assert statements.count == 1
    with count_statements() as statements:
        page = await by_cursor(books_of_shelf(), PageRequest(10, after=page.cursor_of(page.items[-1])))
        assert await page.has_previous()
    assert statements.count == 2
    with count_statements() as statements:
        assert await page.total() == 30
    assert statements.count == 1


async def test_numbered_pages_partition_the_list(engine: Any):
    listed = (await create_books(random.Random(4), 25))[::-1]
    pages = [await by_number(books_of_shelf(), NumberedRequest(number, 10)) for number in (1, 2, 3)]
    assert [row.id for page in pages for row in page.items] == listed
    assert {page.total for page in pages} == {25}
    assert pages[0].last_page == 3
    oldest = await by_number(books_of_shelf(), NumberedRequest(1, 1), Direction.OLDEST_FIRST)
    assert oldest.items[0].id == listed[-1]


async def test_a_page_beyond_the_last_is_empty(engine: Any):
    await create_books(random.Random(5), 3)
    with count_statements() as statements:
        page = await by_number(books_of_shelf(), NumberedRequest(10**30, 100))
    assert (list(page.items), page.total, statements.count) == ([], 3, 1)


@pytest.mark.parametrize("library", ["sqlite"], indirect=True)
async def test_pages_are_read_from_the_index(engine: Any):
    """The plan has no sorting and seeks the first row; a deep page takes as long as the first."""
    for start in range(0, BOOK_COUNT, BOOK_COUNT // 4):
        await Book.bulk_create([book(number) for number in range(start, start + BOOK_COUNT // 4)])
    deep = Cursor(START + timedelta(seconds=50), f"book_{50:06}")
    for direction in Direction:
        for request in (PageRequest(), PageRequest(after=deep), PageRequest(before=deep, backward=True)):
            with count_statements() as statements:
                page = await by_cursor(books_of_shelf(), request, direction)
                await page.has_next()
                await page.has_previous()
            for sql in statements.texts:
                await assert_index_only_order(engine, sql)
    first, deepest = await fastest(PageRequest()), await fastest(PageRequest(after=deep))
    assert deepest < first * 3 + 0.002


async def assert_index_only_order(engine: Any, sql: str) -> None:
    values: list[Any] = ["s1"] + ["2026-01-01 00:00:50+00:00"] * (sql.count("?") - 1)
    plan = [row["detail"] for row in await engine.execute_query_dict(f"EXPLAIN QUERY PLAN {sql}", values)]
    assert len(plan) == 1
    assert "USING" in plan[0]
    assert "INDEX" in plan[0]
    assert "shelf_id=?" in plan[0]
    assert ("created_at" in plan[0]) == ('created_at"<' in sql or 'created_at">' in sql), plan


async def fastest(request: PageRequest) -> float:
    """Return the shortest time for this page, in seconds."""

    async def once() -> float:
        began = time.perf_counter()
        await by_cursor(books_of_shelf(), request)
        return time.perf_counter() - began

    return min([await once() for _ in range(20)])


async def test_times_with_and_without_microseconds_are_ordered(engine: Any):
    """SQLite compares times as text, which may or may not have microseconds. All are in UTC."""
    second = timedelta(seconds=1)
    times = [START, START + second / 2, START + second, START + second * 1.25]
    for number, moment in enumerate(times):
        await Book.create(id=f"book_{number:06}", shelf_id="s1", created_at=moment)
    assert await walk(Direction.OLDEST_FIRST, 1, backward=False) == [
        f"book_{number:06}" for number in range(4)
    ]
    page = await by_cursor(books_of_shelf(), PageRequest(1))
    assert page.cursor_of(page.items[0]).key.astimezone(UTC) == times[-1]
