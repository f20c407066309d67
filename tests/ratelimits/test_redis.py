"""Limits over several servers, beyond the contract."""

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


async def passed(limiters: list[RedisLimiter], times: int) -> int:
    asked = [each.consume(API, "ann") for each in limiters for _ in range(times)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(each, RateLimited) for each in answers if isinstance(each, BaseException))
    return sum(not isinstance(each, BaseException) for each in answers)


async def test_of_two_servers_at_once_no_more_go_through_than_there_is_room_for(
    redis: RedisClient, redis_url: str
) -> None:
    async with connect(redis_url) as other:
        assert await passed([limiter(redis, Clock()), limiter(other, Clock())], 100) == 60


async def test_what_is_counted_is_forgotten_when_its_longest_window_is_over(redis: RedisClient) -> None:
    await limiter(redis, Clock()).consume(API, "ann")
    (key,) = await redis.commands.execute(None, "KEYS", "*")
    assert key == b"pichub:limit:api:ann"
    assert 86_390 < await redis.commands.execute(None, "TTL", key) <= 86_400
    assert await redis.commands.execute(None, "MEMORY", "USAGE", key) < 400


async def test_a_look_writes_nothing(redis: RedisClient) -> None:
    await limiter(redis, Clock()).peek(API, "ann")
    assert await redis.commands.execute(None, "KEYS", "*") == []


async def test_a_server_whose_clock_is_ahead_keeps_nobody_out_for_longer_than_a_window(
    redis: RedisClient,
) -> None:
    ahead = Clock(BEGIN + timedelta(days=365))
    await passed([limiter(redis, ahead)], 61)
    with pytest.raises(RateLimited) as caught:
        await limiter(redis, Clock()).consume(API, "ann")
    assert caught.value.retry_after == 60


async def test_without_redis_each_server_counts_for_itself_and_together_again_when_it_is_back() -> None:
    watched, clock = RecordedHealth(), Clock(datetime.now(UTC))
    with running_valkey() as server:
        async with connect(server.url, watch=watched) as one, connect(server.url) as two:
            servers = [limiter(one, clock), limiter(two, clock)]
            assert await passed(servers, 100) == 60
            server.stop()
            began = time.perf_counter()
            assert await passed(servers, 100) == 120
            assert time.perf_counter() - began < 5, "a hundred who waited would take 20 s"
            assert watched.fallbacks["limits"] == 100
            server.start()
            await until(
                lambda: one.commands.unavailable_since is None and two.commands.unavailable_since is None
            )
            assert await passed(servers, 100) == 60
