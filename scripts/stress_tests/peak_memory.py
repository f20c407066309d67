"""What a server's processes take while they are tortured: the most of it, seen ten times a second."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

from scripts.benchmarks.processes import Tree

EACH = 0.1
LISTENING = "0A"


@dataclass
class Peak:
    """`memory` is the most MB that the whole tree had, each shared page counted once."""

    tree: Tree
    memory: float = 0.0
    _end: Event = field(default_factory=Event)

    def descriptors(self) -> int:
        """Open files and sockets of the first process."""
        return len(list(Path(f"/proc/{self.tree.pid}/fd").iterdir()))

    def connections(self, port: int) -> int:
        """Open connections at the port, of those of the first process."""
        mine = set()
        for link in Path(f"/proc/{self.tree.pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                mine.add(str(link.readlink()))
        lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        here = f":{port:04X}"
        return sum(
            local.endswith(here) and state != LISTENING and f"socket:[{inode}]" in mine
            for _, local, _, state, *_, inode in (line[:10] for line in lines)
        )

    def main_memory(self) -> float:
        """MB of the first process alone, which outlives what it is asked for."""
        return _resident(self.tree.pid)

    def look(self) -> None:
        while not self._end.wait(EACH):
            self.memory = max(self.memory, self.tree.memory())

    def end(self) -> None:
        self._end.set()


@contextmanager
def watched(tree: Tree) -> Iterator[Peak]:
    watch = Peak(tree)
    looking = Thread(target=watch.look, daemon=True)
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
