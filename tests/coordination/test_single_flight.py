import asyncio

import pytest

from app.coordination.single_flight import SingleFlight


async def test_however_many_ask_the_work_is_done_once() -> None:
    flights: SingleFlight[int] = SingleFlight()
    runs, may_end = [], asyncio.Event()

    async def work() -> int:
        runs.append(1)
        run = len(runs)
        await may_end.wait()
        return run

    asked = [asyncio.create_task(flights.do("a", work)) for _ in range(32)]
    other = asyncio.create_task(flights.do("b", work))
    await asyncio.sleep(0)
    may_end.set()
    assert set(await asyncio.gather(*asked)) == {1}
    assert await other == 2
    assert len(runs) == 2
    assert await flights.do("a", work) == 3


async def test_who_leaves_does_not_end_it_for_others() -> None:
    flights: SingleFlight[str] = SingleFlight()
    may_end = asyncio.Event()

    async def work() -> str:
        await may_end.wait()
        return "done"

    leaving, staying = (asyncio.create_task(flights.do("a", work)) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.sleep(0)
    may_end.set()
    assert await staying == "done"
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_a_failure_reaches_all_who_wait_and_nobody_later() -> None:
    flights: SingleFlight[str] = SingleFlight()

    async def fail() -> str:
        await asyncio.sleep(0)
        raise LookupError

    async def work() -> str:
        return "done"

    answers = await asyncio.gather(*(flights.do("a", fail) for _ in range(3)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [LookupError] * 3
    assert await flights.do("a", work) == "done"


async def test_closing_ends_what_is_under_way() -> None:
    flights: SingleFlight[None] = SingleFlight()
    waiting = asyncio.create_task(flights.do("a", asyncio.Event().wait))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    await flights.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
