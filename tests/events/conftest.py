from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.databases import database  # noqa: F401  (each test runs on each)
from tests.pichub import House, house


@pytest.fixture
async def built(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as built:
        yield built
