# ruff: noqa: S603, S607  (mount from the PATH)
"""A small tmpfs, which root may mount."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import disk_usage

from scripts.benchmarks.processes import ProcessFailed

MEGABYTE = 1 << 20


class SmallDisk:
    """A small disk. `fill` uses up its space, as another program would; `release` frees it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    @property
    def free(self) -> int:
        return disk_usage(self.folder).free

    def fill(self, left: int = 0) -> None:
        """Leave `left` bytes free, to a page."""
        with self._ballast.open("ab") as ballast:
            while (room := self.free - left) > 0:
                try:
                    os.posix_fallocate(ballast.fileno(), ballast.seek(0, os.SEEK_END), room)
                except OSError:  # another process was faster: measure again
                    continue

    def allocate(self, size: int) -> None:
        """Use up `size` bytes."""
        self.fill(left=self.free - size)

    def release(self) -> None:
        self._ballast.unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[SmallDisk]:
    """Mount a disk until the block ends. Raises ProcessFailed if it can't be mounted."""
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=700", "tmpfs", str(folder)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise ProcessFailed(f"a small disk can't be mounted here, root must run this: {done.stderr.strip()}")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False, capture_output=True)
