import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.caching.epochs import SIZE, CacheEpochs
from tests.caching.test_redis import shared_epochs


@pytest.fixture(params=["one machine", "several machines"])
async def epochs(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[CacheEpochs]:
    """Each implementation in turn."""
    if request.param == "several machines":
        async with shared_epochs(tmp_path / "marks", request.getfixturevalue("redis_url")) as epochs:
            yield epochs
    else:
        epochs = CacheEpochs(tmp_path / "marks")
        yield epochs
        epochs.close()


async def test_epochs_are_valid_until_their_image_changes(epochs: CacheEpochs) -> None:
    taken = epochs.current("img_1")
    async with epochs.invalidating("img_2"):
        pass
    assert epochs.is_valid("img_1", taken)
    async with epochs.invalidating("img_1"):
        assert epochs.is_valid("img_1", taken)
    assert not epochs.is_valid("img_1", taken)
    assert epochs.is_valid("img_1", epochs.current("img_1"))


async def test_a_failed_change_invalidates_too(epochs: CacheEpochs) -> None:
    taken = epochs.current("img_1")
    with pytest.raises(LookupError):
        async with epochs.invalidating("img_1"):
            raise LookupError
    assert not epochs.is_valid("img_1", taken)


async def test_invalidating_all_covers_every_image(epochs: CacheEpochs) -> None:
    taken = {f"img_{n}": epochs.current(f"img_{n}") for n in range(100)}
    async with epochs.invalidating_all():
        pass
    assert not any(epochs.is_valid(image_id, each) for image_id, each in taken.items())


async def test_another_process_invalidates_at_once(tmp_path: Path, epochs: CacheEpochs) -> None:
    taken = epochs.current("img_1")
    child = os.fork()
    if child == 0:
        other = CacheEpochs(tmp_path / "marks")
        async with other.invalidating("img_1"):
            pass
        os.kill(os.getpid(), signal.SIGKILL)  # what is written stays, however the process ends
    os.waitpid(child, 0)  # noqa: ASYNC222  (takes milliseconds)
    assert not epochs.is_valid("img_1", taken)


async def test_a_new_process_invalidates_nothing(tmp_path: Path, epochs: CacheEpochs) -> None:
    async with epochs.invalidating("img_1"):
        pass
    taken = epochs.current("img_1")
    CacheEpochs(tmp_path / "marks").close()
    assert epochs.is_valid("img_1", taken)


@pytest.mark.skipif(sys.platform != "linux", reason="posix_fallocate is used on Linux only")
def test_the_file_has_no_holes(tmp_path: Path) -> None:
    """A write into a hole on a full disk raises SIGBUS, which ends the process."""
    with (tmp_path / "marks").open("wb") as earlier:
        earlier.truncate(SIZE)
    assert (tmp_path / "marks").stat().st_blocks == 0
    CacheEpochs(tmp_path / "marks").close()
    found = (tmp_path / "marks").stat()
    assert (found.st_size, found.st_blocks * 512 >= SIZE) == (SIZE, True)
