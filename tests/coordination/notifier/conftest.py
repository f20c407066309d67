from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from app.coordination.notifier.base import Notifier
from app.coordination.notifier.memory import MemoryNotifier
from app.coordination.notifier.redis import RedisNotifier
from scripts.fixtures.servers.valkey import connect


@asynccontextmanager
async def in_memory(_: pytest.FixtureRequest) -> AsyncIterator[Notifier]:
    yield MemoryNotifier()


@asynccontextmanager
async def over_redis(request: pytest.FixtureRequest) -> AsyncIterator[Notifier]:
    async with rung_over(request.getfixturevalue("redis_url")) as bell:
        yield bell


@asynccontextmanager
async def rung_over(url: str) -> AsyncIterator[RedisNotifier]:
    """A bell as one server has it, when it hears the others."""
    bells: list[RedisNotifier] = []
    async with connect(url, prepare=lambda redis: bells.append(RedisNotifier(redis))):
        yield bells[0]


IMPLEMENTATIONS: dict[str, Callable[[pytest.FixtureRequest], AbstractAsyncContextManager[Notifier]]] = {
    "memory": in_memory,
    "redis": over_redis,
}


@pytest.fixture(params=IMPLEMENTATIONS)
async def bell(request: pytest.FixtureRequest) -> AsyncIterator[Notifier]:
    """Each implementation in turn, with nobody listening."""
    async with IMPLEMENTATIONS[request.param](request) as bell:
        yield bell
