from collections.abc import AsyncIterator, Iterator

import pytest

from app.coordination.redis.client import RedisClient
from scripts.fixtures.servers import seaweed as s3
from scripts.fixtures.servers.valkey import RecordedHealth, connect, shared_valkey_url

PACED = (
    "coordination/notifier/test_redis",
    "db/test_engine_cancelled",
    "db/test_pooled",
    "db/test_postgres",
    "db/test_circuit_breaker",
    "resumable_uploads/test_breaking",
    "events/test_clients",
    "events/test_following",
    "caching/test_redis",
    "imaging/test_pool",
    "production/",
    "ratelimits/test_redis",
    "coordination/redis/",
    "storage/test_s3",
    "cli/",
    "test_deploy",
    "coordination/locks/",
    "uploads/clients/",
    "uploads/test_receive_form",
    "browser/",
    "webhooks/test_delivery",
    "webhooks/test_running",
)
"""What waits for browsers, engines and other processes, and tells by a clock whether they came."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A busy machine may be late once: such a test fails when it fails twice. The summary names what was run again."""
    for item in items:
        if item.nodeid.removeprefix("tests/").startswith(PACED):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture
def anyio_backend() -> str:
    """Tests are coroutines on asyncio: the server's own loop."""
    return "asyncio"


@pytest.fixture(scope="session")
def seaweed() -> Iterator[s3.SeaweedServer]:
    """An S3 store for all tests; each takes a prefix of its own."""
    with s3.shared_seaweed() as store:
        yield store


@pytest.fixture(scope="session")
def mortal_seaweed() -> Iterator[s3.SeaweedServer]:
    """One to be stopped and started again; whoever stops it starts it."""
    with s3.running_seaweed() as store:
        yield store


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Redis for the whole session, that of PICHUB_TEST_REDIS_URL if it is set."""
    with shared_valkey_url() as url:
        yield url


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[RedisClient]:
    """A connection to an empty one, which listens, and which answered all that the test asked."""
    watched = RecordedHealth()
    async with connect(redis_url, empty=True, watch=watched) as redis:
        yield redis
    assert watched.fallbacks == {}
