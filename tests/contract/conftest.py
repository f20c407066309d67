from collections.abc import AsyncIterator

import pytest

from tests.contract import described
from tests.pichub import House, house


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """For the module, as its house is."""
    return "asyncio"


@pytest.fixture(scope="module")
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One PicHub for a module. Tests that count what is in it make an account of their own.

    Whatever it answers must be what its OpenAPI document says.
    """
    async with house(tmp_path_factory.mktemp("home") / "data") as running:
        running.client.event_hooks["response"].append(described.answer)
        yield running
