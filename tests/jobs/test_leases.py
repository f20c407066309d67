import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.jobs.leases import HeldLease, LeaseLost, LeaseTaken, hold_lease, last_completed
from app.models import Lease
from tests.databases import database  # noqa: F401  (each test runs on each)
from tests.pichub import House, house

MINUTE = timedelta(minutes=1)


class ManualClock:
    def __init__(self) -> None:
        self.now = datetime(2026, 5, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
async def pichub(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as pichub:
        yield pichub


@pytest.fixture
def clock(pichub: House) -> ManualClock:
    return ManualClock()


def new_lease(clock: ManualClock) -> HeldLease:
    return HeldLease("work", clock=clock, duration=MINUTE)


async def test_only_one_of_many_acquires_a_lease(clock: ManualClock) -> None:
    results = await asyncio.gather(*(new_lease(clock).acquire() for _ in range(20)), return_exceptions=True)
    assert results.count(None) == 1
    assert sum(isinstance(result, LeaseTaken) for result in results) == 19


async def test_leases_of_different_names_are_independent(clock: ManualClock) -> None:
    async with (
        hold_lease("one", clock=clock, duration=MINUTE),
        hold_lease("two", clock=clock, duration=MINUTE),
    ):
        assert await Lease.all().count() == 2


async def test_a_taken_lease_says_until_when(clock: ManualClock) -> None:
    async with hold_lease("work", clock=clock, duration=MINUTE):
        with pytest.raises(LeaseTaken) as caught:
            await new_lease(clock).acquire()
    assert caught.value.until == clock.now + MINUTE


async def test_the_lease_of_a_dead_process_expires(clock: ManualClock) -> None:
    await new_lease(clock).acquire()
    clock.now += MINUTE - timedelta(microseconds=1)
    with pytest.raises(LeaseTaken):
        await new_lease(clock).acquire()
    clock.now += timedelta(microseconds=1)
    await new_lease(clock).acquire()


async def test_an_extended_lease_does_not_expire(clock: ManualClock) -> None:
    first = new_lease(clock)
    await first.acquire()
    for _ in range(10):
        clock.now += MINUTE / 3
        await first.extend()
        with pytest.raises(LeaseTaken):
            await new_lease(clock).acquire()


async def test_an_expired_lease_is_lost_only_once_another_acquires_it(clock: ManualClock) -> None:
    first, other = new_lease(clock), new_lease(clock)
    await first.acquire()
    clock.now += 2 * MINUTE
    await first.extend()
    clock.now += 2 * MINUTE
    await other.acquire()
    with pytest.raises(LeaseLost):
        await first.extend()
    await first.release(done=True)  # has no effect: another holds it
    with pytest.raises(LeaseTaken):
        await new_lease(clock).acquire()


async def test_work_is_completed_if_its_block_does_not_raise(clock: ManualClock) -> None:
    assert await last_completed("work") is None
    with pytest.raises(ZeroDivisionError):
        async with hold_lease("work", clock=clock, duration=MINUTE):
            raise ZeroDivisionError
    assert await last_completed("work") is None
    async with hold_lease("work", clock=clock, duration=MINUTE):
        clock.now += MINUTE / 2
    assert await last_completed("work") == clock.now


async def test_a_cancelled_holder_releases_its_lease(clock: ManualClock) -> None:
    seeded = random.Random(3)

    async def work() -> None:
        async with hold_lease("work", clock=clock, duration=MINUTE):
            await asyncio.sleep(0.002)

    for _ in range(60):
        task = asyncio.create_task(work())
        await asyncio.sleep(seeded.uniform(0, 0.004))
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        async with hold_lease("work", clock=clock, duration=MINUTE):
            pass
