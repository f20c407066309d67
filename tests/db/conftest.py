from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.db.config import sqlite_url, tortoise_config
from app.db.engine_sqlite import SQLiteEngine
from app.db.lifecycle import database
from app.db.migrate import migrate
from scripts.fixtures.servers import postgres
from tests.databases import KINDS
from tests.db.library import Library
from tests.db.models import Shelf


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "library.sqlite"


@pytest.fixture(params=KINDS)
async def library(request: pytest.FixtureRequest, path: Path) -> AsyncIterator[Library]:
    """An empty database of each kind. To use one kind: parametrize("library", ["sqlite"], indirect=True)."""
    if request.param == "sqlite":
        yield Library("sqlite", sqlite_url(path), path)
        return
    url = await postgres.new_database()
    yield Library("postgres", url, path)
    await postgres.drop_database(url)


@pytest.fixture
async def engine(library: Library) -> AsyncIterator[Any]:
    """The engine of an open library with one empty shelf, s1."""
    await migrate(library.config())
    async with database(library.config()) as context:
        await Shelf.create(id="s1", label="first")
        yield context.db()


@pytest.fixture
async def engine_in_memory() -> AsyncIterator[SQLiteEngine]:
    """The engine of an empty library in memory."""
    config = tortoise_config("sqlite:///:memory:", models="tests.db.models", migrations=None, app="library")
    async with database(config) as context:
        await context.generate_schemas()
        engine = context.db()
        assert isinstance(engine, SQLiteEngine)
        yield engine
