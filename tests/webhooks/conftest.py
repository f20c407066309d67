from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.databases import database  # noqa: F401  (runs each test on every database)
from tests.pichub import house
from tests.receivers import LOOPBACK
from tests.webhooks.harness import WebhookHarness


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[WebhookHarness]:
    """A server whose relay, deliveries and clock advance only when the test says so."""
    async with house(tmp_path, webhook_allow_networks=LOOPBACK) as pichub:
        yield await WebhookHarness.create(pichub)
