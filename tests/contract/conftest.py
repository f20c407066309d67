from collections.abc import AsyncIterator

import pytest

from tests.contract import openapi
from tests.pichub import House, house


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """Module scope, as for the server."""
    return "asyncio"


@pytest.fixture(scope="module")
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A server for the module. Tests that count objects create their own account.

    Its responses must match its OpenAPI document.
    """
    async with house(tmp_path_factory.mktemp("home") / "data") as running:
        running.client.event_hooks["response"].append(openapi.check_response)
        yield running
