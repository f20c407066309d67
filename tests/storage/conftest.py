from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from app.storage import DiskStorage, Storage
from app.storage.cached import CachedStorage
from app.storage.locations import Bucket, parse_location
from app.storage.presigned import AwsCredentials
from app.storage.s3 import S3Storage
from scripts.fixtures.servers.seaweed import SeaweedServer


def now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def on_disk(folder: Path, _: SeaweedServer | None) -> AsyncIterator[Storage]:
    yield DiskStorage(folder / "storage")


@asynccontextmanager
async def on_local_disk(folder: Path, _: SeaweedServer | None) -> AsyncIterator[Storage]:
    yield DiskStorage(folder / "storage", stat_on_loop=True)


@asynccontextmanager
async def in_bucket(folder: Path, server: SeaweedServer | None) -> AsyncIterator[Storage]:
    assert server
    yield s3_storage(server, folder)


@asynccontextmanager
async def in_cached_bucket(folder: Path, server: SeaweedServer | None) -> AsyncIterator[Storage]:
    assert server
    local = DiskStorage(folder / "local")
    yield CachedStorage(s3_storage(server, folder), local, size=10_000_000, clock=now)


def s3_storage(server: SeaweedServer, folder: Path, prefix: str = "") -> S3Storage:
    """Return a storage in the bucket, by default under a new prefix."""
    bucket = parse_location(server.under(prefix or f"test-{uuid4().hex}"))
    assert isinstance(bucket, Bucket)
    return S3Storage(
        bucket, AwsCredentials(server.access_key, server.secret_key), DiskStorage(folder / "local"), clock=now
    )


IMPLEMENTATIONS: dict[str, Callable[[Path, SeaweedServer | None], AbstractAsyncContextManager[Storage]]] = {
    "disk": on_disk,
    "local disk": on_local_disk,
    "s3": in_bucket,
    "cached": in_cached_bucket,
}


ON_DISK = {"disk", "local disk"}


@pytest.fixture(params=IMPLEMENTATIONS)
async def storage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Storage]:
    """An empty storage of each implementation."""
    server = None if request.param in ON_DISK else request.getfixturevalue("seaweed")
    async with IMPLEMENTATIONS[request.param](tmp_path, server) as storage:
        yield storage


@pytest.fixture
def tick(request: pytest.FixtureRequest) -> float:
    """Seconds after which a put has a later `modified_at`: file system clocks tick, S3 has whole seconds."""
    return 0.02 if request.node.callspec.params["storage"] in ON_DISK else 1.05


@pytest.fixture
def bucket(seaweed: SeaweedServer, tmp_path: Path) -> S3Storage:
    return s3_storage(seaweed, tmp_path)


@pytest.fixture
def disk(tmp_path: Path) -> DiskStorage:
    return DiskStorage(tmp_path / "storage")
