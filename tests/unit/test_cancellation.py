import asyncio
import threading

import pytest

from app.cancellation import in_thread, shield_until_done


async def test_shielded_work_completes_before_the_cancellation() -> None:
    started, may_end, done = asyncio.Event(), asyncio.Event(), []

    async def work() -> None:
        started.set()
        await may_end.wait()
        done.append(True)

    task = asyncio.create_task(shield_until_done(work()))
    await started.wait()
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0)
    assert not task.done()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done == [True]


async def test_results_and_exceptions_are_passed_on() -> None:
    assert await shield_until_done(asyncio.sleep(0, "result")) == "result"

    async def fail() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await shield_until_done(fail())


async def test_a_cancelled_caller_waits_for_its_thread() -> None:
    started, may_end, done = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        started.set()
        may_end.wait(10)
        done.set()

    task = asyncio.create_task(in_thread(work))
    while not started.is_set():  # noqa: ASYNC110
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done.is_set()
