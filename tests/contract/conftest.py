from collections.abc import AsyncIterator

import pytest

from tests.house import House, house


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """For the module, as its house is."""
    return "asyncio"


@pytest.fixture(scope="module")
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One PicHub for a module. Tests that count what is in it make an account of their own."""
    async with house(tmp_path_factory.mktemp("home") / "data") as running:
        yield running
