"""Tests of the contract in app/coordination/locks/base.py, for each implementation and between two processes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from app.coordination.locks.base import DistributedLock
from app.coordination.locks.local import FolderLock
from app.coordination.locks.redis import RedisLock
from app.errors import Busy
from scripts.fixtures.servers.valkey import connect
from tests.pichub import until

OpenLock = Callable[[float], AbstractAsyncContextManager[DistributedLock]]
"""Opens the lock of one process, with its timeout in seconds."""


@asynccontextmanager
async def folder_locks(request: pytest.FixtureRequest) -> AsyncIterator[OpenLock]:
    folder = request.getfixturevalue("tmp_path")

    @asynccontextmanager
    async def open_lock(timeout: float) -> AsyncIterator[DistributedLock]:
        yield FolderLock(folder, timeout=timeout)

    yield open_lock


@asynccontextmanager
async def redis_locks(request: pytest.FixtureRequest) -> AsyncIterator[OpenLock]:
    """Locks of several machines: each has its own folder."""
    folder, url, opened = request.getfixturevalue("tmp_path"), request.getfixturevalue("redis_url"), []

    @asynccontextmanager
    async def open_lock(timeout: float) -> AsyncIterator[DistributedLock]:
        opened.append(None)
        async with redis_lock(folder / str(len(opened)), url, timeout=timeout) as lock:
            yield lock

    yield open_lock


@asynccontextmanager
async def redis_lock(folder: Path, url: str, *, timeout: float = 10) -> AsyncIterator[DistributedLock]:
    """Yield the lock of a machine with this folder, subscribed to the messages of the others."""
    folder.mkdir(exist_ok=True)  # noqa: ASYNC240  (blocking is fine in a test)
    locks: list[DistributedLock] = []
    local = FolderLock(folder, timeout=timeout)
    async with connect(
        url, empty=True, prepare=lambda redis: locks.append(RedisLock(redis, local, timeout=timeout))
    ):
        yield locks[0]


@pytest.fixture(params=[folder_locks, redis_locks], ids=["folder", "redis"])
async def open_lock(request: pytest.FixtureRequest) -> AsyncIterator[OpenLock]:
    async with request.param(request) as open_lock:
        yield open_lock


async def test_processes_take_turns_and_know_that_they_waited(open_lock: OpenLock) -> None:
    order = []

    async def work(lock: DistributedLock, name: str) -> None:
        async with lock.acquire("a") as waited:
            order.append(f"{name} begins{' late' if waited else ''}")
            await asyncio.sleep(0.2)
            order.append(f"{name} ends")

    async with open_lock(10) as one, open_lock(10) as two:
        first = asyncio.create_task(work(one, "one"))
        await until(lambda: order)
        await asyncio.gather(first, work(two, "two"))
    assert order == ["one begins", "one ends", "two begins late", "two ends"]


async def test_only_one_of_many_holds_the_lock(open_lock: OpenLock) -> None:
    holders = max_holders = 0

    async def work(lock: DistributedLock) -> bool:
        nonlocal holders, max_holders
        async with lock.acquire("a") as waited:
            holders += 1
            max_holders = max(max_holders, holders)
            await asyncio.sleep(0.001)
            holders -= 1
        return waited

    async with AsyncExitStack() as stack:
        locks = [await stack.enter_async_context(open_lock(10)) for _ in range(3)]
        waited = await asyncio.gather(*(work(lock) for lock in locks * 5))
    assert max_holders == 1
    assert waited.count(False) == 1


async def test_keys_do_not_wait_for_each_other(open_lock: OpenLock) -> None:
    async with open_lock(1) as one, open_lock(1) as two, one.acquire("a"), two.acquire("b") as waited:
        assert not waited


async def test_waiting_longer_than_the_timeout_is_busy(open_lock: OpenLock) -> None:
    async with open_lock(0.3) as one, open_lock(0.3) as two:
        async with one.acquire("a"):
            with pytest.raises(Busy) as caught:
                async with two.acquire("a"):
                    pass
        assert caught.value.params["reason"] == "lock_timeout"
        async with two.acquire("b") as waited:
            assert not waited


async def test_failed_or_cancelled_work_releases_the_lock(open_lock: OpenLock) -> None:
    async with open_lock(5) as one, open_lock(5) as two:
        with pytest.raises(LookupError):
            async with one.acquire("a"):
                raise LookupError
        async with asyncio.timeout(4), two.acquire("a"):
            pass

        async def hang() -> None:
            async with one.acquire("a"):
                await asyncio.Event().wait()

        hanging = asyncio.create_task(hang())
        await asyncio.sleep(0.02)
        hanging.cancel()
        async with asyncio.timeout(4), two.acquire("a"):
            pass


async def test_a_cancelled_waiter_leaves_the_lock_to_others(open_lock: OpenLock) -> None:
    async with open_lock(5) as one, open_lock(5) as two, open_lock(5) as three:
        async with one.acquire("a"):

            async def wait_for_it() -> None:
                async with two.acquire("a"):
                    pass

            waiting = asyncio.create_task(wait_for_it())
            await asyncio.sleep(0.02)
            waiting.cancel()
            await asyncio.wait([waiting])
        async with asyncio.timeout(4), three.acquire("a"):
            pass
