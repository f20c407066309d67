"""`pichub health`: health check for process managers without an HTTP client."""

import http.client
import sys

import click

from app.settings import BadSetting, Settings

LOOPBACK_OF = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


@click.command()
@click.option("--ready", is_flag=True, help="Check /readyz, which includes its engines, instead of /healthz.")
@click.option("--worker", is_flag=True, help="Check the worker on PICHUB_WORKER_PORT instead of the server.")
@click.option("--timeout", type=float, default=3.0, show_default=True, help="Seconds to wait for a response.")
def health(*, ready: bool, worker: bool, timeout: float) -> None:
    """Check the server on PICHUB_HOST and PICHUB_PORT; exits with 1 if it is not healthy."""
    try:
        settings = Settings.load()
    except BadSetting as error:
        sys.exit(f"pichub: {error}")
    host = LOOPBACK_OF.get(settings.host, settings.host)
    port = settings.worker_port if worker else settings.port
    if not port:
        sys.exit("pichub: the worker has no port; set PICHUB_WORKER_PORT")
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
