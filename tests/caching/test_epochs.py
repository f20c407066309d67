import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.caching.epochs import SIZE, CacheEpochs
from tests.caching.test_redis import machine


@pytest.fixture(params=["on one machine", "over several"])
async def freshness(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[CacheEpochs]:
    """Each implementation in turn."""
    if request.param == "over several":
        async with machine(tmp_path / "marks", request.getfixturevalue("redis_url")) as freshness:
            yield freshness
    else:
        freshness = CacheEpochs(tmp_path / "marks")
        yield freshness
        freshness.close()


async def test_marks_hold_until_their_image_changes(freshness: CacheEpochs) -> None:
    marks = freshness.current("img_1")
    async with freshness.invalidating("img_2"):
        pass
    assert freshness.is_valid("img_1", marks)
    async with freshness.invalidating("img_1"):
        assert freshness.is_valid("img_1", marks)
    assert not freshness.is_valid("img_1", marks)
    assert freshness.is_valid("img_1", freshness.current("img_1"))


async def test_a_change_that_fails_may_have_happened(freshness: CacheEpochs) -> None:
    marks = freshness.current("img_1")
    with pytest.raises(LookupError):
        async with freshness.invalidating("img_1"):
            raise LookupError
    assert not freshness.is_valid("img_1", marks)


async def test_a_change_of_many_voids_all(freshness: CacheEpochs) -> None:
    marks = {f"img_{n}": freshness.current(f"img_{n}") for n in range(100)}
    async with freshness.invalidating_all():
        pass
    assert not any(freshness.is_valid(image, mark) for image, mark in marks.items())


async def test_another_process_sees_a_change_at_once(tmp_path: Path, freshness: CacheEpochs) -> None:
    marks = freshness.current("img_1")
    child = os.fork()
    if child == 0:
        other = CacheEpochs(tmp_path / "marks")
        async with other.invalidating("img_1"):
            pass
        os.kill(os.getpid(), signal.SIGKILL)  # what was written stays, however the process ends
    os.waitpid(child, 0)  # noqa: ASYNC222  (a moment)
    assert not freshness.is_valid("img_1", marks)


async def test_a_new_process_does_not_void_what_others_remember(
    tmp_path: Path, freshness: CacheEpochs
) -> None:
    async with freshness.invalidating("img_1"):
        pass
    marks = freshness.current("img_1")
    CacheEpochs(tmp_path / "marks").close()
    assert freshness.is_valid("img_1", marks)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a file can't be told to have no holes")
def test_the_file_of_marks_has_no_holes_to_be_filled_when_the_disk_is_full(tmp_path: Path) -> None:
    """A write into a hole that finds no room is no error but SIGBUS: it ends the process."""
    with (tmp_path / "marks").open("wb") as earlier:
        earlier.truncate(SIZE)
    assert (tmp_path / "marks").stat().st_blocks == 0
    CacheEpochs(tmp_path / "marks").close()
    found = (tmp_path / "marks").stat()
    assert (found.st_size, found.st_blocks * 512 >= SIZE) == (SIZE, True)
