"""Tests of a Redis that becomes unavailable: bounded waits, log lines, reconnection."""

import asyncio
import logging
import time
from collections.abc import Iterator

import pytest

from app.coordination.redis.commands import RECONNECT_INTERVAL_SECONDS, RedisUnavailable
from app.coordination.redis.deadline import GRACE_SECONDS, RESPONSE_TIMEOUT_SECONDS
from scripts.fixtures.servers.valkey import RecordedHealth, ValkeyServer, connect, running_valkey
from tests.pichub import until

SLACK_SECONDS = 1.0
"""Delay that a busy machine may add to any time."""


@pytest.fixture
def server() -> Iterator[ValkeyServer]:
    with running_valkey() as server:
        yield server


@pytest.mark.parametrize("failure", ["stop", "hang"])
async def test_only_the_first_command_waits_for_a_lost_redis(server: ValkeyServer, failure: str) -> None:
    health = RecordedHealth()
    async with connect(server.url, watch=health) as redis:
        getattr(server, failure)()
        began = time.perf_counter()
        for _ in range(20):
            with pytest.raises(RedisUnavailable):
                await redis.commands.execute("limits", "PING")
        assert time.perf_counter() - began < 10 * RESPONSE_TIMEOUT_SECONDS
        assert health.states == [True, False]
        assert health.fallbacks["limits"] == 20


async def test_concurrent_commands_share_one_wait(server: ValkeyServer) -> None:
    async with connect(server.url) as redis:
        server.hang()
        began = time.perf_counter()
        commands = [redis.commands.execute("limits", "PING") for _ in range(200)]
        results = await asyncio.gather(*commands, return_exceptions=True)
        assert time.perf_counter() - began < RESPONSE_TIMEOUT_SECONDS + GRACE_SECONDS + 2 * SLACK_SECONDS
        assert all(isinstance(result, RedisUnavailable) for result in results)


async def test_a_blocked_event_loop_does_not_mark_redis_unavailable(server: ValkeyServer) -> None:
    health = RecordedHealth()
    async with connect(server.url, watch=health) as redis:
        commands = [asyncio.create_task(redis.commands.execute("limits", "ECHO", "a")) for _ in range(3)]
        await asyncio.sleep(0)
        time.sleep(3 * RESPONSE_TIMEOUT_SECONDS)  # noqa: ASYNC251  (blocks the loop on purpose)
        assert await asyncio.gather(*commands) == [b"a"] * 3
    assert health.states == [True]


@pytest.mark.parametrize("failure", ["stop", "hang"])
async def test_an_outage_and_its_end_are_logged_once_each(
    server: ValkeyServer, failure: str, caplog: pytest.LogCaptureFixture
) -> None:
    health = RecordedHealth()
    async with connect(server.url, watch=health) as redis:
        getattr(server, failure)()
        for _ in range(10):
            with pytest.raises(RedisUnavailable):
                await redis.commands.execute("limits", "PING")
        server.start() if failure == "stop" else server.resume()
        await until(lambda: redis.commands.unavailable_since is None, within=10 * RECONNECT_INTERVAL_SECONDS)
        assert await redis.commands.execute("limits", "PING") in (b"PONG", True)
    assert health.states == [True, False, True]
    lines = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(lines) == 2, lines
    assert lines[0].startswith("Redis can't be reached: until it can, each process counts limits for itself")
    assert lines[1].startswith("Redis is back")


async def test_a_redis_missing_at_startup_is_found_later(server: ValkeyServer) -> None:
    server.stop()
    health = RecordedHealth()
    async with connect(server.url, watch=health) as redis:
        assert health.states == [True, False]
        server.start()
        await until(lambda: health.states[-1] and redis.subscription.is_current)


async def test_the_subscription_notices_an_outage_without_commands(server: ValkeyServer) -> None:
    health = RecordedHealth()
    async with connect(server.url, watch=health) as redis:
        server.stop()
        await until(lambda: not health.states[-1], within=10)
        assert not redis.subscription.is_current


async def test_a_disconnected_subscription_reconnects(server: ValkeyServer) -> None:
    health, starts, messages = RecordedHealth(), [], []
    async with connect(
        server.url,
        watch=health,
        prepare=lambda redis: redis.subscription.on_message(
            "x", messages.append, on_start=lambda: starts.append(1)
        ),
    ):
        assert starts == [1]
        server.command("CLIENT", "KILL", "TYPE", "pubsub")
        await until(lambda: starts == [1, 1])
        server.command("PUBLISH", "x", "hello")
        await until(lambda: messages == ["hello"])
    assert health.states == [True]


async def test_a_refused_command_falls_back_and_others_still_work(
    server: ValkeyServer, caplog: pytest.LogCaptureFixture
) -> None:
    """A Redis without free memory and without eviction refuses writes."""
    health = RecordedHealth()
    async with connect(server.url, watch=health) as redis:
        server.command("CONFIG", "SET", "maxmemory", "1")
        for _ in range(3):
            with pytest.raises(RedisUnavailable):
                await redis.commands.execute("turns", "SET", "a", "b")
        assert await redis.commands.execute("rings", "PUBLISH", "x", "y") == 0
    assert (health.states, health.fallbacks) == ([True], {"turns": 3})
    assert len([record for record in caplog.records if record.levelno >= logging.WARNING]) == 1


async def test_a_unix_socket_works(server: ValkeyServer) -> None:
    health = RecordedHealth()
    async with connect(server.socket_url, watch=health) as redis:
        assert await redis.commands.execute("limits", "ECHO", "a") == b"a"
        assert redis.subscription.is_current
    assert health.states == [True]


async def test_a_wrong_password_is_logged_without_the_password(
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


async def test_cancelled_commands_do_not_affect_the_others(server: ValkeyServer) -> None:
    health = RecordedHealth()
    async with connect(server.url, watch=health) as redis:
        for _ in range(50):
            commands = [
                asyncio.create_task(redis.commands.execute("limits", "ECHO", str(n))) for n in range(20)
            ]
            await asyncio.sleep(0)
            for task in commands[::2]:
                task.cancel()
            results = await asyncio.gather(*commands[1::2])
            assert results == [str(n).encode() for n in range(1, 20, 2)]
    assert health.states == [True]
