import asyncio

import pytest

from app.coordination.single_flight import SingleFlight


async def test_concurrent_calls_share_one_run() -> None:
    flight: SingleFlight[int] = SingleFlight()
    runs, may_end = [], asyncio.Event()

    async def work() -> int:
        runs.append(1)
        run = len(runs)
        await may_end.wait()
        return run

    calls = [asyncio.create_task(flight.do("a", work)) for _ in range(32)]
    other_key = asyncio.create_task(flight.do("b", work))
    await asyncio.sleep(0)
    may_end.set()
    assert set(await asyncio.gather(*calls)) == {1}
    assert await other_key == 2
    assert len(runs) == 2
    assert await flight.do("a", work) == 3


async def test_a_cancelled_caller_does_not_cancel_the_work() -> None:
    flight: SingleFlight[str] = SingleFlight()
    may_end = asyncio.Event()

    async def work() -> str:
        await may_end.wait()
        return "done"

    leaving, staying = (asyncio.create_task(flight.do("a", work)) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.sleep(0)
    may_end.set()
    assert await staying == "done"
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_a_failure_reaches_all_callers_but_no_later_one() -> None:
    flight: SingleFlight[str] = SingleFlight()

    async def fail() -> str:
        await asyncio.sleep(0)
        raise LookupError

    async def work() -> str:
        return "done"

    results = await asyncio.gather(*(flight.do("a", fail) for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [LookupError] * 3
    assert await flight.do("a", work) == "done"


async def test_close_cancels_running_work() -> None:
    flight: SingleFlight[None] = SingleFlight()
    waiting = asyncio.create_task(flight.do("a", asyncio.Event().wait))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    await flight.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
