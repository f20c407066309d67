"""Whether the server of this machine is well, for what looks after processes and has no client of its own."""

import http.client
import sys

import click

from app.settings import BadSetting, Settings

LOOPBACK_OF = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


@click.command()
@click.option("--ready", is_flag=True, help="Ask /readyz, not /healthz: whether its engines answer too.")
@click.option("--worker", is_flag=True, help="Ask the worker on PICHUB_WORKER_PORT, not the server.")
@click.option("--timeout", type=float, default=3.0, show_default=True, help="Seconds to wait for an answer.")
def health(*, ready: bool, worker: bool, timeout: float) -> None:
    """Ask the server on PICHUB_HOST and PICHUB_PORT whether it is well; ends with 1 where it is not."""
    try:
        settings = Settings.load()
    except BadSetting as error:
        sys.exit(f"pichub: {error}")
    host = LOOPBACK_OF.get(settings.host, settings.host)
    port = settings.worker_port if worker else settings.port
    if not port:
        sys.exit("pichub: the worker listens nowhere: PICHUB_WORKER_PORT says where it should")
    asked = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        asked.request("GET", "/readyz" if ready else "/healthz")
        answer = asked.getresponse()
        body = answer.read(10_000).decode("utf-8", "replace").strip()
    except OSError as error:
        sys.exit(f"pichub: {host}:{port} does not answer: {error}")
    click.echo(body)
    if answer.status != 200:
        sys.exit(1)
