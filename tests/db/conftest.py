from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.db.config import tortoise_config
from app.db.engine_sqlite import Engine
from app.db.lifecycle import database
from app.db.migrate import migrate
from tests.db.library import library_config
from tests.db.models import Shelf


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "library.sqlite"


@pytest.fixture
async def engine(path: Path) -> AsyncIterator[Engine]:
    """The engine of an open library that has one empty shelf, s1."""
    config = library_config(path)
    await migrate(config)
    async with database(config) as context:
        await Shelf.create(id="s1", label="first")
        engine = context.db()
        assert isinstance(engine, Engine)
        yield engine


@pytest.fixture
async def engine_in_memory() -> AsyncIterator[Engine]:
    """The engine of an empty library that has no file."""
    config = tortoise_config("sqlite:///:memory:", models="tests.db.models", migrations=None, app="library")
    async with database(config) as context:
        await context.generate_schemas()
        engine = context.db()
        assert isinstance(engine, Engine)
        yield engine
