from collections.abc import AsyncIterator, Iterator

import pytest

from app.redis.shared import Redis
from tests.servers import seaweed as s3
from tests.servers.valkey import Watched, any_valkey, connected


@pytest.fixture
def anyio_backend() -> str:
    """Tests are coroutines on asyncio: the server's own loop."""
    return "asyncio"


@pytest.fixture(scope="session")
def seaweed() -> Iterator[s3.Seaweed]:
    """An S3 store for all tests; each takes a prefix of its own."""
    with s3.seaweed() as store:
        yield store


@pytest.fixture(scope="session")
def mortal_seaweed() -> Iterator[s3.Seaweed]:
    """One to be stopped and started again; whoever stops it starts it."""
    with s3.started() as store:
        yield store


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
