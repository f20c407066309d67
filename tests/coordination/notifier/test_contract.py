"""Tests of the contract in app/coordination/notifier/base.py, for each implementation."""

import asyncio
import time

import pytest

from app.coordination.notifier.base import Notifier

LONG_SECONDS, SHORT_SECONDS = 5.0, 0.05


async def test_a_listener_is_woken(notifier: Notifier) -> None:
    async with notifier.subscribe("events") as listener:
        waiting = asyncio.create_task(listener.wait(LONG_SECONDS))
        await asyncio.sleep(0)
        await notifier.notify("events")
        assert await waiting


async def test_all_listeners_are_woken(notifier: Notifier) -> None:
    async with notifier.subscribe("events") as one, notifier.subscribe("events") as two:
        await notifier.notify("events")
        assert await asyncio.gather(one.wait(LONG_SECONDS), two.wait(LONG_SECONDS)) == [True, True]


async def test_notifications_before_the_wait_count_as_one(notifier: Notifier) -> None:
    async with notifier.subscribe("events") as listener:
        for _ in range(3):
            await notifier.notify("events")
        assert await listener.wait(LONG_SECONDS)
        assert not await listener.wait(SHORT_SECONDS)


async def test_a_wait_without_notification_ends_after_its_timeout(notifier: Notifier) -> None:
    async with notifier.subscribe("events") as listener:
        began = time.perf_counter()
        assert not await listener.wait(SHORT_SECONDS)
        assert SHORT_SECONDS / 2 < time.perf_counter() - began < LONG_SECONDS


async def test_other_topics_do_not_wake(notifier: Notifier) -> None:
    async with notifier.subscribe("events") as listener:
        await notifier.notify("deliveries")
        assert not await listener.wait(SHORT_SECONDS)


async def test_a_notification_without_listeners_is_lost(notifier: Notifier) -> None:
    await notifier.notify("events")
    async with notifier.subscribe("events") as listener:
        assert not await listener.wait(SHORT_SECONDS)


async def test_a_listener_works_after_a_cancelled_wait(notifier: Notifier) -> None:
    async with notifier.subscribe("events") as listener:
        waiting = asyncio.create_task(listener.wait(LONG_SECONDS))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await notifier.notify("events")
        assert await listener.wait(LONG_SECONDS)
