"""A worker says that it runs, and one that does not is missed."""

import asyncio
from datetime import timedelta
from pathlib import Path

from app.jobs import heartbeat
from app.jobs.leases import last_completed
from tests.pichub import house


async def test_where_no_worker_ever_ran_nothing_is_known_and_then_how_long_ago(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        now = home.services.clock()
        assert await heartbeat.seconds_since(now) is None
        running = [asyncio.create_task(heartbeat.run(home.services)) for _ in range(3)]
        while (heard := await last_completed(heartbeat.LEASE_NAME)) is None:
            await asyncio.wait(running, timeout=0.005)
        for each in running:
            each.cancel()
        await asyncio.wait(running)
        heard = await last_completed(heartbeat.LEASE_NAME) or heard
        assert await heartbeat.seconds_since(heard + timedelta(minutes=7)) == 420
        assert await heartbeat.seconds_since(heard - timedelta(minutes=7)) == 0
