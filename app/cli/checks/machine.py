"""Checks of the machine: data folder, disk, and codecs."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from app.cli.checks.findings import Finding
from app.errors import format_size
from app.imaging import codecs
from app.settings import Settings

SECRETS = "url-secrets.json"
WARN_BELOW_FACTOR = 4
"""Warn if less than this multiple of the required free space is available."""


def check(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir
    if not folder.exists():
        yield Finding.warning(
            "data folder", f"{folder} does not exist", "the first start makes it, if it may: 'pichub serve'"
        )
    else:
        yield from _permissions(folder)
        yield _disk_space(folder, settings.min_free_disk)
    yield _codecs()


def _permissions(folder: Path) -> Iterator[Finding]:
    shut = [path for path in (folder, *folder.glob("pichub.db*")) if not os.access(path, os.R_OK | os.W_OK)]
    if shut:
        yield Finding.problem(
            "data folder",
            f"{shut[0]} can't be written to by this user ({os.geteuid()})",
            f"run as its owner ({shut[0].stat().st_uid}), or give it to this user with chown -R",
        )
    elif folder.stat().st_mode & stat.S_IWOTH:
        yield Finding.problem("data folder", f"everybody may write to {folder}", f"chmod o-w {folder}")
    else:
        yield Finding.ok("data folder", f"{folder.resolve()} can be written to")
    secrets = folder / SECRETS
    if secrets.exists() and secrets.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield Finding.problem("secrets", f"others than its owner may read {secrets}", f"chmod 600 {secrets}")
    elif secrets.exists():
        yield Finding.ok("secrets", f"{secrets.name} is its owner's alone")


def _disk_space(folder: Path, floor: int) -> Finding:
    usage = shutil.disk_usage(folder)
    free = f"{format_size(usage.free)} of {format_size(usage.total)} are free"
    if usage.free < floor:
        return Finding.problem(
            "disk",
            f"{free}, and uploads stop below {format_size(floor)}",
            "make room, or take a larger disk",
        )
    if usage.free < WARN_BELOW_FACTOR * floor:
        return Finding.warning("disk", free, f"uploads stop when less than {format_size(floor)} are")
    return Finding.ok("disk", free)


def _codecs() -> Finding:
    missing = codecs.missing_codecs()
    if missing:
        return Finding.problem(
            "codecs",
            f"Pillow lacks {', '.join(missing)}",
            "install Pillow from its wheels: they have them all",
        )
    return Finding.ok("codecs", "JPEG, PNG, WebP, GIF and AVIF")
