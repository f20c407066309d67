"""`scripts/bench transforms`, `scripts/bench lists` and `scripts/bench engines`."""

import sys
from pathlib import Path
from tempfile import gettempdir

import click

from scripts.benchmarks import codec
from scripts.benchmarks import engines as measured_engines
from scripts.benchmarks import lists as measured_lists
from scripts.benchmarks.benchmark_images import benchmark_images, two_megapixels
from scripts.benchmarks.comparison import LONG, SHORT, Comparison
from scripts.benchmarks.directus import directus
from scripts.benchmarks.machine import machine_description, prepare, versions
from scripts.benchmarks.processes import ProcessFailed
from scripts.benchmarks.report import BenchmarkReport
from scripts.benchmarks.servers import servers

EXTRA_SERVERS = {"directus": directus}
SECTIONS = ("codec", "uncached", "hits", "coalescing", "memory")
SCRATCH = click.option(
    "--scratch",
    type=Path,
    default=Path(gettempdir(), "pichub-bench"),
    show_default=True,
    help="Where peers are installed.",
)


@click.group()
def main() -> None:
    """Measure PicHub beside its peers."""


def _sections(_: click.Context, __: click.Parameter, text: str) -> list[str]:
    names = text.split(",")
    if unknown := set(names) - set(SECTIONS):
        raise click.BadParameter(f"{', '.join(sorted(unknown))}: one or more of {','.join(SECTIONS)}")
    return names


def _numbers(_: click.Context, __: click.Parameter, text: str) -> list[int]:
    try:
        return [int(number) for number in text.split(",")]
    except ValueError as error:
        raise click.BadParameter("whole numbers, by commas") from error


@main.command()
@click.option(
    "--only", "sections", default=",".join(SECTIONS), callback=_sections, help="Sections, by commas."
)
@click.option(
    "--with",
    "others",
    type=click.Choice(list(EXTRA_SERVERS)),
    multiple=True,
    help="A server that is heavy to install.",
)
@click.option("--quick", is_flag=True, help="Short times: to see that it runs, not to quote.")
@click.option("--json", "destination", type=Path, help="A file to write all figures to.")
@SCRATCH
def transforms(
    sections: list[str], others: tuple[str, ...], quick: bool, destination: Path | None, scratch: Path
) -> None:
    """Image transforms: speed, bytes, SSIM, cached responses and memory, beside sharp, ipx and thumbor."""
    report = BenchmarkReport()
    try:
        place = prepare(scratch, with_directus="directus" in others)
        about = versions(place, with_directus="directus" in others)
        report.say("\n".join(f"{name}: {value}" for name, value in about.items()))
        made = benchmark_images(place.folder)
        if "codec" in sections:
            codec.measure(place, made, report, rounds=3 if quick else 11)
        if measured := [name for name in sections if name != "codec"]:
            with servers(place, made.photo, [EXTRA_SERVERS[name] for name in others]) as running:
                comparison = Comparison(place, made.photo, running, report, SHORT if quick else LONG)
                for name in measured:
                    getattr(comparison, name)()
    except ProcessFailed as error:
        sys.exit(f"bench: {error}")
    if destination:
        report.write(destination, about)


@main.command()
@click.option("--rows", "sizes", default="10000,1000000", callback=_numbers, help="How many, by commas.")
@click.option("--quick", is_flag=True, help="Short times: to see that it runs, not to quote.")
@click.option("--json", "destination", type=Path, help="A file to write all figures to.")
@SCRATCH
def lists(sizes: list[int], quick: bool, destination: Path | None, scratch: Path) -> None:
    """Lists of the newest images and uploads, beside Directus and bare Strawberry."""
    report = BenchmarkReport()
    try:
        place = prepare(scratch, with_directus=True)
        about = versions(place, with_directus=True)
        report.say("\n".join(f"{name}: {value}" for name, value in about.items()))
        photo = two_megapixels(place.folder)
        measured_lists.measure(
            place, photo, report, sizes=sizes, times=measured_lists.SHORT if quick else measured_lists.LONG
        )
    except ProcessFailed as error:
        sys.exit(f"bench: {error}")
    if destination:
        report.write(destination, about)


@main.command()
@click.option("--quick", is_flag=True, help="Short times: to see that it runs, not to quote.")
@click.option("--json", "destination", type=Path, help="A file to write all figures to.")
@SCRATCH
def engines(quick: bool, destination: Path | None, scratch: Path) -> None:
    """PicHub on SQLite and a folder, and on PostgreSQL, Valkey and SeaweedFS with one and two servers."""
    report = BenchmarkReport()
    try:
        about = machine_description()
        report.say("\n".join(f"{name}: {value}" for name, value in about.items()))
        scratch.mkdir(parents=True, exist_ok=True)
        photo = two_megapixels(scratch.resolve())
        times = measured_lists.SHORT if quick else measured_lists.LONG
        measured_engines.measure(scratch.resolve(), photo, report, times=times)
    except ProcessFailed as error:
        sys.exit(f"bench: {error}")
    if destination:
        report.write(destination, about)


if __name__ == "__main__":
    main()
