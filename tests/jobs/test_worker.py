"""Loops beside the server: none takes another down, and a stop lets end what is in hand."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.context import Services
from app.jobs.worker import LOOPS, run_loops
from tests.pichub import house, until

SERVICES: Services = None  # type: ignore[assignment]  # these loops need none


@asynccontextmanager
async def working(
    loops: Mapping[str, Callable[[Services], Awaitable[None]]], *, patience: float = 5
) -> AsyncIterator[asyncio.Event]:
    """A worker that runs; at the end of the block it is stopped."""
    stop = asyncio.Event()
    task = asyncio.create_task(run_loops(SERVICES, stop, loops=loops, timeout=patience, sleep=no_sleep))
    try:
        yield stop
    finally:
        stop.set()
        await asyncio.wait_for(task, 20)


async def no_sleep(_: float) -> None:
    await asyncio.sleep(0)


async def for_ever(_: Services) -> None:
    await asyncio.Event().wait()


async def test_a_loop_that_fails_is_logged_and_begun_again_with_longer_and_longer_waits(
    caplog: pytest.LogCaptureFixture,
) -> None:
    slept, stop = list[float](), asyncio.Event()

    async def fails(_: Services) -> None:
        raise ZeroDivisionError

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 8:
            stop.set()
        await asyncio.sleep(0)

    await asyncio.wait_for(run_loops(SERVICES, stop, loops={"bad": fails}, sleep=sleep), 20)
    assert slept[:8] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert len([each for each in caplog.records if each.levelno == logging.ERROR]) == len(slept)
    assert "the loop bad failed" in caplog.text


async def test_a_loop_that_fails_leaves_the_others_alone() -> None:
    turns = 0

    async def fails(_: Services) -> None:
        nonlocal turns
        turns += 1
        raise ZeroDivisionError

    begun: list[str] = []

    async def good(_: Services) -> None:
        begun.append("good")
        await asyncio.Event().wait()

    async with working({"bad": fails, "good": good}):
        await until(lambda: turns > 5)
    assert begun == ["good"]


async def test_a_stop_ends_idle_loops_at_once() -> None:
    async with working({"one": for_ever, "two": for_ever}, patience=100):
        await asyncio.sleep(0)


async def test_a_stop_waits_for_what_is_in_hand_and_begins_nothing_anew() -> None:
    told, let_go, ended = asyncio.Event(), asyncio.Event(), list[str]()

    async def careful(_: Services) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            told.set()
            await let_go.wait()
            ended.append("careful")

    async def careless(_: Services) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ZeroDivisionError from None

    async with working({"careful": careful, "careless": careless}) as stop:
        await asyncio.sleep(0.01)
        stop.set()
        await told.wait()
        assert ended == []
        let_go.set()
    assert ended == ["careful"]


async def test_what_takes_longer_than_a_stop_waits_is_cancelled_again() -> None:
    cancels = 0

    async def slow(_: Services) -> None:
        nonlocal cancels
        for _ in range(2):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancels += 1

    async with working({"slow": slow}, patience=0.02):
        await asyncio.sleep(0.01)
    assert cancels == 2


async def test_a_stop_before_the_loops_have_begun_ends_them_too() -> None:
    stop = asyncio.Event()
    stop.set()
    await asyncio.wait_for(run_loops(SERVICES, stop, loops={"one": for_ever}), 20)


async def test_a_server_works_inside_unless_it_is_told_not_to(tmp_path: Path) -> None:
    def loops() -> set[str]:
        return {task.get_name() for task in asyncio.all_tasks()} & {f"pichub-{name}" for name in LOOPS}

    async with house(tmp_path / "apart", worker="external"):
        await asyncio.sleep(1.2)
        assert loops() == set()
    async with house(tmp_path / "inside", worker="embedded"):
        await until(lambda: loops() == {f"pichub-{name}" for name in LOOPS})
    async with house(tmp_path / "short", worker="embedded"):
        pass  # it ends before the worker has begun
    assert loops() == set()
