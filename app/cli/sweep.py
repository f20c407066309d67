import json
import sys
from typing import Any

import click

from app.cli.console import as_json, console_command, print_table
from app.context import Context
from app.errors import format_size
from app.jobs.cleanup import runner
from app.jobs.cleanup.report import CleanupReport
from app.jobs.leases import LeaseLost, LeaseTaken
from app.storage.base import StorageTotals


@click.command()
@click.option("--dry-run", is_flag=True, help="Only show what would be removed.")
@click.option("--force", is_flag=True, help="Remove originals without a row regardless of their number.")
@as_json
@console_command
async def sweep(ctx: Context, *, dry_run: bool, force: bool, as_json: bool) -> None:
    """Remove unused data; works while servers run.

    That is: objects without an image, variants over PICHUB_VARIANTS_SIZE, remains of interrupted uploads, and rows
    past their retention.
    """
    work = runner.dry_run if dry_run else runner.clean_up
    try:
        report = await work(ctx.services, force=force)
    except (LeaseTaken, LeaseLost) as error:
        raise click.ClickException("Another process is sweeping; ask again in a few minutes") from error
    if as_json:
        click.echo(json.dumps(_facts(report, dry_run=dry_run)))
    else:
        print_table(
            _lines(report), ("would_remove" if dry_run else "removed", "count", "size"), as_json=False
        )
    for name, failure in report.failed.items():
        click.echo(f"pichub: {name}: {failure}", err=True)
    if report.withheld:
        click.echo(f"pichub: {report.withheld} If it is, say --force.", err=True)
    if report.failed or report.withheld:
        sys.exit(1)


def _lines(report: CleanupReport) -> list[dict[str, Any]]:
    lines = {**report.removed, "all": report.total}
    return [
        {"removed": name, "would_remove": name, "count": amount.count, "size": format_size(amount.size)}
        for name, amount in lines.items()
    ]


def _facts(report: CleanupReport, *, dry_run: bool) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        "removed": {name.replace(" ", "_"): _amount(amount) for name, amount in report.removed.items()},
        "total": _amount(report.total),
        "held_back": _amount(report.withheld.orphans) if report.withheld else None,
        "failed": {name.replace(" ", "_"): str(failure) for name, failure in report.failed.items()},
    }


def _amount(amount: StorageTotals) -> dict[str, int]:
    return {"count": amount.count, "bytes": amount.size}
