"""Find breaking changes of `schema.graphql` since the last release: python -m scripts.breaks [FOLDER]

The last release is the newest tag `v*` among the ancestors of this commit. Breaking changes need a new major version,
or before 1.0 a new minor version (semver.org).
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
    """`breaking` changes fail existing operations or code; `dangerous` changes may alter their behaviour."""

    breaking: list[str]
    dangerous: list[str]


@dataclass(frozen=True, slots=True)
class Release:
    tag: str
    schema: str


def changes(before: str, after: str) -> Changes:
    """Compare two schemas in SDL."""
    old, new = build_schema(before), build_schema(after)
    return Changes(
        breaking=[change.description for change in find_breaking_changes(old, new)],
        dangerous=[change.description for change in find_dangerous_changes(old, new)],
    )


def last_release(folder: Path) -> Release | None:
    """Return the last release, or None if git, its tag or its schema is missing. A shallow clone has no tags."""
    tag = _git(folder, "describe", "--tags", "--match", "v[0-9]*", "--abbrev=0")
    schema = tag and _git(folder, "show", f"{tag.strip()}:{FILE}")
    return Release(tag.strip(), schema) if tag and schema else None


def may_break(tag: str, version: str) -> bool:
    """Return whether the version allows breaking changes since the release with this tag."""
    return _compatible_with(version) != _compatible_with(tag)


def main(folder: Path) -> int:
    release = last_release(folder)
    if release is None:
        click.echo(f"{FILE}: no release to compare with: git has no tag v*")
        return 0
    version = tomllib.loads((folder / "pyproject.toml").read_text())["project"]["version"]
    found = changes(release.schema, (folder / FILE).read_text())
    for change in found.dangerous:
        click.echo(f"{FILE}: dangerous since {release.tag}: {change}")
    for change in found.breaking:
        click.echo(f"{FILE}: breaks {release.tag}: {change}")
    if found.breaking and not may_break(release.tag, version):
        click.echo(
            f"{FILE}: {version} must not break {release.tag}: deprecate first, or increase the version"
        )
        return 1
    return 0


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        command = ["git", "-C", str(folder), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return None


def _compatible_with(version: str) -> tuple[int, ...]:
    """Return the leading numbers, equal for compatible versions."""
    numbers = [int(number) for number in re.findall(r"\d+", version)[:2]]
    return tuple(numbers) if numbers[0] == 0 else (numbers[0],)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
