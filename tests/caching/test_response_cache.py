import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.caching.epochs import CacheEpochs
from app.caching.response_cache import MAX_AGE_SECONDS, EpochCache


@pytest.fixture
def epochs(tmp_path: Path) -> Iterator[CacheEpochs]:
    epochs = CacheEpochs(tmp_path / "marks")
    yield epochs
    epochs.close()


def put(
    cache: EpochCache[str, str], epochs: CacheEpochs, key: str, value: str = "value", cost: int = 1
) -> None:
    cache.put(key, value, image_id="img_1", epochs=epochs.current("img_1"), cost=cost)


def test_a_stored_value_is_returned(epochs: CacheEpochs) -> None:
    cache: EpochCache[str, str] = EpochCache(epochs, size=10)
    put(cache, epochs, "/a")
    assert cache.get("/a") == "value"
    assert cache.get("/b") is None


async def test_a_value_of_a_changed_image_is_gone(epochs: CacheEpochs) -> None:
    cache: EpochCache[str, str] = EpochCache(epochs, size=10)
    put(cache, epochs, "/a")
    async with epochs.invalidating("img_1"):
        pass
    assert cache.get("/a") is None


async def test_a_value_read_before_a_change_is_not_stored(epochs: CacheEpochs) -> None:
    cache: EpochCache[str, str] = EpochCache(epochs, size=10)
    taken = epochs.current("img_1")
    async with epochs.invalidating("img_1"):
        pass
    cache.put("/a", "late", image_id="img_1", epochs=taken, cost=1)
    assert cache.get("/a") is None


def test_the_least_recently_used_value_is_evicted(epochs: CacheEpochs) -> None:
    cache: EpochCache[str, str] = EpochCache(epochs, size=30)
    for name in ("/a", "/b", "/c"):
        put(cache, epochs, name, cost=10)
    assert cache.get("/a")
    put(cache, epochs, "/d", cost=10)
    assert [bool(cache.get(name)) for name in ("/a", "/b", "/c", "/d")] == [True, False, True, True]


def test_replacing_a_value_frees_its_cost(epochs: CacheEpochs) -> None:
    cache: EpochCache[str, str] = EpochCache(epochs, size=20)
    put(cache, epochs, "/a", cost=10)
    for _ in range(10):
        put(cache, epochs, "/b", cost=10)
    assert cache.get("/a")


def test_a_value_larger_than_the_cache_is_not_kept(epochs: CacheEpochs) -> None:
    cache: EpochCache[str, str] = EpochCache(epochs, size=10)
    put(cache, epochs, "/a", cost=50)
    assert cache.get("/a") is None
    put(cache, epochs, "/b", cost=10)
    assert cache.get("/b")


def test_second_time_only_ignores_the_first_put(epochs: CacheEpochs) -> None:
    cache: EpochCache[str, str] = EpochCache(epochs, size=10, second_time_only=True)
    put(cache, epochs, "/a")
    assert cache.get("/a") is None
    put(cache, epochs, "/a")
    assert cache.get("/a")


def test_a_value_expires(epochs: CacheEpochs) -> None:
    now = [0.0]
    cache: EpochCache[str, str] = EpochCache(epochs, size=10, clock=lambda: now[0])
    put(cache, epochs, "/a")
    now[0] = MAX_AGE_SECONDS
    assert cache.get("/a")
    now[0] = MAX_AGE_SECONDS + 0.1
    assert cache.get("/a") is None


class Reader:
    """Reads that are counted and wait for `go`."""

    def __init__(self) -> None:
        self.reads = 0
        self.go = asyncio.Event()

    async def __call__(self) -> str:
        self.reads += 1
        value = f"read {self.reads}"
        await self.go.wait()
        return value


async def test_concurrent_loads_read_once(epochs: CacheEpochs) -> None:
    cache: EpochCache[str, str] = EpochCache(epochs, size=10)
    read = Reader()
    loads = [asyncio.create_task(cache.load("/a", read, image_id="img_1")) for _ in range(32)]
    await asyncio.sleep(0)
    loads.pop().cancel()
    read.go.set()
    assert set(await asyncio.gather(*loads)) == {"read 1"}
    assert await cache.load("/a", read, image_id="img_1") == "read 1"


async def test_a_load_after_a_change_reads_again(epochs: CacheEpochs) -> None:
    cache: EpochCache[str, str] = EpochCache(epochs, size=10)
    read = Reader()
    early = asyncio.create_task(cache.load("/a", read, image_id="img_1"))
    await asyncio.sleep(0)
    async with epochs.invalidating("img_1"):
        pass
    late = asyncio.create_task(cache.load("/a", read, image_id="img_1"))
    await asyncio.sleep(0)
    read.go.set()
    assert [await early, await late] == ["read 1", "read 2"]
    assert cache.get("/a") == "read 2"


async def test_a_failed_read_reaches_all_callers_and_is_not_stored(epochs: CacheEpochs) -> None:
    cache: EpochCache[str, str] = EpochCache(epochs, size=10)

    async def fail() -> str:
        await asyncio.sleep(0)
        raise LookupError

    results = await asyncio.gather(
        *(cache.load("/a", fail, image_id="img_1") for _ in range(3)), return_exceptions=True
    )
    assert [type(result) for result in results] == [LookupError] * 3
    read = Reader()
    read.go.set()
    assert await cache.load("/a", read, image_id="img_1") == "read 1"
