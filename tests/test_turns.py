import asyncio
from pathlib import Path

import pytest

from app.errors import Busy
from app.turns import Turns


async def test_processes_take_turns_and_know_that_they_waited(tmp_path: Path) -> None:
    """Two of these are as two processes: they share nothing but the folder."""
    order = []

    async def work(turns: Turns, name: str) -> None:
        async with turns.take("a") as waited:
            order.append(f"{name} begins{' late' if waited else ''}")
            await asyncio.sleep(0.01)
            order.append(f"{name} ends")

    one, two = (Turns(tmp_path, patience=10) for _ in range(2))
    await asyncio.gather(work(one, "one"), work(two, "two"))
    assert order == ["one begins", "one ends", "two begins late", "two ends"]


async def test_who_does_not_come_to_an_end_makes_the_others_busy(tmp_path: Path) -> None:
    one, two = (Turns(tmp_path, patience=0.02) for _ in range(2))
    async with one.take("a"):
        with pytest.raises(Busy):
            async with two.take("a"):
                pass
    async with two.take("a") as waited:
        assert not waited
