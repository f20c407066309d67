"""`pichub serve`: the server, and its initialization."""

import gc
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from types import FrameType
from typing import Any

import click
import uvicorn

from app.asgi import create_app
from app.cli.connections import HttpProtocol, set_tcp_timeouts
from app.cli.console import data_dir, initialize, load_settings
from app.observability import logging as logs
from app.resolvers.account import InitialCredentials
from app.settings import Settings

BACKLOG = 2048
WEBSOCKET_OPTIONS: Mapping[str, Any] = {
    "ws": "wsproto",
    "ws_max_size": 64 * 1024,
    "ws_per_message_deflate": False,
}
"""WebSocket options of uvicorn. Compressing small messages costs more than sending them."""


GC_THRESHOLDS = (2_000, 10, 10)
"""Thresholds of the garbage collector.

With Python's 700 it takes a third of the time of a server that sends each event to 500 subscribers.
"""


class PicHubServer(uvicorn.Server):
    """uvicorn's server, closing event streams on shutdown instead of waiting for them.

    After the first stop signal /readyz fails, and requests are served for `drain` more seconds, so that load
    balancers notice. After a second signal it stops at once.
    """

    def __init__(self, config: uvicorn.Config, *, drain: float = 0.0) -> None:
        super().__init__(config)
        self._drain = drain
        self._stop_at: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        services = self.lifespan.state.get("services") if self.started else None
        if services and self._drain and self._stop_at is None:
            services.observability.health.stop()
            self._stop_at = time.monotonic() + self._drain
            self._captured_signals.append(sig)
        else:
            super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        if self._stop_at is not None and time.monotonic() >= self._stop_at:
            self.should_exit = True
        return await super().on_tick(counter)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        gc.set_threshold(*GC_THRESHOLDS)
        await super().startup(sockets)
        if graphql := self.lifespan.state.get("graphql"):
            graphql.add_done_callback(lambda _: gc.freeze())  # exclude the schema from garbage collection

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if services := self.lifespan.state.get("services"):
            services.observability.health.stop()
            services.events.feed.stopping.set()
        await super().shutdown(sockets)


@click.command()
@click.option("--host", help="Address to listen on; PICHUB_HOST.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on, 0 for any; PICHUB_PORT.")
@data_dir
def serve(**options: Any) -> None:
    """Run the server. Creates tables and the first account if there are none."""
    settings = load_settings(**options)
    logs.set_up(settings)
    config = uvicorn.Config(
        app=lambda: create_app(settings),
        factory=True,
        host=settings.host,
        port=settings.port,
        log_config=None,
        log_level="warning" if settings.log_level == "info" else settings.log_level,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        http=HttpProtocol,
        **WEBSOCKET_OPTIONS,
        timeout_graceful_shutdown=10,
    )
    _check_documents(settings)
    listening = config.bind_socket()
    settings = replace(settings, port=listening.getsockname()[1])
    first = initialize(settings)
    set_tcp_timeouts(listening, settings.stall_timeout)
    listening.listen(
        BACKLOG
    )  # clients may connect as soon as the URL is printed, and wait while the server starts
    click.echo(_welcome(settings, first))
    PicHubServer(config, drain=settings.shutdown_delay).run(sockets=[listening])


@click.command()
def migrate() -> None:
    """Migrate the database, and create the first account if there is none."""
    first = initialize(load_settings())
    click.echo(_once(first) if first else "The tables are up to date.")


def _check_documents(settings: Settings) -> None:
    """Exit with a message if a trusted document is invalid."""
    if settings.graphql_documents is None:
        return
    from app.graphql.schema import build_schema
    from app.graphql.server.trusted_documents import (  # GraphQL takes long to import
        InvalidDocument,
        TrustedDocuments,
    )

    try:
        TrustedDocuments.load(settings.graphql_documents, build_schema(settings).document_cache)
    except InvalidDocument as error:
        sys.exit(f"pichub: PICHUB_GRAPHQL_DOCUMENTS: {error}")


def _welcome(settings: Settings, first: InitialCredentials | None) -> str:
    url = settings.url
    addresses = f"""PicHub runs at {url}

  REST      {url}/v1
  GraphQL   {url}/graphql    (open it in a browser to explore)
  images    {url}/img
  data      {settings.data_dir.resolve()}
"""
    return f"{addresses}\n{_once(first)}" if first else addresses


def _once(first: InitialCredentials) -> str:
    return f"""The first account was made. Keep this: it is shown only once.

  sign-in     {first.username} / {first.password}
  API token   {first.token}
"""
