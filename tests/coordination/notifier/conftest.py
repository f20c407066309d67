from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from app.coordination.notifier.base import Notifier
from app.coordination.notifier.memory import MemoryNotifier
from app.coordination.notifier.redis import RedisNotifier
from scripts.fixtures.servers.valkey import connect


@asynccontextmanager
async def memory_notifier(_: pytest.FixtureRequest) -> AsyncIterator[Notifier]:
    yield MemoryNotifier()


@asynccontextmanager
async def shared_notifier(request: pytest.FixtureRequest) -> AsyncIterator[Notifier]:
    async with redis_notifier(request.getfixturevalue("redis_url")) as notifier:
        yield notifier


@asynccontextmanager
async def redis_notifier(url: str) -> AsyncIterator[RedisNotifier]:
    """Yield the notifier of one server, subscribed to the others."""
    notifiers: list[RedisNotifier] = []
    async with connect(url, prepare=lambda redis: notifiers.append(RedisNotifier(redis))):
        yield notifiers[0]


IMPLEMENTATIONS: dict[str, Callable[[pytest.FixtureRequest], AbstractAsyncContextManager[Notifier]]] = {
    "memory": memory_notifier,
    "redis": shared_notifier,
}


@pytest.fixture(params=IMPLEMENTATIONS)
async def notifier(request: pytest.FixtureRequest) -> AsyncIterator[Notifier]:
    """Each implementation in turn, without listeners."""
    async with IMPLEMENTATIONS[request.param](request) as notifier:
        yield notifier
