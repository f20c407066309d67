"""A Redis that may be away: how long one waits for it, what is said of it, and that it is found again."""

import asyncio
import logging
import time
from collections.abc import Iterator

import pytest

from app.coordination.redis.commands import RECONNECT_INTERVAL_SECONDS, RedisUnavailable
from app.coordination.redis.deadline import GRACE_SECONDS, RESPONSE_TIMEOUT_SECONDS
from scripts.fixtures.servers.valkey import RecordedHealth, ValkeyServer, connect, running_valkey
from tests.pichub import until

BUSY = 1.0
"""What a busy machine may add to any time, in seconds."""


@pytest.fixture
def server() -> Iterator[ValkeyServer]:
    with running_valkey() as server:
        yield server


@pytest.mark.parametrize("how", ["stop", "hang"])
async def test_one_waits_a_moment_for_a_redis_that_goes_and_none_after_it(
    server: ValkeyServer, how: str
) -> None:
    watched = RecordedHealth()
    async with connect(server.url, watch=watched) as redis:
        getattr(server, how)()
        began = time.perf_counter()
        for _ in range(20):
            with pytest.raises(RedisUnavailable):
                await redis.commands.execute("limits", "PING")
        assert time.perf_counter() - began < 10 * RESPONSE_TIMEOUT_SECONDS
        assert watched.states == [True, False]
        assert watched.fallbacks["limits"] == 20


async def test_many_who_ask_at_once_wait_together(server: ValkeyServer) -> None:
    async with connect(server.url) as redis:
        server.hang()
        began = time.perf_counter()
        asked = [redis.commands.execute("limits", "PING") for _ in range(200)]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert time.perf_counter() - began < RESPONSE_TIMEOUT_SECONDS + GRACE_SECONDS + 2 * BUSY
        assert all(isinstance(answer, RedisUnavailable) for answer in answers)


async def test_a_process_that_stood_still_does_not_take_redis_for_dead(server: ValkeyServer) -> None:
    watched = RecordedHealth()
    async with connect(server.url, watch=watched) as redis:
        asked = [asyncio.create_task(redis.commands.execute("limits", "ECHO", "a")) for _ in range(3)]
        await asyncio.sleep(0)
        time.sleep(3 * RESPONSE_TIMEOUT_SECONDS)  # noqa: ASYNC251  (this is what is tried)
        assert await asyncio.gather(*asked) == [b"a"] * 3
    assert watched.states == [True]


@pytest.mark.parametrize("how", ["stop", "hang"])
async def test_it_is_said_once_that_it_went_and_once_that_it_is_back(
    server: ValkeyServer, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    watched = RecordedHealth()
    async with connect(server.url, watch=watched) as redis:
        getattr(server, how)()
        for _ in range(10):
            with pytest.raises(RedisUnavailable):
                await redis.commands.execute("limits", "PING")
        server.start() if how == "stop" else server.resume()
        await until(lambda: redis.commands.unavailable_since is None, within=10 * RECONNECT_INTERVAL_SECONDS)
        assert await redis.commands.execute("limits", "PING") in (b"PONG", True)
    assert watched.states == [True, False, True]
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(said) == 2, said
    assert said[0].startswith("Redis can't be reached: until it can, each process counts limits for itself")
    assert said[1].startswith("Redis is back")


async def test_a_redis_that_is_not_there_at_the_start_is_found_when_it_comes(server: ValkeyServer) -> None:
    server.stop()
    watched = RecordedHealth()
    async with connect(server.url, watch=watched) as redis:
        assert watched.states == [True, False]
        server.start()
        await until(lambda: watched.states[-1] and redis.subscription.is_current)


async def test_the_subscription_learns_first_that_redis_goes(server: ValkeyServer) -> None:
    watched = RecordedHealth()
    async with connect(server.url, watch=watched) as redis:
        server.stop()
        await until(lambda: not watched.states[-1], within=10)
        assert not redis.subscription.is_current


async def test_a_subscription_that_is_cut_begins_anew(server: ValkeyServer) -> None:
    watched, begun, heard = RecordedHealth(), [], []
    async with connect(
        server.url,
        watch=watched,
        prepare=lambda redis: redis.subscription.on_message(
            "x", heard.append, on_start=lambda: begun.append(1)
        ),
    ):
        assert begun == [1]
        server.command("CLIENT", "KILL", "TYPE", "pubsub")
        await until(lambda: begun == [1, 1])
        server.command("PUBLISH", "x", "hello")
        await until(lambda: heard == ["hello"])
    assert watched.states == [True]


async def test_what_redis_refuses_is_done_without_it_and_the_rest_with_it(
    server: ValkeyServer, caplog: pytest.LogCaptureFixture
) -> None:
    """As where it has no more room, and may forget nothing."""
    watched = RecordedHealth()
    async with connect(server.url, watch=watched) as redis:
        server.command("CONFIG", "SET", "maxmemory", "1")
        for _ in range(3):
            with pytest.raises(RedisUnavailable):
                await redis.commands.execute("turns", "SET", "a", "b")
        assert await redis.commands.execute("rings", "PUBLISH", "x", "y") == 0
    assert (watched.states, watched.fallbacks) == ([True], {"turns": 3})
    assert len([record for record in caplog.records if record.levelno >= logging.WARNING]) == 1


async def test_it_is_reached_by_a_socket_too(server: ValkeyServer) -> None:
    watched = RecordedHealth()
    async with connect(server.socket_url, watch=watched) as redis:
        assert await redis.commands.execute("limits", "ECHO", "a") == b"a"
        assert redis.subscription.is_current
    assert watched.states == [True]


async def test_a_wrong_password_is_a_line_that_does_not_show_it(
    server: ValkeyServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.command("CONFIG", "SET", "requirepass", "correct horse")
    right, wrong = RecordedHealth(), RecordedHealth()
    async with connect(server.url.replace("//", "//:correct%20horse@"), watch=right) as redis:
        assert redis.subscription.is_current
    async with connect(server.url.replace("//", "//:battery%20staple@"), watch=wrong):
        pass
    assert (right.states, wrong.states) == ([True], [True, False])
    assert "invalid username-password pair" in caplog.text
    assert "battery" not in caplog.text


async def test_who_leaves_costs_the_others_nothing(server: ValkeyServer) -> None:
    watched = RecordedHealth()
    async with connect(server.url, watch=watched) as redis:
        for _ in range(50):
            asked = [asyncio.create_task(redis.commands.execute("limits", "ECHO", str(n))) for n in range(20)]
            await asyncio.sleep(0)
            for task in asked[::2]:
                task.cancel()
            answers = await asyncio.gather(*asked[1::2])
            assert answers == [str(n).encode() for n in range(1, 20, 2)]
    assert watched.states == [True]
