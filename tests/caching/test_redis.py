"""Marks over several machines, each with a file of its own."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.caching.epochs import CacheEpochs
from app.caching.redis import CHANNEL, SharedCacheEpochs
from app.caching.response_cache import EpochCache
from app.coordination.redis import commands as commands_module
from app.coordination.redis.client import RedisClient
from app.coordination.redis.deadline import GRACE_SECONDS, RESPONSE_TIMEOUT_SECONDS
from app.coordination.redis.subscription import TRUST_SECONDS
from scripts.fixtures.servers.valkey import RecordedHealth, ValkeyServer, connect, running_valkey
from tests.pichub import until

LONGEST = RESPONSE_TIMEOUT_SECONDS + GRACE_SECONDS + TRUST_SECONDS + 0.4
"""How long a change may take whose marks can't be told, with some room for a busy machine."""


@asynccontextmanager
async def machine(path: Path, url: str, *, settle: float = 0) -> AsyncIterator[SharedCacheEpochs]:
    """A server's marks, when it hears the others."""
    made: list[SharedCacheEpochs] = []
    async with connect(url, prepare=lambda redis: made.append(SharedCacheEpochs(path, redis, settle=settle))):
        if not settle:
            await until(lambda: made[0].is_valid("", made[0].current("")))
        yield made[0]
    made[0].close()


@pytest.fixture
def server() -> Iterator[ValkeyServer]:
    with running_valkey() as server:
        yield server


@pytest.fixture
async def pair(
    tmp_path: Path, server: ValkeyServer
) -> AsyncIterator[tuple[SharedCacheEpochs, SharedCacheEpochs]]:
    async with machine(tmp_path / "1", server.url) as one, machine(tmp_path / "2", server.url) as two:
        yield one, two


async def change(freshness: CacheEpochs, image_id: str = "img_1") -> float:
    """Changes an image; how many seconds it took."""
    began = time.perf_counter()
    async with freshness.invalidating(image_id):
        pass
    return time.perf_counter() - began


async def voided(freshness: CacheEpochs, image_id: str, marks: tuple[int, int]) -> bool:
    """Whether the marks are void as soon as what was published has been heard."""
    for _ in range(500):
        if not freshness.is_valid(image_id, marks):
            return True
        await asyncio.sleep(0.001)
    return False


async def test_what_one_machine_changes_is_void_at_the_other(
    pair: tuple[SharedCacheEpochs, SharedCacheEpochs],
) -> None:
    one, two = pair
    marks, others = two.current("img_1"), two.current("img_2")
    assert two.is_valid("img_1", marks)
    await change(one)
    assert await voided(two, "img_1", marks)
    assert two.is_valid("img_2", others), "and nothing else"
    assert two.is_valid("img_1", two.current("img_1"))
    async with one.invalidating_all():
        pass
    assert await voided(two, "img_2", others)


async def test_a_change_that_fails_or_is_cancelled_may_have_happened(
    pair: tuple[SharedCacheEpochs, SharedCacheEpochs],
) -> None:
    one, two = pair
    marks = two.current("img_1")
    with pytest.raises(LookupError):
        async with one.invalidating("img_1"):
            raise LookupError
    assert await voided(two, "img_1", marks)

    async def hang() -> None:
        async with one.invalidating("img_1"):
            await asyncio.Event().wait()

    marks, hanging = two.current("img_1"), asyncio.create_task(hang())
    await asyncio.sleep(0.01)
    hanging.cancel()
    await asyncio.wait([hanging])
    assert await voided(two, "img_1", marks)


async def test_nothing_that_strangers_say_does_harm(
    pair: tuple[SharedCacheEpochs, SharedCacheEpochs], server: ValkeyServer
) -> None:
    one, two = pair
    marks = two.current("img_1")
    for message in ("", "x", "x ,,1e9,-1,²,99999999", "\udcff".encode("utf-8", "surrogateescape").hex()):
        server.command("PUBLISH", CHANNEL, message)
    await change(one)
    assert await voided(two, "img_1", marks)


async def test_a_machine_that_has_not_heard_redis_remembers_nothing(
    tmp_path: Path, server: ValkeyServer
) -> None:
    redis = RedisClient(server.url, RecordedHealth())
    freshness = SharedCacheEpochs(tmp_path / "marks", redis, settle=0)
    cache: EpochCache[str, str] = EpochCache(freshness, size=10)
    cache.put("/a", "value", image_id="img_1", epochs=freshness.current("img_1"), cost=1)
    assert cache.get("/a") is None
    marks = freshness.current("img_1")
    await redis.start()
    await until(lambda: redis.subscription.is_current)
    assert not freshness.is_valid("img_1", marks), "what was seen before it heard may have changed since"
    await redis.close()
    freshness.close()


async def test_who_hears_redis_again_waits_until_the_others_do_before_trusting_its_memory(
    tmp_path: Path, server: ValkeyServer
) -> None:
    async with machine(tmp_path / "1", server.url, settle=0.2) as freshness:
        assert not freshness.is_valid("img_1", freshness.current("img_1"))
        marks = freshness.current("img_1")
        await until(lambda: freshness.is_valid("img_1", marks))
        freshness._reset()
        assert not freshness.is_valid("img_1", freshness.current("img_1"))


@pytest.mark.parametrize("how", ["stop", "hang"])
async def test_when_redis_goes_nobody_trusts_their_memory_before_a_change_is_answered(
    pair: tuple[SharedCacheEpochs, SharedCacheEpochs], server: ValkeyServer, how: str
) -> None:
    one, two = pair
    marks = two.current("img_1")
    getattr(server, how)()
    took = await change(one)
    assert not two.is_valid("img_1", marks)
    assert took < LONGEST
    await asyncio.sleep(max(0.0, TRUST_SECONDS + RESPONSE_TIMEOUT_SECONDS - took))
    assert sum([await change(one) for _ in range(10)]) < 10 * RESPONSE_TIMEOUT_SECONDS, (
        "later ones do not wait"
    )
    assert not two.is_valid("img_1", two.current("img_1"))


@pytest.mark.parametrize("how", ["stop", "hang"])
async def test_when_redis_is_back_memory_is_of_use_again_but_not_the_old(
    pair: tuple[SharedCacheEpochs, SharedCacheEpochs], server: ValkeyServer, how: str
) -> None:
    one, two = pair
    marks = two.current("img_1")
    if how == "stop":
        server.stop()
        await change(one)
        server.start()
    else:
        server.hang()
        await change(one)
        await asyncio.sleep(1.5)  # past SILENT, so that the connection was given up
        server.resume()
    await until(lambda: two.is_valid("img_1", two.current("img_1")))
    assert not two.is_valid("img_1", marks)
    await until(lambda: one._commands.unavailable_since is None)
    marks = two.current("img_1")
    await until(lambda: two.is_valid("img_1", two.current("img_1")))
    await change(one)
    assert await voided(two, "img_1", marks)


async def test_a_moment_of_silence_costs_nothing_that_is_remembered(
    pair: tuple[SharedCacheEpochs, SharedCacheEpochs], server: ValkeyServer
) -> None:
    _, two = pair
    marks = two.current("img_1")
    server.hang()
    await until(lambda: not two.is_valid("img_1", marks))
    server.resume()
    await until(lambda: two.is_valid("img_1", marks))


async def test_who_could_not_tell_a_change_tells_it_when_it_can(
    tmp_path: Path, server: ValkeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is cut off, and the other hears Redis all the while."""
    monkeypatch.setattr(commands_module, "RECONNECT_INTERVAL_SECONDS", 0.3)
    async with machine(tmp_path / "1", server.url) as one, machine(tmp_path / "2", server.url) as two:
        one._commands._mark_unavailable(ConnectionError("the cable"))
        marks = two.current("img_1")
        await change(one)
        assert two.is_valid("img_1", marks), "this is what LONGEST_SHARED bounds"
        await until(lambda: not two.is_valid("img_1", marks))
