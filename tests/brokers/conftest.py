from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from app.brokers.base import Bell
from app.brokers.memory import MemoryBell


@asynccontextmanager
async def in_memory() -> AsyncIterator[Bell]:
    yield MemoryBell()


IMPLEMENTATIONS: dict[str, Callable[[], AbstractAsyncContextManager[Bell]]] = {"memory": in_memory}


@pytest.fixture(params=IMPLEMENTATIONS)
async def bell(request: pytest.FixtureRequest) -> AsyncIterator[Bell]:
    """Each implementation in turn, with nobody listening."""
    async with IMPLEMENTATIONS[request.param]() as bell:
        yield bell
