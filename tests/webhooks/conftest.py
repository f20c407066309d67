from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.databases import database  # noqa: F401  (each test runs on each)
from tests.pichub import house
from tests.receivers import HERE
from tests.webhooks.client import Desk


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A house whose relay and deliveries do nothing until they are told to, at a time that stands still."""
    async with house(tmp_path, webhook_allow_networks=HERE) as built:
        yield await Desk.of(built)
