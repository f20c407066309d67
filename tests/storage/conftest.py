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
async def near_by(folder: Path, _: SeaweedServer | None) -> AsyncIterator[Storage]:
    yield DiskStorage(folder / "storage", stat_on_loop=True)


@asynccontextmanager
async def in_a_bucket(folder: Path, store: SeaweedServer | None) -> AsyncIterator[Storage]:
    assert store
    yield bucket_of(store, folder)


@asynccontextmanager
async def in_a_bucket_with_copies(folder: Path, store: SeaweedServer | None) -> AsyncIterator[Storage]:
    assert store
    near = DiskStorage(folder / "local")
    yield CachedStorage(bucket_of(store, folder), near, size=10_000_000, clock=now)


def bucket_of(store: SeaweedServer, folder: Path, prefix: str = "") -> S3Storage:
    """A storage in a place of its own in the bucket."""
    bucket = parse_location(store.under(prefix or f"test-{uuid4().hex}"))
    assert isinstance(bucket, Bucket)
    return S3Storage(
        bucket, AwsCredentials(store.access_key, store.secret_key), DiskStorage(folder / "local"), clock=now
    )


IMPLEMENTATIONS: dict[str, Callable[[Path, SeaweedServer | None], AbstractAsyncContextManager[Storage]]] = {
    "disk": on_disk,
    "near disk": near_by,
    "s3": in_a_bucket,
    "cached": in_a_bucket_with_copies,
}


ON_DISK = {"disk", "near disk"}


@pytest.fixture(params=IMPLEMENTATIONS)
async def storage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Storage]:
    """Each implementation in turn, empty."""
    store = None if request.param in ON_DISK else request.getfixturevalue("seaweed")
    async with IMPLEMENTATIONS[request.param](tmp_path, store) as storage:
        yield storage


@pytest.fixture
def tick(request: pytest.FixtureRequest) -> float:
    """Seconds after which a storage dates what is put otherwise: file systems have clocks that tick, S3 has seconds."""
    return 0.02 if request.node.callspec.params["storage"] in ON_DISK else 1.05


@pytest.fixture
def bucket(seaweed: SeaweedServer, tmp_path: Path) -> S3Storage:
    return bucket_of(seaweed, tmp_path)


@pytest.fixture
def disk(tmp_path: Path) -> DiskStorage:
    return DiskStorage(tmp_path / "storage")
