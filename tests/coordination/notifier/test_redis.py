"""Tests of the Redis notifier beyond the contract: several servers, and a Redis that becomes unavailable."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from app.coordination.notifier.redis import CHANNEL, RedisNotifier
from app.coordination.redis.deadline import RESPONSE_TIMEOUT_SECONDS
from scripts.fixtures.servers.valkey import ValkeyServer, connect, running_valkey
from tests.coordination.notifier.conftest import redis_notifier

LONG_SECONDS, SHORT_SECONDS = 5.0, 0.05


@pytest.fixture
async def pair(redis_url: str) -> AsyncIterator[tuple[RedisNotifier, RedisNotifier]]:
    """The notifiers of two servers."""
    async with redis_notifier(redis_url) as one, redis_notifier(redis_url) as two:
        yield one, two


async def test_a_listener_on_another_server_is_woken(pair: tuple[RedisNotifier, RedisNotifier]) -> None:
    one, two = pair
    async with two.subscribe("events") as listener, two.subscribe("deliveries") as other:
        await one.notify("events")
        assert await listener.wait(LONG_SECONDS)
        assert not await other.wait(SHORT_SECONDS)


async def test_a_server_is_not_woken_again_by_its_own_message(
    pair: tuple[RedisNotifier, RedisNotifier],
) -> None:
    one, two = pair
    async with one.subscribe("events") as own, two.subscribe("events") as other:
        await one.notify("events")
        assert await own.wait(0)
        assert await other.wait(LONG_SECONDS)
        assert not await own.wait(SHORT_SECONDS)


async def test_a_burst_of_notifications_is_sent_as_few_messages(
    redis_url: str, pair: tuple[RedisNotifier, RedisNotifier]
) -> None:
    messages: list[str] = []
    async with connect(
        redis_url,
        prepare=lambda redis: redis.subscription.on_message(CHANNEL, messages.append, on_start=lambda: None),
    ) as redis:
        async with pair[1].subscribe("last") as listener:
            for _ in range(100):
                await pair[0].notify("events")
            await pair[0].notify("last")
            assert await listener.wait(LONG_SECONDS)
        await asyncio.sleep(SHORT_SECONDS)
        assert redis.subscription.is_current
    assert len([message for message in messages if message.endswith("events")]) == 1


async def test_without_redis_this_process_is_woken_at_once() -> None:
    with running_valkey() as server:
        async with redis_notifier(server.url) as notifier, notifier.subscribe("events") as listener:
            for failure in (server.hang, server.stop):
                failure()
                began = time.perf_counter()
                for _ in range(10):
                    await notifier.notify("events")
                    assert await listener.wait(0)
                assert time.perf_counter() - began < 10 * RESPONSE_TIMEOUT_SECONDS


async def test_listeners_look_for_missed_work_when_redis_is_back() -> None:
    with running_valkey() as server:
        async with (
            redis_notifier(server.url) as one,
            redis_notifier(server.url) as two,
            two.subscribe("events") as listener,
        ):
            await restart(server)
            assert await listener.wait(LONG_SECONDS)
            is_woken = False
            async with asyncio.timeout(LONG_SECONDS):
                while not is_woken:  # until `one` has reconnected too
                    await one.notify("events")
                    is_woken = await listener.wait(SHORT_SECONDS)


async def restart(server: ValkeyServer) -> None:
    server.stop()
    await asyncio.sleep(0.1)
    server.start()
