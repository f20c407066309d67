"""Peak memory of a server's processes, sampled ten times a second."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

from scripts.benchmarks.processes import ProcessTree

SAMPLE_INTERVAL_SECONDS = 0.1
TCP_LISTEN = "0A"


@dataclass
class PeakMemory:
    """`memory` is the peak in MB of the whole tree, each shared page counted once."""

    tree: ProcessTree
    memory: float = 0.0
    _end: Event = field(default_factory=Event)

    def descriptors(self) -> int:
        """Open files and sockets of the first process."""
        return len(list(Path(f"/proc/{self.tree.pid}/fd").iterdir()))

    def connections(self, port: int) -> int:
        """Open connections of the first process on this port."""
        mine = set()
        for link in Path(f"/proc/{self.tree.pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                mine.add(str(link.readlink()))
        lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        here = f":{port:04X}"
        return sum(
            local.endswith(here) and state != TCP_LISTEN and f"socket:[{inode}]" in mine
            for _, local, _, state, *_, inode in (line[:10] for line in lines)
        )

    def main_memory(self) -> float:
        """Resident MB of the first process."""
        return _resident(self.tree.pid)

    def sample(self) -> None:
        while not self._end.wait(SAMPLE_INTERVAL_SECONDS):
            self.memory = max(self.memory, self.tree.memory())

    def end(self) -> None:
        self._end.set()


@contextmanager
def watching_peak(tree: ProcessTree) -> Iterator[PeakMemory]:
    watch = PeakMemory(tree)
    looking = Thread(target=watch.sample, daemon=True)
    looking.start()
    try:
        yield watch
    finally:
        watch.end()
        looking.join()


def _resident(pid: int) -> float:
    with suppress(FileNotFoundError, ProcessLookupError):
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1024**2
    return 0.0
