"""Turns over several machines: leases, and a Redis that goes away."""

import asyncio
import time
from pathlib import Path

import pytest

from app.coordination.locks import redis as turns_module
from app.coordination.locks.redis import PREFIX
from app.coordination.redis.client import RedisClient
from app.coordination.redis.deadline import RESPONSE_TIMEOUT_SECONDS
from scripts.fixtures.servers.valkey import running_valkey
from tests.coordination.locks.test_contract import on_a_machine


async def test_who_waits_is_woken_by_the_end_and_not_by_looking(
    tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns_module, "POLL_INTERVAL_SECONDS", 8.0)
    async with on_a_machine(tmp_path / "1", redis_url) as one, on_a_machine(tmp_path / "2", redis_url) as two:
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


async def test_who_asks_just_after_another_ended_is_told_to_look(tmp_path: Path, redis_url: str) -> None:
    async with on_a_machine(tmp_path / "1", redis_url) as one, on_a_machine(tmp_path / "2", redis_url) as two:
        async with one.acquire("a") as waited:
            assert not waited
        async with two.acquire("a") as waited:
            assert waited


async def test_a_turn_that_is_held_for_long_is_kept(
    tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns_module, "LEASE_SECONDS", 0.6)
    monkeypatch.setattr(turns_module, "RENEW_INTERVAL_SECONDS", 0.1)
    async with on_a_machine(tmp_path / "1", redis_url) as one, on_a_machine(tmp_path / "2", redis_url) as two:
        began = time.perf_counter()

        async def hold() -> None:
            async with one.acquire("a"):
                await asyncio.sleep(1.2)

        holding = asyncio.create_task(hold())
        await asyncio.sleep(0.02)
        async with two.acquire("a"):
            assert time.perf_counter() - began > 1.1
        await holding


async def test_the_turn_of_a_machine_that_died_is_over_with_its_lease(
    tmp_path: Path, redis_url: str, redis: RedisClient
) -> None:
    async with on_a_machine(tmp_path / "1", redis_url) as one:
        await redis.commands.execute(None, "SET", f"{PREFIX}turn:a", "token of the dead", "PX", "100")
        began = time.perf_counter()
        async with one.acquire("a") as waited:
            assert waited
        assert 0.05 < time.perf_counter() - began < 2.5


async def test_a_turn_that_is_anothers_by_now_is_not_taken_from_them(
    tmp_path: Path, redis_url: str, redis: RedisClient
) -> None:
    async with on_a_machine(tmp_path / "1", redis_url) as one:
        async with one.acquire("a"):
            await redis.commands.execute(None, "SET", f"{PREFIX}turn:a", "another's token")
        await asyncio.sleep(0.05)
        assert await redis.commands.execute(None, "GET", f"{PREFIX}turn:a") == b"another's token"


async def test_without_redis_the_turns_of_this_machine_hold(tmp_path: Path) -> None:
    with running_valkey() as server:
        async with (
            on_a_machine(tmp_path / "1", server.url) as one,
            on_a_machine(tmp_path / "1", server.url) as two,
        ):
            async with one.acquire("a"):
                server.stop()
                waiting = asyncio.create_task(taken(two))
                await asyncio.sleep(0.1)
                assert not waiting.done()
            assert await waiting
            began = time.perf_counter()
            for _ in range(10):
                assert not await taken(one)
            assert time.perf_counter() - began < 10 * RESPONSE_TIMEOUT_SECONDS, "nobody waits for Redis"


async def taken(turns: object) -> bool:
    async with turns.take("a") as waited:  # type: ignore[attr-defined]
        return bool(waited)
