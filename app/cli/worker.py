import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import click
import uvicorn

from app.cli.connections import HttpProtocol
from app.cli.console import data_dir, error_output, load_settings
from app.context import Services
from app.jobs.worker import LOOPS, run_loops
from app.lifespan import run_services, upgrade
from app.observability import logging as logs
from app.settings import Settings

STOP_TIMEOUT_SECONDS = 2
"""Time for monitoring responses to complete when the worker stops."""


class MonitoringServer(uvicorn.Server):
    """Monitoring server of a worker, which handles the signals."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@click.command()
@click.option(
    "--port",
    "worker_port",
    type=click.IntRange(0, 65535),
    help="Port for /healthz, /readyz and /metrics, 0 for none; PICHUB_WORKER_PORT.",
)
@data_dir
def worker(**options: Any) -> None:
    """Run background work separately from the servers. Any number of workers may run.

    Servers do it themselves unless PICHUB_WORKER is external.
    """
    settings = load_settings(**options)
    logs.set_up(settings)
    listening = _bound(settings) if settings.worker_port else None
    with error_output():
        asyncio.run(_run_until_stopped(settings, listening))


def _bound(settings: Settings) -> socket.socket:
    """Bind the port. Exits if it is taken."""
    return uvicorn.Config("", host=settings.host, port=settings.worker_port, log_config=None).bind_socket()


async def _run_until_stopped(settings: Settings, listening: socket.socket | None) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await upgrade(settings)
    async with run_services(settings) as services, _serve_monitoring(services, listening):
        click.echo(f"PicHub's worker runs on {settings.data_dir.resolve()}: {', '.join(LOOPS)}")
        await run_loops(services, stop)


@asynccontextmanager
async def _serve_monitoring(services: Services, listening: socket.socket | None) -> AsyncIterator[None]:
    """Serve the monitoring endpoints until the block ends."""
    if listening is None:
        yield
        return
    from app.asgi import monitoring_app  # without a port, the modules for requests are not needed

    config = uvicorn.Config(
        monitoring_app(services),
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        http=HttpProtocol,
        ws="none",
        timeout_graceful_shutdown=STOP_TIMEOUT_SECONDS,
    )
    server = MonitoringServer(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]), name="pichub-watched")
    try:
        yield
    finally:
        services.observability.health.stop()
        server.should_exit = True
        await asyncio.wait([serving])
