import asyncio
import sys
from datetime import UTC, datetime

import click

from app.cli.console import load_settings
from app.client_address import parse_networks
from app.events.catalogue import EventType
from app.outbound.post import Outbound
from app.outbound.results import Blocked, InvalidUrl, NotSent
from app.webhooks import outcomes, payload
from app.webhooks.examples import example
from app.webhooks.signatures import InvalidSecret

ALL_NETWORKS = parse_networks("0.0.0.0/0, ::/0")


@click.group()
def webhook() -> None:
    """Tools for webhook receivers."""


@webhook.command(name="test")
@click.argument("url")
@click.option("--secret", required=True, help="The webhook's secret, whsec_…")
@click.option(
    "--type",
    "type_",
    type=click.Choice([kind.value for kind in EventType]),
    default=EventType.PING.value,
    show_default=True,
    help="Type of the event.",
)
def test_webhook(url: str, secret: str, type_: str) -> None:
    """Send a signed example event to URL, and show request and response."""
    try:
        delivered = asyncio.run(_try_out(url, secret, EventType(type_)))
    except (InvalidSecret, InvalidUrl) as error:
        sys.exit(f"pichub: {error}")
    sys.exit(0 if delivered else 1)


async def _try_out(url: str, secret: str, kind: EventType) -> bool:
    """Return True if it was delivered. Any address is allowed here."""
    from app.outbound.transport import request_of

    await _warn_of_blocked(url)
    now = datetime.now(UTC)
    event = example(kind, now)
    body = payload.serialize(event)
    headers = payload.headers(event.id, body, now, [secret])
    request = request_of(url, headers, body)
    click.echo(f"POST {request.url.raw_path.decode()} HTTP/1.1")
    for name, value in request.headers.raw:
        click.echo(f"{name.decode()}: {value.decode()}")
    click.echo(f"\n{body.decode()}\n")
    try:
        answer = await Outbound(allowed=ALL_NETWORKS).post(url, headers, body)
    except NotSent as failure:
        click.echo(f"{outcomes.outcome_of_failure(failure).value}: {failure}")
        return False
    outcome = outcomes.outcome_of_status(answer.status)
    click.echo(
        f"HTTP/1.1 {answer.status}\n\n{answer.excerpt}\n\n{outcome.value}: {outcomes.DESCRIPTIONS[outcome]}"
    )
    return outcome.is_success


async def _warn_of_blocked(url: str) -> None:
    try:
        await Outbound(allowed=load_settings().webhook_allow_networks).check(url)
    except Blocked:
        click.echo(
            "The server would not call this address, which is not a public one: see PICHUB_WEBHOOK_ALLOW_NETWORKS.\n",
            err=True,
        )
