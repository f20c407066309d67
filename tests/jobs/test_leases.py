"""Leases: one holder at a time, whoever asks and whoever dies."""

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


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 5, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
async def built(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as built:
        yield built


@pytest.fixture
def clock(built: House) -> Clock:
    return Clock()


def lease(clock: Clock) -> HeldLease:
    return HeldLease("work", clock=clock, duration=MINUTE)


async def test_of_many_who_ask_at_once_one_has_it(clock: Clock) -> None:
    answers = await asyncio.gather(*(lease(clock).acquire() for _ in range(20)), return_exceptions=True)
    assert sorted(str(type(answer).__name__) for answer in answers) == ["NoneType"] + ["LeaseTaken"] * 19


async def test_leases_of_different_names_do_not_mind_each_other(clock: Clock) -> None:
    async with (
        hold_lease("one", clock=clock, duration=MINUTE),
        hold_lease("two", clock=clock, duration=MINUTE),
    ):
        assert await Lease.all().count() == 2


async def test_who_takes_it_is_told_until_when_it_is_taken(clock: Clock) -> None:
    async with hold_lease("work", clock=clock, duration=MINUTE):
        with pytest.raises(LeaseTaken) as told:
            await lease(clock).acquire()
    assert told.value.until == clock.now + MINUTE


async def test_that_of_one_who_died_runs_out(clock: Clock) -> None:
    await lease(clock).acquire()
    clock.now += MINUTE - timedelta(microseconds=1)
    with pytest.raises(LeaseTaken):
        await lease(clock).acquire()
    clock.now += timedelta(microseconds=1)
    await lease(clock).acquire()


async def test_it_lasts_for_as_long_as_it_is_extended(clock: Clock) -> None:
    held = lease(clock)
    await held.acquire()
    for _ in range(10):
        clock.now += MINUTE / 3
        await held.extend()
        with pytest.raises(LeaseTaken):
            await lease(clock).acquire()


async def test_who_comes_back_too_late_has_lost_it_only_if_another_took_it(clock: Clock) -> None:
    held, other = lease(clock), lease(clock)
    await held.acquire()
    clock.now += 2 * MINUTE
    await held.extend()
    clock.now += 2 * MINUTE
    await other.acquire()
    with pytest.raises(LeaseLost):
        await held.extend()
    await held.release(done=True)  # not theirs to give
    with pytest.raises(LeaseTaken):
        await lease(clock).acquire()


async def test_work_is_done_when_its_block_did_not_raise(clock: Clock) -> None:
    assert await last_completed("work") is None
    with pytest.raises(ZeroDivisionError):
        async with hold_lease("work", clock=clock, duration=MINUTE):
            raise ZeroDivisionError
    assert await last_completed("work") is None
    async with hold_lease("work", clock=clock, duration=MINUTE):
        clock.now += MINUTE / 2
    assert await last_completed("work") == clock.now


async def test_whoever_is_cancelled_gives_it_back(clock: Clock) -> None:
    chance = random.Random(3)

    async def work() -> None:
        async with hold_lease("work", clock=clock, duration=MINUTE):
            await asyncio.sleep(0.002)

    for _ in range(60):
        task = asyncio.create_task(work())
        await asyncio.sleep(chance.uniform(0, 0.004))
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        async with hold_lease("work", clock=clock, duration=MINUTE):
            pass
