import asyncio
from datetime import timedelta
from pathlib import Path

from app.jobs import heartbeat
from app.jobs.leases import last_completed
from tests.pichub import house


async def test_the_time_since_the_last_heartbeat_of_any_worker(tmp_path: Path) -> None:
    async with house(tmp_path) as pichub:
        now = pichub.services.clock()
        assert await heartbeat.seconds_since(now) is None
        running = [asyncio.create_task(heartbeat.run(pichub.services)) for _ in range(3)]
        while (last := await last_completed(heartbeat.LEASE_NAME)) is None:
            await asyncio.wait(running, timeout=0.005)
        for task in running:
            task.cancel()
        await asyncio.wait(running)
        last = await last_completed(heartbeat.LEASE_NAME) or last
        assert await heartbeat.seconds_since(last + timedelta(minutes=7)) == 420
        assert await heartbeat.seconds_since(last - timedelta(minutes=7)) == 0
