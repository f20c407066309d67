"""What every bell does, whatever it is made of."""

import asyncio
import time

import pytest

from app.coordination.notifier.base import Notifier

LONG, SHORT = 5.0, 0.05


async def test_who_listens_is_woken(bell: Notifier) -> None:
    async with bell.subscribe("events") as listener:
        waiting = asyncio.create_task(listener.wait(LONG))
        await asyncio.sleep(0)
        await bell.notify("events")
        assert await waiting


async def test_all_who_listen_are_woken(bell: Notifier) -> None:
    async with bell.subscribe("events") as one, bell.subscribe("events") as two:
        await bell.notify("events")
        assert await asyncio.gather(one.wait(LONG), two.wait(LONG)) == [True, True]


async def test_a_ring_before_the_wait_counts_and_several_count_as_one(bell: Notifier) -> None:
    async with bell.subscribe("events") as listener:
        for _ in range(3):
            await bell.notify("events")
        assert await listener.wait(LONG)
        assert not await listener.wait(SHORT)


async def test_a_wait_ends_without_a_ring_when_its_time_is_over(bell: Notifier) -> None:
    async with bell.subscribe("events") as listener:
        began = time.perf_counter()
        assert not await listener.wait(SHORT)
        assert SHORT / 2 < time.perf_counter() - began < LONG


async def test_other_topics_wake_nobody(bell: Notifier) -> None:
    async with bell.subscribe("events") as listener:
        await bell.notify("deliveries")
        assert not await listener.wait(SHORT)


async def test_a_ring_that_nobody_hears_is_gone(bell: Notifier) -> None:
    await bell.notify("events")
    async with bell.subscribe("events") as listener:
        assert not await listener.wait(SHORT)


async def test_a_cancelled_wait_leaves_the_listener_of_use(bell: Notifier) -> None:
    async with bell.subscribe("events") as listener:
        waiting = asyncio.create_task(listener.wait(LONG))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await bell.notify("events")
        assert await listener.wait(LONG)
