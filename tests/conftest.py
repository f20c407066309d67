import pytest


@pytest.fixture
def anyio_backend() -> str:
    """Tests are coroutines on asyncio: the server's own loop."""
    return "asyncio"
