"""Tests of cache invalidation between machines, each of which has its own file of epochs."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.caching.epochs import CacheEpochs, Epochs
from app.caching.redis import CHANNEL, SharedCacheEpochs
from app.caching.response_cache import EpochCache
from app.coordination.redis import commands as commands_module
from app.coordination.redis.client import RedisClient
from app.coordination.redis.deadline import GRACE_SECONDS, RESPONSE_TIMEOUT_SECONDS
from app.coordination.redis.subscription import SILENCE_TIMEOUT_SECONDS, TRUST_SECONDS
from scripts.fixtures.servers.valkey import RecordedHealth, ValkeyServer, connect, running_valkey
from tests.pichub import until

MAX_UNPUBLISHED_SECONDS = RESPONSE_TIMEOUT_SECONDS + GRACE_SECONDS + TRUST_SECONDS + 0.4
"""Maximum duration of a change that can't be published, with slack for a busy machine."""


@asynccontextmanager
async def shared_epochs(path: Path, url: str, *, settle: float = 0) -> AsyncIterator[SharedCacheEpochs]:
    """Yield the epochs of a server that is subscribed to the others."""
    created: list[SharedCacheEpochs] = []
    async with connect(
        url, prepare=lambda redis: created.append(SharedCacheEpochs(path, redis, settle=settle))
    ):
        if not settle:
            await until(lambda: created[0].is_valid("", created[0].current("")))
        yield created[0]
    created[0].close()


@pytest.fixture
def server() -> Iterator[ValkeyServer]:
    with running_valkey() as server:
        yield server


@pytest.fixture
async def pair(
    tmp_path: Path, server: ValkeyServer
) -> AsyncIterator[tuple[SharedCacheEpochs, SharedCacheEpochs]]:
    async with (
        shared_epochs(tmp_path / "1", server.url) as one,
        shared_epochs(tmp_path / "2", server.url) as two,
    ):
        yield one, two


async def change(epochs: CacheEpochs, image_id: str = "img_1") -> float:
    """Change an image. Return the duration in seconds."""
    began = time.perf_counter()
    async with epochs.invalidating(image_id):
        pass
    return time.perf_counter() - began


async def becomes_invalid(epochs: CacheEpochs, image_id: str, taken: Epochs) -> bool:
    """Return True if the epochs become invalid as soon as the message arrives."""
    for _ in range(500):
        if not epochs.is_valid(image_id, taken):
            return True
        await asyncio.sleep(0.001)
    return False


async def test_a_change_on_one_machine_invalidates_on_the_other(
    pair: tuple[SharedCacheEpochs, SharedCacheEpochs],
) -> None:
    one, two = pair
    taken, other_taken = two.current("img_1"), two.current("img_2")
    assert two.is_valid("img_1", taken)
    await change(one)
    assert await becomes_invalid(two, "img_1", taken)
    assert two.is_valid("img_2", other_taken), "other images stay valid"
    assert two.is_valid("img_1", two.current("img_1"))
    async with one.invalidating_all():
        pass
    assert await becomes_invalid(two, "img_2", other_taken)


async def test_a_failed_or_cancelled_change_invalidates_too(
    pair: tuple[SharedCacheEpochs, SharedCacheEpochs],
) -> None:
    one, two = pair
    taken = two.current("img_1")
    with pytest.raises(LookupError):
        async with one.invalidating("img_1"):
            raise LookupError
    assert await becomes_invalid(two, "img_1", taken)

    async def hang() -> None:
        async with one.invalidating("img_1"):
            await asyncio.Event().wait()

    taken, hanging = two.current("img_1"), asyncio.create_task(hang())
    await asyncio.sleep(0.01)
    hanging.cancel()
    await asyncio.wait([hanging])
    assert await becomes_invalid(two, "img_1", taken)


async def test_malformed_messages_are_harmless(
    pair: tuple[SharedCacheEpochs, SharedCacheEpochs], server: ValkeyServer
) -> None:
    one, two = pair
    taken = two.current("img_1")
    for message in ("", "x", "x ,,1e9,-1,²,99999999", "\udcff".encode("utf-8", "surrogateescape").hex()):
        server.command("PUBLISH", CHANNEL, message)
    await change(one)
    assert await becomes_invalid(two, "img_1", taken)


async def test_before_the_first_connection_nothing_is_cached(tmp_path: Path, server: ValkeyServer) -> None:
    redis = RedisClient(server.url, RecordedHealth())
    epochs = SharedCacheEpochs(tmp_path / "marks", redis, settle=0)
    cache: EpochCache[str, str] = EpochCache(epochs, size=10)
    cache.put("/a", "value", image_id="img_1", epochs=epochs.current("img_1"), cost=1)
    assert cache.get("/a") is None
    taken = epochs.current("img_1")
    await redis.start()
    await until(lambda: redis.subscription.is_current)
    assert not epochs.is_valid("img_1", taken), "it may have changed before the subscription began"
    await redis.close()
    epochs.close()


async def test_after_reconnecting_the_cache_waits_for_other_servers(
    tmp_path: Path, server: ValkeyServer
) -> None:
    async with shared_epochs(tmp_path / "1", server.url, settle=0.2) as epochs:
        assert not epochs.is_valid("img_1", epochs.current("img_1"))
        taken = epochs.current("img_1")
        await until(lambda: epochs.is_valid("img_1", taken))
        epochs._reset()
        assert not epochs.is_valid("img_1", epochs.current("img_1"))


@pytest.mark.parametrize("failure", ["stop", "hang"])
async def test_without_redis_no_cache_is_valid_after_a_change(
    pair: tuple[SharedCacheEpochs, SharedCacheEpochs], server: ValkeyServer, failure: str
) -> None:
    one, two = pair
    taken = two.current("img_1")
    getattr(server, failure)()
    duration = await change(one)
    assert not two.is_valid("img_1", taken)
    assert duration < MAX_UNPUBLISHED_SECONDS
    await asyncio.sleep(max(0.0, TRUST_SECONDS + RESPONSE_TIMEOUT_SECONDS - duration))
    assert sum([await change(one) for _ in range(10)]) < 10 * RESPONSE_TIMEOUT_SECONDS, (
        "later changes do not wait"
    )
    assert not two.is_valid("img_1", two.current("img_1"))


@pytest.mark.parametrize("failure", ["stop", "hang"])
async def test_when_redis_is_back_only_new_values_are_valid(
    pair: tuple[SharedCacheEpochs, SharedCacheEpochs], server: ValkeyServer, failure: str
) -> None:
    one, two = pair
    taken = two.current("img_1")
    if failure == "stop":
        server.stop()
        await change(one)
        server.start()
    else:
        server.hang()
        await change(one)
        await asyncio.sleep(SILENCE_TIMEOUT_SECONDS + 0.5)  # until the connection is replaced
        server.resume()
    await until(lambda: two.is_valid("img_1", two.current("img_1")))
    assert not two.is_valid("img_1", taken)
    await until(lambda: one._commands.unavailable_since is None)
    taken = two.current("img_1")
    await until(lambda: two.is_valid("img_1", two.current("img_1")))
    await change(one)
    assert await becomes_invalid(two, "img_1", taken)


async def test_after_a_short_silence_cached_values_are_valid_again(
    pair: tuple[SharedCacheEpochs, SharedCacheEpochs], server: ValkeyServer
) -> None:
    _, two = pair
    taken = two.current("img_1")
    server.hang()
    await until(lambda: not two.is_valid("img_1", taken))
    server.resume()
    await until(lambda: two.is_valid("img_1", taken))


async def test_an_unpublished_change_is_published_on_reconnection(
    tmp_path: Path, server: ValkeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One server loses its connection while the other stays subscribed."""
    monkeypatch.setattr(commands_module, "RECONNECT_INTERVAL_SECONDS", 0.3)
    async with (
        shared_epochs(tmp_path / "1", server.url) as one,
        shared_epochs(tmp_path / "2", server.url) as two,
    ):
        one._commands._mark_unavailable(ConnectionError("connection lost"))
        taken = two.current("img_1")
        await change(one)
        assert two.is_valid("img_1", taken), "until `one` reconnects, or for MAX_SHARED_AGE_SECONDS"
        await until(lambda: not two.is_valid("img_1", taken))
