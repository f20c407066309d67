"""What app/coordination/locks/base.py promises, asked of each implementation. Two of them are as two processes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from app.coordination.locks.base import DistributedLock
from app.coordination.locks.local import FolderLock
from app.coordination.locks.redis import RedisLock
from app.errors import Busy
from scripts.fixtures.servers.valkey import connect
from tests.pichub import until

Make = Callable[[float], Any]


@asynccontextmanager
async def in_a_folder(request: pytest.FixtureRequest) -> AsyncIterator[Make]:
    folder = request.getfixturevalue("tmp_path")

    @asynccontextmanager
    async def make(patience: float) -> AsyncIterator[DistributedLock]:
        yield FolderLock(folder, timeout=patience)

    yield make


@asynccontextmanager
async def over_redis(request: pytest.FixtureRequest) -> AsyncIterator[Make]:
    """Each on a machine of its own."""
    folder, url, made = request.getfixturevalue("tmp_path"), request.getfixturevalue("redis_url"), []

    @asynccontextmanager
    async def make(patience: float) -> AsyncIterator[DistributedLock]:
        made.append(None)
        async with on_a_machine(folder / str(len(made)), url, patience=patience) as turns:
            yield turns

    yield make


@asynccontextmanager
async def on_a_machine(folder: Path, url: str, *, patience: float = 10) -> AsyncIterator[DistributedLock]:
    """The turns of a server, when it hears the others."""
    folder.mkdir(exist_ok=True)  # noqa: ASYNC240  (a test may wait)
    made: list[DistributedLock] = []
    here = FolderLock(folder, timeout=patience)
    async with connect(
        url, empty=True, prepare=lambda redis: made.append(RedisLock(redis, here, timeout=patience))
    ):
        yield made[0]


@pytest.fixture(params=[in_a_folder, over_redis], ids=["folder", "redis"])
async def make(request: pytest.FixtureRequest) -> AsyncIterator[Make]:
    async with request.param(request) as make:
        yield make


async def test_processes_take_turns_and_know_that_they_waited(make: Make) -> None:
    order = []

    async def work(turns: DistributedLock, name: str) -> None:
        async with turns.acquire("a") as waited:
            order.append(f"{name} begins{' late' if waited else ''}")
            await asyncio.sleep(0.2)
            order.append(f"{name} ends")

    async with make(10) as one, make(10) as two:
        first = asyncio.create_task(work(one, "one"))
        await until(lambda: order)
        await asyncio.gather(first, work(two, "two"))
    assert order == ["one begins", "one ends", "two begins late", "two ends"]


async def test_of_many_one_has_the_turn_at_a_time(make: Make) -> None:
    inside = most = 0

    async def work(turns: DistributedLock) -> bool:
        nonlocal inside, most
        async with turns.acquire("a") as waited:
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.001)
            inside -= 1
        return waited

    async with AsyncExitStack() as held:
        several = [await held.enter_async_context(make(10)) for _ in range(3)]
        waited = await asyncio.gather(*(work(each) for each in several * 5))
    assert most == 1
    assert waited.count(False) == 1


async def test_different_works_do_not_wait_for_each_other(make: Make) -> None:
    async with make(1) as one, make(1) as two, one.take("a"), two.take("b") as waited:
        assert not waited


async def test_who_does_not_come_to_an_end_makes_the_others_busy(make: Make) -> None:
    async with make(0.3) as one, make(0.3) as two:
        async with one.take("a"):
            with pytest.raises(Busy):
                async with two.take("a"):
                    pass
        async with two.take("b") as waited:
            assert not waited


async def test_a_work_that_fails_or_is_cancelled_gives_its_turn_on(make: Make) -> None:
    async with make(5) as one, make(5) as two:
        with pytest.raises(LookupError):
            async with one.take("a"):
                raise LookupError
        async with asyncio.timeout(4), two.take("a"):
            pass

        async def hang() -> None:
            async with one.take("a"):
                await asyncio.Event().wait()

        hanging = asyncio.create_task(hang())
        await asyncio.sleep(0.02)
        hanging.cancel()
        async with asyncio.timeout(4), two.take("a"):
            pass


async def test_who_is_cancelled_while_waiting_leaves_the_turn_to_others(make: Make) -> None:
    async with make(5) as one, make(5) as two, make(5) as three:
        async with one.take("a"):

            async def ask() -> None:
                async with two.take("a"):
                    pass

            waiting = asyncio.create_task(ask())
            await asyncio.sleep(0.02)
            waiting.cancel()
            await asyncio.wait([waiting])
        async with asyncio.timeout(4), three.take("a"):
            pass
