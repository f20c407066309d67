"""`pichub copy-storage`: copies images between storages."""

import asyncio
import json
import sys
from pathlib import Path

import click

from app.cli.console import as_json, data_dir, load_settings
from app.errors import PicHubError, format_size
from app.lifespan import uncached_storage
from app.settings import BadSetting, Settings
from app.storage import copying
from app.storage.copying import CopyOutcome, CopySummary
from app.storage.keys import StoragePrefix
from app.storage.locations import Bucket, parse_location

MAX_FAILURES_SHOWN = 20


class StorageLocation(click.ParamType[Path | Bucket]):
    """A folder, or the URL of a folder or bucket."""

    name = "storage"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path | Bucket:
        try:
            return value if isinstance(value, Path | Bucket) else parse_location(str(value))
        except ValueError as error:
            self.fail(f"It must be {error}.", param, ctx)


@click.command(name="copy-storage")
@click.argument("source", type=StorageLocation(), metavar="FROM")
@click.argument("target", type=StorageLocation(), metavar="TO")
@click.option(
    "--all", "all_", is_flag=True, help="Also copy variants and intermediates, which can be recreated."
)
@click.option("--by-size", is_flag=True, help="Assume that existing objects of the same size are equal.")
@click.option(
    "--at-once",
    type=click.IntRange(1, 256),
    default=8,
    show_default=True,
    help="Objects to copy concurrently.",
)
@data_dir
@as_json
def copy_storage(
    source: Path | Bucket,
    target: Path | Bucket,
    *,
    all_: bool,
    by_size: bool,
    at_once: int,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """Copy images FROM one storage TO another: folders such as data/storage, or s3://bucket/prefix?endpoint=…

    Each copy is read back and its SHA-256 compared with the source. Existing equal objects are skipped, so that an
    interrupted copy can be continued. The source is not changed. To move a running server: copy, stop the server,
    copy again, and start it with the new PICHUB_STORAGE_URL.
    """
    settings = load_settings(data_dir=data_dir)
    rooms = list(StoragePrefix) if all_ else [StoragePrefix.ORIGINALS]
    if isinstance(source, Path) and not source.is_dir():
        raise click.UsageError(f"There is no folder {source}.")
    if source == target:
        raise click.UsageError("FROM and TO are the same.")
    try:
        summary = asyncio.run(_copy(settings, source, target, rooms, at_once=at_once, by_size=by_size))
    except (PicHubError, OSError, BadSetting) as error:
        raise click.ClickException(str(error)) from error
    _print(summary, as_json=as_json)
    sys.exit(1 if summary.failures else 0)


async def _copy(
    settings: Settings,
    source: Path | Bucket,
    target: Path | Bucket,
    rooms: list[StoragePrefix],
    *,
    at_once: int,
    by_size: bool,
) -> CopySummary:
    here, there = uncached_storage(source, settings), uncached_storage(target, settings)
    total = await copying.count_objects(here, rooms)
    with click.progressbar(length=total.count, label=format_size(total.size), file=sys.stderr) as bar:
        return await copying.copy(
            here, there, rooms, concurrency=at_once, by_size=by_size, progress=lambda: bar.update(1)
        )


def _print(summary: CopySummary, *, as_json: bool) -> None:
    if as_json:
        amounts = {
            outcome.name.lower(): {"count": amount.count, "bytes": amount.size}
            for outcome, amount in summary.amounts.items()
        }
        click.echo(json.dumps({**amounts, "failures": summary.failures}))
        return
    for outcome in CopyOutcome:
        amount = summary.amounts[outcome]
        click.echo(f"{amount.count:>10} {outcome} ({format_size(amount.size)})")
    for key, reason in list(summary.failures.items())[:MAX_FAILURES_SHOWN]:
        click.echo(f"pichub: {key}: {reason}", err=True)
    if len(summary.failures) > MAX_FAILURES_SHOWN:
        click.echo(f"pichub: and {len(summary.failures) - MAX_FAILURES_SHOWN} more", err=True)
    if summary.failures:
        click.echo("pichub: not all were copied; call it again to go on", err=True)
