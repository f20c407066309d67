import asyncio
import signal
from typing import Any

import click

from app import logs
from app.cli.console import data_dir, settings_of, told
from app.lifespan import bring_up_to_date, running
from app.settings import Settings
from app.worker import LOOPS, work


@click.command()
@data_dir
def worker(**options: Any) -> None:
    """Do what goes on behind the requests, apart from servers. Any number may run.

    Servers do it themselves unless PICHUB_WORKER is apart.
    """
    settings = settings_of(**options)
    logs.set_up(settings)
    with told():
        asyncio.run(_until_told_to_stop(settings))


async def _until_told_to_stop(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await bring_up_to_date(settings)
    async with running(settings) as services:
        click.echo(f"PicHub's worker runs on {settings.data_dir.resolve()}: {', '.join(LOOPS)}")
        await work(services, stop)
