from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from app.storage import DiskStorage, Storage


@asynccontextmanager
async def on_disk(folder: Path) -> AsyncIterator[Storage]:
    yield DiskStorage(folder / "storage")


IMPLEMENTATIONS: dict[str, Callable[[Path], AbstractAsyncContextManager[Storage]]] = {"disk": on_disk}


@pytest.fixture(params=IMPLEMENTATIONS)
async def storage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Storage]:
    """Each implementation in turn, empty."""
    async with IMPLEMENTATIONS[request.param](tmp_path) as storage:
        yield storage


@pytest.fixture
def disk(tmp_path: Path) -> DiskStorage:
    return DiskStorage(tmp_path / "storage")
