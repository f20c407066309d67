from collections.abc import AsyncIterator, Iterator

import pytest

from app.coordination.redis.client import RedisClient
from scripts.fixtures.servers import seaweed as s3
from scripts.fixtures.servers.valkey import RecordedHealth, connect, shared_valkey_url

TIMING_SENSITIVE = (
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
"""Tests that wait for browsers, engines or other processes with a timeout."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Rerun timing-sensitive tests once: a busy machine may miss a timeout. The summary lists the reruns."""
    for item in items:
        if item.nodeid.removeprefix("tests/").startswith(TIMING_SENSITIVE):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture
def anyio_backend() -> str:
    """Run coroutine tests on asyncio, as the server does."""
    return "asyncio"


@pytest.fixture(scope="session")
def seaweed() -> Iterator[s3.SeaweedServer]:
    """An S3 server for the session. Each test uses a separate prefix."""
    with s3.shared_seaweed() as store:
        yield store


@pytest.fixture(scope="session")
def restartable_seaweed() -> Iterator[s3.SeaweedServer]:
    """An S3 server that a test may stop, and must start again."""
    with s3.running_seaweed() as store:
        yield store


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Redis server for the session: PICHUB_TEST_REDIS_URL, or a new process."""
    with shared_valkey_url() as url:
        yield url


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[RedisClient]:
    """A client of an empty Redis. No command may have fallen back to local state at the end of the test."""
    health = RecordedHealth()
    async with connect(redis_url, empty=True, watch=health) as redis:
        yield redis
    assert health.fallbacks == {}
