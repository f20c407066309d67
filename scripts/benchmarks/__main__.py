"""`scripts/bench transforms`, `scripts/bench lists` and `scripts/bench engines`."""

import sys
from pathlib import Path
from tempfile import gettempdir

import click

from scripts.benchmarks import codec
from scripts.benchmarks import engines as measured_engines
from scripts.benchmarks import lists as measured_lists
from scripts.benchmarks.comparison import LONG, SHORT, Comparison
from scripts.benchmarks.directus import directus
from scripts.benchmarks.image_quality import pictures, two_megapixels
from scripts.benchmarks.machine import about_this_machine, prepared, versions
from scripts.benchmarks.processes import Failed
from scripts.benchmarks.report import Report
from scripts.benchmarks.servers import servers

OTHERS = {"directus": directus}
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
    type=click.Choice(list(OTHERS)),
    multiple=True,
    help="A server that is heavy to install.",
)
@click.option("--quick", is_flag=True, help="Short times: to see that it runs, not to quote.")
@click.option("--json", "destination", type=Path, help="A file to write all figures to.")
@SCRATCH
def transforms(
    sections: list[str], others: tuple[str, ...], quick: bool, destination: Path | None, scratch: Path
) -> None:
    """Pictures transformed: speed, bytes, SSIM, hits, memory, beside sharp, ipx and thumbor."""
    report = Report()
    try:
        place = prepared(scratch, with_directus="directus" in others)
        about = versions(place, with_directus="directus" in others)
        report.say("\n".join(f"{name}: {value}" for name, value in about.items()))
        made = pictures(place.folder)
        if "codec" in sections:
            codec.measure(place, made, report, rounds=3 if quick else 11)
        if asked := [name for name in sections if name != "codec"]:
            with servers(place, made.photo, [OTHERS[name] for name in others]) as running:
                comparison = Comparison(place, made.photo, running, report, SHORT if quick else LONG)
                for name in asked:
                    getattr(comparison, name)()
    except Failed as error:
        sys.exit(f"bench: {error}")
    if destination:
        report.write(destination, about)


@main.command()
@click.option("--rows", "sizes", default="10000,1000000", callback=_numbers, help="How many, by commas.")
@click.option("--quick", is_flag=True, help="Short times: to see that it runs, not to quote.")
@click.option("--json", "destination", type=Path, help="A file to write all figures to.")
@SCRATCH
def lists(sizes: list[int], quick: bool, destination: Path | None, scratch: Path) -> None:
    """The newest images and uploads, beside Directus and Strawberry alone."""
    report = Report()
    try:
        place = prepared(scratch, with_directus=True)
        about = versions(place, with_directus=True)
        report.say("\n".join(f"{name}: {value}" for name, value in about.items()))
        photo = two_megapixels(place.folder)
        measured_lists.measure(
            place, photo, report, sizes=sizes, times=measured_lists.SHORT if quick else measured_lists.LONG
        )
    except Failed as error:
        sys.exit(f"bench: {error}")
    if destination:
        report.write(destination, about)


@main.command()
@click.option("--quick", is_flag=True, help="Short times: to see that it runs, not to quote.")
@click.option("--json", "destination", type=Path, help="A file to write all figures to.")
@SCRATCH
def engines(quick: bool, destination: Path | None, scratch: Path) -> None:
    """PicHub on SQLite and a folder, on PostgreSQL, Valkey and SeaweedFS, and there with two servers."""
    report = Report()
    try:
        about = about_this_machine()
        report.say("\n".join(f"{name}: {value}" for name, value in about.items()))
        scratch.mkdir(parents=True, exist_ok=True)
        photo = two_megapixels(scratch.resolve())
        times = measured_lists.SHORT if quick else measured_lists.LONG
        measured_engines.measure(scratch.resolve(), photo, report, times=times)
    except Failed as error:
        sys.exit(f"bench: {error}")
    if destination:
        report.write(destination, about)


if __name__ == "__main__":
    main()
