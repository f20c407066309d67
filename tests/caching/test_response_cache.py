import asyncio
from pathlib import Path

import pytest

from app.caching.epochs import CacheEpochs
from app.caching.response_cache import MAX_AGE_SECONDS, EpochCache


@pytest.fixture
def freshness(tmp_path: Path):
    freshness = CacheEpochs(tmp_path / "marks")
    yield freshness
    freshness.close()


def put(
    cache: EpochCache[str, str], freshness: CacheEpochs, asked: str, value: str = "value", cost: int = 1
) -> None:
    cache.put(asked, value, image_id="img_1", epochs=freshness.current("img_1"), cost=cost)


def test_what_was_put_is_there(freshness: CacheEpochs) -> None:
    cache: EpochCache[str, str] = EpochCache(freshness, size=10)
    put(cache, freshness, "/a")
    assert cache.get("/a") == "value"
    assert cache.get("/b") is None


async def test_what_changed_is_gone(freshness: CacheEpochs) -> None:
    cache: EpochCache[str, str] = EpochCache(freshness, size=10)
    put(cache, freshness, "/a")
    async with freshness.invalidating("img_1"):
        pass
    assert cache.get("/a") is None


async def test_what_was_read_before_a_change_is_never_shown(freshness: CacheEpochs) -> None:
    cache: EpochCache[str, str] = EpochCache(freshness, size=10)
    marks = freshness.current("img_1")
    async with freshness.invalidating("img_1"):
        pass
    cache.put("/a", "late", image_id="img_1", epochs=marks, cost=1)
    assert cache.get("/a") is None


def test_what_was_asked_for_longest_ago_makes_room(freshness: CacheEpochs) -> None:
    cache: EpochCache[str, str] = EpochCache(freshness, size=30)
    for name in ("/a", "/b", "/c"):
        put(cache, freshness, name, cost=10)
    assert cache.get("/a")
    put(cache, freshness, "/d", cost=10)
    assert [bool(cache.get(name)) for name in ("/a", "/b", "/c", "/d")] == [True, False, True, True]


def test_putting_again_takes_no_more_room(freshness: CacheEpochs) -> None:
    cache: EpochCache[str, str] = EpochCache(freshness, size=20)
    put(cache, freshness, "/a", cost=10)
    for _ in range(10):
        put(cache, freshness, "/b", cost=10)
    assert cache.get("/a")


def test_what_is_larger_than_all_room_is_not_kept(freshness: CacheEpochs) -> None:
    cache: EpochCache[str, str] = EpochCache(freshness, size=10)
    put(cache, freshness, "/a", cost=50)
    assert cache.get("/a") is None
    put(cache, freshness, "/b", cost=10)
    assert cache.get("/b")


def test_where_the_second_time_counts_the_first_does_not(freshness: CacheEpochs) -> None:
    cache: EpochCache[str, str] = EpochCache(freshness, size=10, second_time_only=True)
    put(cache, freshness, "/a")
    assert cache.get("/a") is None
    put(cache, freshness, "/a")
    assert cache.get("/a")


def test_everything_is_looked_at_anew_after_a_while(freshness: CacheEpochs) -> None:
    now = [0.0]
    cache: EpochCache[str, str] = EpochCache(freshness, size=10, clock=lambda: now[0])
    put(cache, freshness, "/a")
    now[0] = MAX_AGE_SECONDS
    assert cache.get("/a")
    now[0] = MAX_AGE_SECONDS + 0.1
    assert cache.get("/a") is None


class Reader:
    """Something to read, which counts how often it is read and can be held up."""

    def __init__(self) -> None:
        self.reads = 0
        self.go = asyncio.Event()

    async def __call__(self) -> str:
        self.reads += 1
        said = f"read {self.reads}"
        await self.go.wait()
        return said


async def test_many_who_ask_at_once_read_once(freshness: CacheEpochs) -> None:
    cache: EpochCache[str, str] = EpochCache(freshness, size=10)
    read = Reader()
    asked = [asyncio.create_task(cache.load("/a", read, image_id="img_1")) for _ in range(32)]
    await asyncio.sleep(0)
    asked.pop().cancel()
    read.go.set()
    assert set(await asyncio.gather(*asked)) == {"read 1"}
    assert await cache.load("/a", read, image_id="img_1") == "read 1"


async def test_who_asks_after_a_change_is_not_given_what_was_read_before(freshness: CacheEpochs) -> None:
    cache: EpochCache[str, str] = EpochCache(freshness, size=10)
    read = Reader()
    early = asyncio.create_task(cache.load("/a", read, image_id="img_1"))
    await asyncio.sleep(0)
    async with freshness.invalidating("img_1"):
        pass
    late = asyncio.create_task(cache.load("/a", read, image_id="img_1"))
    await asyncio.sleep(0)
    read.go.set()
    assert [await early, await late] == ["read 1", "read 2"]
    assert cache.get("/a") == "read 2"


async def test_a_failure_reaches_those_who_wait_and_is_not_kept(freshness: CacheEpochs) -> None:
    cache: EpochCache[str, str] = EpochCache(freshness, size=10)

    async def fail() -> str:
        await asyncio.sleep(0)
        raise LookupError

    answers = await asyncio.gather(
        *(cache.load("/a", fail, image_id="img_1") for _ in range(3)), return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [LookupError] * 3
    read = Reader()
    read.go.set()
    assert await cache.load("/a", read, image_id="img_1") == "read 1"
