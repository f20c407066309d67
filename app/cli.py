"""The command `pichub`."""

import asyncio
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import uvicorn

from app.addresses import networks
from app.asgi import create_app
from app.events.catalogue import EventType
from app.keyring import BadKeyring
from app.lifespan import kept_keyring, prepare
from app.outbound.post import BadAddress, Blocked, NotSent, Outbound
from app.resolvers.account import FirstSignIn
from app.settings import BadSetting, Settings
from app.webhooks import outcomes, payload
from app.webhooks.examples import example
from app.webhooks.signatures import BadSecret

BACKLOG = 2048
ANYWHERE = networks("0.0.0.0/0, ::/0")
SOCKETS: Mapping[str, Any] = {"ws": "wsproto", "ws_max_size": 64 * 1024, "ws_per_message_deflate": False}
"""How uvicorn speaks WebSocket. Compressing each small message costs more than sending it."""


class Server(uvicorn.Server):
    """Cuts event streams when it stops: they would hold it up until it lost its patience."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if services := self.lifespan.state.get("services"):
            services.feed.stopping.set()
        await super().shutdown(sockets)


@click.group()
@click.version_option(package_name="pichub")
def main() -> None:
    """PicHub: an image host that you run yourself."""


@main.command()
@click.option("--host", help="The address to listen on; PICHUB_HOST.")
@click.option("--port", type=click.IntRange(0, 65535), help="The port to listen on, 0 for any; PICHUB_PORT.")
@click.option("--data-dir", type=Path, help="The folder that holds everything; PICHUB_DATA_DIR.")
def serve(**options: Any) -> None:
    """Run the server. Makes tables and the first account where there are none."""
    settings = _settings(**options)
    config = uvicorn.Config(
        app=lambda: create_app(settings),
        factory=True,
        host=settings.host,
        port=settings.port,
        log_level="warning" if settings.log_level == "info" else settings.log_level,
        access_log=settings.log_level == "debug",
        proxy_headers=False,
        server_header=False,
        **SOCKETS,
        timeout_graceful_shutdown=10,
    )
    listening = config.bind_socket()
    settings = replace(settings, port=listening.getsockname()[1])
    first = _prepared(settings)
    listening.listen(
        BACKLOG
    )  # whoever reads the addresses may connect at once, and waits while the server starts
    click.echo(_welcome(settings, first))
    Server(config).run(sockets=[listening])


@main.command()
def migrate() -> None:
    """Bring the tables up to date, and make the first account where there is none."""
    first = _prepared(_settings())
    click.echo(_once(first) if first else "The tables are up to date.")


@main.command(name="schema")
def print_schema() -> None:
    """Print the GraphQL schema."""
    from app.graphql.schema import build_schema  # a server starts faster without it

    click.echo(build_schema(Settings()).as_str())


@main.group()
def secret() -> None:
    """The secret that signs addresses of private images."""


@secret.command()
@click.option(
    "--keep-for",
    type=click.IntRange(0, 3650),
    default=7,
    show_default=True,
    metavar="DAYS",
    help="How long addresses hold that the old secret signed; 0 ends them at once.",
)
@click.option("--data-dir", type=Path, help="The folder that holds everything; PICHUB_DATA_DIR.")
def rotate(keep_for: int, **options: Any) -> None:
    """Make a new secret. Servers that run take it up at once."""
    settings = _settings(**options)
    if settings.url_secret:
        sys.exit(
            "pichub: PICHUB_URL_SECRET is set: move its value to PICHUB_URL_SECRET_OLD, set a new one, and start again"
        )
    with _told():
        until = asyncio.run(
            kept_keyring(settings).rotate(datetime.now(UTC), keep_for=timedelta(days=keep_for))
        )
    click.echo(
        f"A new secret signs from now on. What the old one signed holds until {until:%Y-%m-%d %H:%M} UTC."
    )


@main.group()
def webhook() -> None:
    """Webhooks, seen from the receiver's side."""


@webhook.command(name="test")
@click.argument("url")
@click.option("--secret", required=True, help="The webhook's secret, whsec_ and what follows.")
@click.option(
    "--type",
    "type_",
    type=click.Choice([kind.value for kind in EventType]),
    default=EventType.PING.value,
    show_default=True,
    help="What is said to have happened.",
)
def test_webhook(url: str, secret: str, type_: str) -> None:
    """Send one made-up event to URL, signed, and show the request and the answer."""
    try:
        delivered = asyncio.run(_try_out(url, secret, EventType(type_)))
    except (BadSecret, BadAddress) as error:
        sys.exit(f"pichub: {error}")
    sys.exit(0 if delivered else 1)


async def _try_out(url: str, secret: str, kind: EventType) -> bool:
    """Whether it was delivered. The address may be any: who sits at the machine may call what they like."""
    from app.outbound.wire import request_of

    await _warn_of_blocked(url)
    now = datetime.now(UTC)
    event = example(kind, now)
    body = payload.body_of(event)
    headers = payload.headers(event.id, body, now, [secret])
    request = request_of(url, headers, body)
    click.echo(f"POST {request.url.raw_path.decode()} HTTP/1.1")
    for name, value in request.headers.raw:
        click.echo(f"{name.decode()}: {value.decode()}")
    click.echo(f"\n{body.decode()}\n")
    try:
        answer = await Outbound(allowed=ANYWHERE).post(url, headers, body)
    except NotSent as failure:
        click.echo(f"{outcomes.of_failure(failure).value}: {failure}")
        return False
    outcome = outcomes.of_status(answer.status)
    click.echo(f"HTTP/1.1 {answer.status}\n\n{answer.excerpt}\n\n{outcome.value}: {outcomes.ABOUT[outcome]}")
    return outcome.is_success


async def _warn_of_blocked(url: str) -> None:
    try:
        await Outbound(allowed=_settings().webhook_allow_networks).check(url)
    except Blocked:
        click.echo(
            "The server would not call this address, which is not a public one: see PICHUB_WEBHOOK_ALLOW_NETWORKS.\n",
            err=True,
        )


def _prepared(settings: Settings) -> FirstSignIn | None:
    with _told():
        return asyncio.run(prepare(settings))


@contextmanager
def _told() -> Iterator[None]:
    """Ends the program with a line where the secrets can't be read."""
    try:
        yield
    except BadKeyring as error:
        sys.exit(f"pichub: {error}")


def _settings(**options: Any) -> Settings:
    try:
        return replace(
            Settings.load(), **{name: value for name, value in options.items() if value is not None}
        )
    except BadSetting as error:
        sys.exit(f"pichub: {error}")


def _welcome(settings: Settings, first: FirstSignIn | None) -> str:
    url = settings.url
    addresses = f"""PicHub runs at {url}

  REST      {url}/v1
  GraphQL   {url}/graphql    (open it in a browser to explore)
  images    {url}/img
  data      {settings.data_dir.resolve()}
"""
    return f"{addresses}\n{_once(first)}" if first else addresses


def _once(first: FirstSignIn) -> str:
    return f"""The first account was made. Keep this: it is shown only once.

  sign-in     {first.username} / {first.password}
  API token   {first.token}
"""
