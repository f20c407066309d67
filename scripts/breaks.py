"""What `schema.graphql` breaks of the last release's. `scripts/check` runs it: python -m scripts.breaks [FOLDER]

The last release is the newest tag `v*` that leads to this commit. Only a version that says so may break what it has:
another major one, and before 1.0 another minor one (semver.org).
"""

import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import click
from graphql import build_schema, find_breaking_changes, find_dangerous_changes

FILE = "schema.graphql"


@dataclass(frozen=True, slots=True)
class Changes:
    """`breaking` fails operations or code that held before; `dangerous` may surprise them."""

    breaking: list[str]
    dangerous: list[str]


@dataclass(frozen=True, slots=True)
class Release:
    tag: str
    schema: str


def changes(before: str, after: str) -> Changes:
    """What became of one schema in another, each as SDL."""
    old, new = build_schema(before), build_schema(after)
    return Changes(
        breaking=[change.description for change in find_breaking_changes(old, new)],
        dangerous=[change.description for change in find_dangerous_changes(old, new)],
    )


def last_release(folder: Path) -> Release | None:
    """None where git, the tags or the tagged schema are not to be had: a shallow clone has no tags."""
    tag = _git(folder, "describe", "--tags", "--match", "v[0-9]*", "--abbrev=0")
    schema = tag and _git(folder, "show", f"{tag.strip()}:{FILE}")
    return Release(tag.strip(), schema) if tag and schema else None


def may_break(tag: str, version: str) -> bool:
    """Whether a version may break what the release with this tag had."""
    return _compatible_with(version) != _compatible_with(tag)


def main(folder: Path) -> int:
    release = last_release(folder)
    if release is None:
        click.echo(f"{FILE}: no release to compare with: git has no tag v* here")
        return 0
    version = tomllib.loads((folder / "pyproject.toml").read_text())["project"]["version"]
    found = changes(release.schema, (folder / FILE).read_text())
    for change in found.dangerous:
        click.echo(f"{FILE}: dangerous since {release.tag}: {change}")
    for change in found.breaking:
        click.echo(f"{FILE}: breaks {release.tag}: {change}")
    if found.breaking and not may_break(release.tag, version):
        click.echo(f"{FILE}: {version} may not break {release.tag}: deprecate first, or raise the version")
        return 1
    return 0


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        command = ["git", "-C", str(folder), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return None


def _compatible_with(version: str) -> tuple[int, ...]:
    """The leading numbers, which all versions share that do not break one another."""
    numbers = [int(number) for number in re.findall(r"\d+", version)[:2]]
    return tuple(numbers) if numbers[0] == 0 else (numbers[0],)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
