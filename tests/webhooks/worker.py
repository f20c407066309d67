"""Webhook worker in its own process, for tests that kill it.

python -m tests.webhooks.worker DATA_DIR LEASE_SECONDS
"""

import asyncio
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from app.lifespan import run_services
from app.settings import Settings
from app.webhooks import delivery, relay
from tests.receivers import LOOPBACK


async def main(folder: Path, lease_seconds: float) -> None:
    settings = replace(Settings.load(), data_dir=folder, webhook_allow_networks=LOOPBACK, transform_workers=1)
    async with run_services(settings) as services, asyncio.TaskGroup() as group:
        group.create_task(relay.run(services))
        group.create_task(
            delivery.run(services, delivery.DeliveryPace(lease=timedelta(seconds=lease_seconds)))
        )


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), float(sys.argv[2])))
