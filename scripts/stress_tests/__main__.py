"""`scripts/stress NAME`: run one suite, print its figures, and exit with 1 if a check failed."""

import importlib
import pkgutil
import secrets
import sys
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import click

from scripts.benchmarks.processes import ProcessFailed
from scripts.stress_tests import suites
from scripts.stress_tests.options import StressOptions
from scripts.stress_tests.report import StressReport

NAMES = [module.name for module in pkgutil.iter_modules(suites.__path__)]


@click.command()
@click.argument("name", type=click.Choice(NAMES))
@click.option("--quick", is_flag=True, help="A short run: to see that it runs, not to quote.")
@click.option("--seed", type=int, help="What is random is the same with the same seed.")
@click.option("--minutes", type=float, help="End after this time, and say how far it got.")
@click.option("--json", "destination", type=Path, help="A file to write all figures to.")
@click.option("--keep", is_flag=True, help="Keep the folder with the data and the log.")
def main(
    name: str,
    *,
    quick: bool,
    seed: int | None,
    minutes: float | None,
    destination: Path | None,
    keep: bool,
) -> None:
    """Stress a real server and check that it keeps its guarantees."""
    seed = secrets.randbelow(1_000_000) if seed is None else seed
    report = StressReport(name, seed)
    folder = Path(mkdtemp(prefix=f"pichub-{name}-"))
    report.say(f"{name}, seed {seed}, in {folder}")
    seconds = minutes * 60 if minutes else None
    try:
        suite = importlib.import_module(f"{suites.__name__}.{name}")
        suite.run(StressOptions(folder=folder, seed=seed, quick=quick, seconds=seconds), report)
    except ProcessFailed as error:
        report.failure(f"it could not be run to its end: {error}")
    if destination:
        report.write(destination)
    if keep or report.failures:
        report.say(f"the data and the log are in {folder}")
    else:
        rmtree(folder, ignore_errors=True)
    click.echo(report.summary_line)
    sys.exit(bool(report.failures))


if __name__ == "__main__":
    main()
