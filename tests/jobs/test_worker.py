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
async def running_worker(
    loops: Mapping[str, Callable[[Services], Awaitable[None]]], *, timeout: float = 5
) -> AsyncIterator[asyncio.Event]:
    """Run a worker until the block ends, or until the event is set."""
    stop = asyncio.Event()
    task = asyncio.create_task(run_loops(SERVICES, stop, loops=loops, timeout=timeout, sleep=no_sleep))
    try:
        yield stop
    finally:
        stop.set()
        await asyncio.wait_for(task, 20)


async def no_sleep(_: float) -> None:
    await asyncio.sleep(0)


async def idle(_: Services) -> None:
    await asyncio.Event().wait()


async def test_a_failing_loop_is_logged_and_restarted_with_backoff(
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
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == len(slept)
    assert "the loop bad failed" in caplog.text


async def test_a_failing_loop_does_not_affect_the_others() -> None:
    failures = 0

    async def fails(_: Services) -> None:
        nonlocal failures
        failures += 1
        raise ZeroDivisionError

    started: list[str] = []

    async def works(_: Services) -> None:
        started.append("good")
        await asyncio.Event().wait()

    async with running_worker({"bad": fails, "good": works}):
        await until(lambda: failures > 5)
    assert started == ["good"]


async def test_stopping_ends_idle_loops_at_once() -> None:
    async with running_worker({"one": idle, "two": idle}, timeout=100):
        await asyncio.sleep(0)


async def test_stopping_waits_for_current_work_and_restarts_nothing() -> None:
    cancelled, may_end, ended = asyncio.Event(), asyncio.Event(), list[str]()

    async def busy(_: Services) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
            await may_end.wait()
            ended.append("busy")

    async def fails(_: Services) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ZeroDivisionError from None

    async with running_worker({"busy": busy, "bad": fails}) as stop:
        await asyncio.sleep(0.01)
        stop.set()
        await cancelled.wait()
        assert ended == []
        may_end.set()
    assert ended == ["busy"]


async def test_work_beyond_the_stop_timeout_is_cancelled_again() -> None:
    cancels = 0

    async def slow(_: Services) -> None:
        nonlocal cancels
        for _ in range(2):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancels += 1

    async with running_worker({"slow": slow}, timeout=0.02):
        await asyncio.sleep(0.01)
    assert cancels == 2


async def test_stopping_before_the_loops_start_ends_them_too() -> None:
    stop = asyncio.Event()
    stop.set()
    await asyncio.wait_for(run_loops(SERVICES, stop, loops={"one": idle}), 20)


async def test_a_server_runs_the_loops_unless_the_worker_is_external(tmp_path: Path) -> None:
    def loops() -> set[str]:
        return {task.get_name() for task in asyncio.all_tasks()} & {f"pichub-{name}" for name in LOOPS}

    async with house(tmp_path / "external", worker="external"):
        await asyncio.sleep(1.2)
        assert loops() == set()
    async with house(tmp_path / "embedded", worker="embedded"):
        await until(lambda: loops() == {f"pichub-{name}" for name in LOOPS})
    async with house(tmp_path / "short", worker="embedded"):
        pass  # it stops before the worker has started
    assert loops() == set()
