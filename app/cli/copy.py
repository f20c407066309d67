import asyncio
import sys

import click

from app.cli.console import error_output
from app.db.copying import CopyRefused, copying


@click.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
def copy_database(source: str, target: str) -> None:
    """Copy all rows from one database to another, empty one.

    Both are URLs: sqlite:////var/lib/pichub/pichub.db, postgres://user:password@host/database. Stop servers and
    workers first. Run the command again to continue an interrupted copy. Images are not copied.
    """
    try:
        with error_output():
            asyncio.run(_copy(source, target))
    except (CopyRefused, ValueError) as error:  # not a valid URL
        raise click.ClickException(str(error)) from error


async def _copy(source: str, target: str) -> None:
    async with copying(source, target) as copy:
        with click.progressbar(length=copy.total, label="Copying", file=sys.stderr) as bar:
            await copy.run(bar.update)
            bar.label = "Comparing"
            await copy.compare(bar.update)
        await copy.finish()
    click.echo(
        f"{copy.total // 3} rows were copied, and are the same on both sides. Set PICHUB_DATABASE_URL to the new one."
    )
