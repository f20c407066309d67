from collections.abc import AsyncIterator, Iterator

import pytest

from app.redis.shared import Redis
from tests.servers.valkey import Watched, any_valkey, connected


@pytest.fixture
def anyio_backend() -> str:
    """Tests are coroutines on asyncio: the server's own loop."""
    return "asyncio"


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Redis for the whole session, that of PICHUB_TEST_REDIS_URL if it is set."""
    with any_valkey() as url:
        yield url


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """A connection to an empty one, which listens, and which answered all that the test asked."""
    watched = Watched()
    async with connected(redis_url, empty=True, watch=watched) as redis:
        yield redis
    assert watched.fallbacks == {}
