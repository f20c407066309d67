"""What a bell does beyond the contract where several servers have it, and where Redis goes away."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from app.coordination.notifier.redis import CHANNEL, RedisNotifier
from app.coordination.redis.deadline import RESPONSE_TIMEOUT_SECONDS
from scripts.fixtures.servers.valkey import ValkeyServer, connect, running_valkey
from tests.coordination.notifier.conftest import rung_over

LONG, SHORT = 5.0, 0.05


@pytest.fixture
async def pair(redis_url: str) -> AsyncIterator[tuple[RedisNotifier, RedisNotifier]]:
    """The bells of two servers."""
    async with rung_over(redis_url) as one, rung_over(redis_url) as two:
        yield one, two


async def test_who_listens_at_another_server_is_woken(pair: tuple[RedisNotifier, RedisNotifier]) -> None:
    one, two = pair
    async with two.subscribe("events") as listener, two.subscribe("deliveries") as other:
        await one.notify("events")
        assert await listener.wait(LONG)
        assert not await other.wait(SHORT)


async def test_ones_own_ring_wakes_once(pair: tuple[RedisNotifier, RedisNotifier]) -> None:
    one, two = pair
    async with one.subscribe("events") as mine, two.subscribe("events") as theirs:
        await one.notify("events")
        assert await mine.wait(0)
        assert await theirs.wait(LONG)
        assert not await mine.wait(SHORT)


async def test_rings_that_come_at_once_are_sent_as_few(
    redis_url: str, pair: tuple[RedisNotifier, RedisNotifier]
) -> None:
    heard: list[str] = []
    async with connect(
        redis_url,
        prepare=lambda redis: redis.subscription.on_message(CHANNEL, heard.append, on_start=lambda: None),
    ) as redis:
        async with pair[1].subscribe("last") as listener:
            for _ in range(100):
                await pair[0].notify("events")
            await pair[0].notify("last")
            assert await listener.wait(LONG)
        await asyncio.sleep(SHORT)
        assert redis.subscription.is_current
    assert len([each for each in heard if each.endswith("events")]) == 1


async def test_without_redis_this_process_is_woken_at_once_and_nobody_waits() -> None:
    with running_valkey() as server:
        async with rung_over(server.url) as bell, bell.subscribe("events") as listener:
            for failure in (server.hang, server.stop):
                failure()
                began = time.perf_counter()
                for _ in range(10):
                    await bell.notify("events")
                    assert await listener.wait(0)
                assert time.perf_counter() - began < 10 * RESPONSE_TIMEOUT_SECONDS


async def test_when_redis_is_back_all_look_for_what_they_may_have_missed() -> None:
    with running_valkey() as server:
        async with (
            rung_over(server.url) as one,
            rung_over(server.url) as two,
            two.subscribe("events") as listener,
        ):
            await restarted(server)
            assert await listener.wait(LONG)
            heard = False
            async with asyncio.timeout(LONG):
                while not heard:  # until the one has found it too
                    await one.notify("events")
                    heard = await listener.wait(SHORT)


async def restarted(server: ValkeyServer) -> None:
    server.stop()
    await asyncio.sleep(0.1)
    server.start()
