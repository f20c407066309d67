"""Prepared queries return the same rows as ordinary queries, with the statement compiled once."""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from tortoise.exceptions import OperationalError
from tortoise.transactions import in_transaction

from app.db.prepared import PreparedQuery, row_cache
from tests.db.models import Book, Shelf
from tests.statements import count_statements

BY_ID = PreparedQuery(Book, lambda: Book.filter(id="").select_related("shelf").limit(1))


async def outside_transaction(query: Callable[[], Awaitable[int]]) -> int:
    """Run a query outside the current transaction."""

    async def run() -> int:
        return await query()

    return await asyncio.create_task(run(), context=contextvars.Context())


async def create_emma() -> None:
    await Book.create(id="Emma", shelf_id="s1", created_at=datetime(2026, 1, 1, tzinfo=UTC))


async def test_a_row_and_its_related_row_take_one_statement(engine: Any) -> None:
    await create_emma()
    for _ in range(2):
        with count_statements() as statements:
            found = await BY_ID.first("Emma")
        assert found is not None
        assert statements.count == 1
        assert dict(found) == dict(await Book.get(id="Emma"))
        assert dict(found.shelf) == dict(await Shelf.get(id="s1"))


async def test_changes_are_returned_at_once(engine: Any) -> None:
    await create_emma()
    assert await BY_ID.first("Emma")
    await Shelf.filter(id="s1").update(label="other")
    found = await BY_ID.first("Emma")
    assert found is not None
    assert found.shelf.label == "other"
    await Book.all().delete()
    assert await BY_ID.first("Emma") is None


async def test_values_are_not_interpreted_as_sql(engine: Any) -> None:
    await create_emma()
    for value in ("", "'", "x' OR '1'='1", "?", "1"):
        assert await BY_ID.first(value) is None


async def test_a_cached_unchanged_row_is_the_same_model(engine: Any) -> None:
    cached_by_id = PreparedQuery(Book, lambda: Book.filter(id="").select_related("shelf").limit(1), cached=2)
    await create_emma()
    first = await cached_by_id.first("Emma")
    assert await cached_by_id.first("Emma") is first
    await Shelf.filter(id="s1").update(label="other")
    second = await cached_by_id.first("Emma")
    assert second is not None
    assert second is not first
    assert second.shelf.label == "other"


async def test_the_row_cache_lasts_until_the_row_changes(engine: Any) -> None:
    cached_by_id = PreparedQuery(Book, lambda: Book.filter(id="").select_related("shelf").limit(1), cached=2)
    await create_emma()
    first = await cached_by_id.first("Emma")
    assert first is not None
    cache = row_cache(first)
    assert cache == {}
    cache["title"] = "EMMA"
    again = await cached_by_id.first("Emma")
    assert again is not None
    assert row_cache(again) == {"title": "EMMA"}
    await Shelf.filter(id="s1").update(label="other")
    changed = await cached_by_id.first("Emma")
    assert changed is not None
    assert row_cache(changed) == {}


async def test_without_caching_each_result_is_a_new_model(engine: Any) -> None:
    await create_emma()
    found = await BY_ID.first("Emma")
    assert found is not None
    assert found is not await BY_ID.first("Emma")
    assert row_cache(found) is None


async def test_a_short_statement_sees_its_own_transaction(engine: Any) -> None:
    async with in_transaction():
        await create_emma()
        assert await BY_ID.first("Emma")
        assert await outside_transaction(lambda: Book.all().count()) == 0


async def test_a_failed_short_statement_raises_operational_error(engine: Any) -> None:
    with pytest.raises(OperationalError, match="papers"):
        await engine.execute_short("SELECT * FROM papers", [])
