# ruff: noqa: S603, S607  (git is what the system has)
"""The earlier states of PicHub whose databases differ, taken from the history of this repository."""

import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from scripts.benchmarks.processes import Failed
from scripts.stress_tests.server import ROOT

MIGRATIONS = "app/migrations"
RUN = "from app.cli import main; main()"


@dataclass(frozen=True, slots=True)
class State:
    """The last commit whose newest migration is `name`."""

    commit: str
    name: str

    @contextmanager
    def code(self, folder: Path) -> Iterator[tuple[list[str], dict[str, str]]]:
        """A command that runs PicHub as it was, and the environment for it. It takes today's packages."""
        target = folder / f"code-{self.name}"
        target.mkdir(parents=True)
        with tarfile.open(fileobj=BytesIO(_git("archive", self.commit, "app", "compat_rest"))) as archive:
            archive.extractall(target, filter="data")
        yield [sys.executable, "-c", RUN], {"PYTHONPATH": str(target)}


def states() -> list[State]:
    """Oldest first, one for each migration that the main line has had as its newest. Raises Failed."""
    found: dict[str, str] = {}
    for commit in _git("rev-list", "--first-parent", "--reverse", "HEAD").decode().split():
        files = _git("ls-tree", "--name-only", commit, f"{MIGRATIONS}/").decode().split()
        names = sorted(Path(file).stem for file in files if "__" not in file)
        if names:  # the last commit that had it: the first may have been mended since
            found[names[-1]] = commit
    if len(found) < 2:
        raise Failed("the history does not tell of earlier states: a shallow clone has none")
    return [State(commit, name) for name, commit in found.items()]


def _git(*arguments: str) -> bytes:
    done = subprocess.run(["git", *arguments], check=False, capture_output=True, cwd=ROOT)
    if done.returncode:
        raise Failed(f"git {' '.join(arguments)}: {done.stderr.decode()}")
    return done.stdout
