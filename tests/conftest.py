from collections.abc import Iterator

import pytest

from tests.servers import seaweed as s3


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
