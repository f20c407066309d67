"""Tests of the Redis limiter beyond the contract: several servers, clocks, and a Redis that becomes unavailable."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from app.coordination.redis.client import RedisClient
from app.errors import RateLimited
from app.ratelimits.memory import MemoryLimiter
from app.ratelimits.policies import Policy
from app.ratelimits.redis import RedisLimiter
from scripts.fixtures.servers.valkey import RecordedHealth, connect, running_valkey
from tests.pichub import until
from tests.ratelimits.test_contract import BEGIN, Clock

API = Policy("api", "60/minute;1000/hour;10000/day")


def limiter(redis: RedisClient, clock: Clock) -> RedisLimiter:
    return RedisLimiter(redis.commands, clock, MemoryLimiter(clock))


async def count_allowed(limiters: list[RedisLimiter], times: int) -> int:
    """Consume `times` times at each limiter at once. Return the number that was allowed."""
    calls = [each.consume(API, "ann") for each in limiters for _ in range(times)]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(each, RateLimited) for each in results if isinstance(each, BaseException))
    return sum(not isinstance(each, BaseException) for each in results)


async def test_two_servers_together_never_exceed_a_window(redis: RedisClient, redis_url: str) -> None:
    async with connect(redis_url) as other:
        assert await count_allowed([limiter(redis, Clock()), limiter(other, Clock())], 100) == 60


async def test_a_key_expires_with_its_longest_window(redis: RedisClient) -> None:
    await limiter(redis, Clock()).consume(API, "ann")
    (key,) = await redis.commands.execute(None, "KEYS", "*")
    assert key == b"pichub:limit:api:ann"
    assert 86_390 < await redis.commands.execute(None, "TTL", key) <= 86_400
    assert await redis.commands.execute(None, "MEMORY", "USAGE", key) < 400


async def test_peek_writes_nothing(redis: RedisClient) -> None:
    await limiter(redis, Clock()).peek(API, "ann")
    assert await redis.commands.execute(None, "KEYS", "*") == []


async def test_a_clock_that_is_ahead_does_not_extend_a_window(
    redis: RedisClient,
) -> None:
    ahead = Clock(BEGIN + timedelta(days=365))
    await count_allowed([limiter(redis, ahead)], 61)
    with pytest.raises(RateLimited) as caught:
        await limiter(redis, Clock()).consume(API, "ann")
    assert caught.value.retry_after == 60


async def test_without_redis_each_server_counts_for_itself() -> None:
    health, clock = RecordedHealth(), Clock(datetime.now(UTC))
    with running_valkey() as server:
        async with connect(server.url, watch=health) as one, connect(server.url) as two:
            servers = [limiter(one, clock), limiter(two, clock)]
            assert await count_allowed(servers, 100) == 60
            server.stop()
            began = time.perf_counter()
            assert await count_allowed(servers, 100) == 120
            assert time.perf_counter() - began < 5, "a hundred separate waits would take 20 s"
            assert health.fallbacks["limits"] == 100
            server.start()
            await until(
                lambda: one.commands.unavailable_since is None and two.commands.unavailable_since is None
            )
            assert await count_allowed(servers, 100) == 60
