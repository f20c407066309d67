"""Tests of the Redis lock beyond the contract: leases, and a Redis that becomes unavailable."""

import asyncio
import time
from pathlib import Path

import pytest

from app.coordination.locks import redis as redis_locks_module
from app.coordination.locks.base import DistributedLock
from app.coordination.locks.redis import PREFIX
from app.coordination.redis.client import RedisClient
from app.coordination.redis.deadline import RESPONSE_TIMEOUT_SECONDS
from scripts.fixtures.servers.valkey import running_valkey
from tests.coordination.locks.test_contract import redis_lock


async def test_a_waiter_is_woken_by_the_release(
    tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_locks_module, "POLL_INTERVAL_SECONDS", 8.0)
    async with redis_lock(tmp_path / "1", redis_url) as one, redis_lock(tmp_path / "2", redis_url) as two:
        ended: list[float] = []

        async def hold() -> None:
            async with one.acquire("a"):
                await asyncio.sleep(0.1)
            ended.append(time.perf_counter())

        holding = asyncio.create_task(hold())
        await asyncio.sleep(0.02)
        async with two.acquire("a"):
            assert time.perf_counter() - ended[0] < 4
        await holding


async def test_a_lock_released_just_before_counts_as_waited(tmp_path: Path, redis_url: str) -> None:
    async with redis_lock(tmp_path / "1", redis_url) as one, redis_lock(tmp_path / "2", redis_url) as two:
        async with one.acquire("a") as waited:
            assert not waited
        async with two.acquire("a") as waited:
            assert waited


async def test_a_lock_held_longer_than_its_lease_is_renewed(
    tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_locks_module, "LEASE_SECONDS", 0.6)
    monkeypatch.setattr(redis_locks_module, "RENEW_INTERVAL_SECONDS", 0.1)
    async with redis_lock(tmp_path / "1", redis_url) as one, redis_lock(tmp_path / "2", redis_url) as two:
        began = time.perf_counter()

        async def hold() -> None:
            async with one.acquire("a"):
                await asyncio.sleep(1.2)

        holding = asyncio.create_task(hold())
        await asyncio.sleep(0.02)
        async with two.acquire("a"):
            assert time.perf_counter() - began > 1.1
        await holding


async def test_the_lock_of_a_dead_machine_expires(tmp_path: Path, redis_url: str, redis: RedisClient) -> None:
    async with redis_lock(tmp_path / "1", redis_url) as one:
        await redis.commands.execute(None, "SET", f"{PREFIX}turn:a", "token of a dead machine", "PX", "100")
        began = time.perf_counter()
        async with one.acquire("a") as waited:
            assert waited
        assert 0.05 < time.perf_counter() - began < 2.5


async def test_a_lock_that_another_holds_by_now_is_not_released(
    tmp_path: Path, redis_url: str, redis: RedisClient
) -> None:
    async with redis_lock(tmp_path / "1", redis_url) as one:
        async with one.acquire("a"):
            await redis.commands.execute(None, "SET", f"{PREFIX}turn:a", "another token")
        await asyncio.sleep(0.05)
        assert await redis.commands.execute(None, "GET", f"{PREFIX}turn:a") == b"another token"


async def test_without_redis_the_local_lock_is_enough(tmp_path: Path) -> None:
    with running_valkey() as server:
        async with (
            redis_lock(tmp_path / "1", server.url) as one,
            redis_lock(tmp_path / "1", server.url) as two,
        ):
            async with one.acquire("a"):
                server.stop()
                waiting = asyncio.create_task(has_waited(two))
                await asyncio.sleep(0.1)
                assert not waiting.done()
            assert await waiting
            began = time.perf_counter()
            for _ in range(10):
                assert not await has_waited(one)
            assert time.perf_counter() - began < 10 * RESPONSE_TIMEOUT_SECONDS, "no call waits for Redis"


async def has_waited(lock: DistributedLock) -> bool:
    """Acquire and release the lock. Return True if another process held it."""
    async with lock.acquire("a") as waited:
        return waited
