from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.databases import database  # noqa: F401  (runs each test on every database)
from tests.pichub import House, house


@pytest.fixture
async def pichub(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as pichub:
        yield pichub
