"""A written query finds what a query would find; its statement is written once."""

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
from tests.statements import counted_statements

BY_ID = PreparedQuery(Book, lambda: Book.filter(id="").select_related("shelf").limit(1))


async def outside(ask: Callable[[], Awaitable[int]]) -> int:
    """The answer to whoever is in no transaction."""

    async def answer() -> int:
        return await ask()

    return await asyncio.create_task(answer(), context=contextvars.Context())


async def put_emma() -> None:
    await Book.create(id="Emma", shelf_id="s1", created_at=datetime(2026, 1, 1, tzinfo=UTC))


async def test_it_finds_the_row_with_the_one_it_points_to_in_one_statement(engine: Any) -> None:
    await put_emma()
    for _ in range(2):
        with counted_statements() as counted:
            found = await BY_ID.first("Emma")
        assert found is not None
        assert counted.count == 1
        assert dict(found) == dict(await Book.get(id="Emma"))
        assert dict(found.shelf) == dict(await Shelf.get(id="s1"))


async def test_what_has_changed_is_seen_at_once(engine: Any) -> None:
    await put_emma()
    assert await BY_ID.first("Emma")
    await Shelf.filter(id="s1").update(label="other")
    found = await BY_ID.first("Emma")
    assert found is not None
    assert found.shelf.label == "other"
    await Book.all().delete()
    assert await BY_ID.first("Emma") is None


async def test_a_value_is_a_value_whatever_stands_in_it(engine: Any) -> None:
    await put_emma()
    for value in ("", "'", "x' OR '1'='1", "?", "1"):
        assert await BY_ID.first(value) is None


async def test_a_row_that_has_not_changed_comes_as_the_same_model(engine: Any) -> None:
    remembering = PreparedQuery(Book, lambda: Book.filter(id="").select_related("shelf").limit(1), cached=2)
    await put_emma()
    first = await remembering.first("Emma")
    assert await remembering.first("Emma") is first
    await Shelf.filter(id="s1").update(label="other")
    second = await remembering.first("Emma")
    assert second is not None
    assert second is not first
    assert second.shelf.label == "other"


async def test_what_was_made_of_a_remembered_row_stays_with_it_until_it_changes(engine: Any) -> None:
    remembering = PreparedQuery(Book, lambda: Book.filter(id="").select_related("shelf").limit(1), cached=2)
    await put_emma()
    first = await remembering.first("Emma")
    assert first is not None
    kept = row_cache(first)
    assert kept == {}
    kept["title"] = "EMMA"
    again = await remembering.first("Emma")
    assert again is not None
    assert row_cache(again) == {"title": "EMMA"}
    await Shelf.filter(id="s1").update(label="other")
    changed = await remembering.first("Emma")
    assert changed is not None
    assert row_cache(changed) == {}


async def test_who_remembers_nothing_is_given_a_model_of_its_own(engine: Any) -> None:
    await put_emma()
    found = await BY_ID.first("Emma")
    assert found is not None
    assert found is not await BY_ID.first("Emma")
    assert row_cache(found) is None


async def test_a_short_statement_sees_its_own_transaction(engine: Any) -> None:
    async with in_transaction():
        await put_emma()
        assert await BY_ID.first("Emma")
        assert await outside(lambda: Book.all().count()) == 0


async def test_a_short_statement_that_fails_is_told_as_any_other(engine: Any) -> None:
    with pytest.raises(OperationalError, match="papers"):
        await engine.execute_short("SELECT * FROM papers", [])
