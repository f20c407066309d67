# ruff: noqa: S603, S607  (git from the PATH)
"""Earlier versions of PicHub with other database schemas, from the history of this repository."""

import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from scripts.benchmarks.processes import ProcessFailed
from scripts.stress_tests.server import ROOT

MIGRATIONS = "app/migrations"
MAIN = "from app.cli import main; main()"


@dataclass(frozen=True, slots=True)
class ReleasedState:
    """The last commit whose newest migration is `name`."""

    commit: str
    name: str

    @contextmanager
    def code(self, folder: Path) -> Iterator[tuple[list[str], dict[str, str]]]:
        """Yield a command that runs this version, and its environment. It uses today's packages."""
        target = folder / f"code-{self.name}"
        target.mkdir(parents=True)
        with tarfile.open(fileobj=BytesIO(_git("archive", self.commit, "app", "compat_rest"))) as archive:
            archive.extractall(target, filter="data")
        yield [sys.executable, "-c", MAIN], {"PYTHONPATH": str(target)}


def released_states() -> list[ReleasedState]:
    """Return one version per migration of the main branch, oldest first. Raises ProcessFailed."""
    found: dict[str, str] = {}
    for commit in _git("rev-list", "--first-parent", "--reverse", "HEAD").decode().split():
        files = _git("ls-tree", "--name-only", commit, f"{MIGRATIONS}/").decode().split()
        names = sorted(Path(file).stem for file in files if "__" not in file)
        if names:  # the last commit with this migration: the first may have been fixed since
            found[names[-1]] = commit
    if len(found) < 2:
        raise ProcessFailed("the history does not tell of earlier states: a shallow clone has none")
    return [ReleasedState(commit, name) for name, commit in found.items()]


def _git(*arguments: str) -> bytes:
    done = subprocess.run(["git", *arguments], check=False, capture_output=True, cwd=ROOT)
    if done.returncode:
        raise ProcessFailed(f"git {' '.join(arguments)}: {done.stderr.decode()}")
    return done.stdout
