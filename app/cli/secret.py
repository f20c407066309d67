import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from app.cli.console import data_dir, error_output, load_settings
from app.lifespan import rotate_secret


@click.group()
def secret() -> None:
    """Manage the secret for signed URLs."""


@secret.command()
@click.option(
    "--keep-for",
    type=click.IntRange(0, 3650),
    default=7,
    show_default=True,
    metavar="DAYS",
    help="Days that URLs signed with the old secret stay valid; 0 ends them immediately.",
)
@data_dir
def rotate(keep_for: int, data_dir: Path | None) -> None:
    """Create a new secret. Running servers use it immediately."""
    settings = load_settings(data_dir=data_dir)
    if settings.url_secret:
        sys.exit(
            "pichub: PICHUB_URL_SECRET is set: move its value to PICHUB_URL_SECRET_OLD, set a new one, and start again"
        )
    with error_output():
        until = asyncio.run(rotate_secret(settings, datetime.now(UTC), keep_for=timedelta(days=keep_for)))
    click.echo(
        f"A new secret signs from now on. What the old one signed holds until {until:%Y-%m-%d %H:%M} UTC."
    )
