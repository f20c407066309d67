# ruff: noqa: S603  (what is started here is named in this folder)
"""Programs that are started, watched and ended, each by its own process id."""

import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"
TICKS = os.sysconf("SC_CLK_TCK")
PSS = re.compile(r"^(Pss\w*):\s+(\d+) kB", re.MULTILINE)
PROCESS_CLOCK = 2
"""What makes a process id, inverted, the id of that process's clock: Linux, as clock_getcpuclockid(3) does."""
PATIENCE = 30.0
"""Seconds for a server to answer for the first time, or to end."""


class Failed(Exception):
    """A program did not do what it was started for; the text says which, and what it wrote."""


@contextmanager
def running(
    command: Sequence[str | Path], *, log: Path, cwd: Path, env: Mapping[str, str] | None = None
) -> Iterator["Tree"]:
    """A program and its children, until the end of the block. What it writes goes to `log`."""
    with log.open("wb") as written:
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=_environment(env or {}),
        )
    tree = Tree(process.pid)
    try:
        yield tree
    finally:
        _end(process, tree)


def _environment(added: Mapping[str, str]) -> dict[str, str]:
    """Ours without settings of a PicHub that may run here too."""
    return {k: v for k, v in os.environ.items() if not k.startswith("PICHUB_")} | dict(added)


def _end(process: "subprocess.Popen[bytes]", tree: "Tree") -> None:
    children = tree.pids()[1:]
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pid in children:
        if _parent(pid) == 1:  # orphaned by what we ended, and still there
            with suppress(ProcessLookupError):
                os.kill(pid, 15)


@dataclass(frozen=True, slots=True)
class Memory:
    """MB, each page shared in equal parts among those that map it (PSS). `anonymous` are those of no file."""

    whole: float = 0.0
    anonymous: float = 0.0

    def __add__(self, other: "Memory") -> "Memory":
        return Memory(self.whole + other.whole, self.anonymous + other.anonymous)


def memory(pid: int) -> Memory:
    """What one process has; nothing where it is gone."""
    with suppress(FileNotFoundError, ProcessLookupError):
        found = dict(PSS.findall(Path(f"/proc/{pid}/smaps_rollup").read_text()))
        return Memory(*(int(found.get(name, 0)) / 1024 for name in ("Pss", "Pss_Anon")))
    return Memory()


class Tree:
    """A process and all that descend from it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def pids(self) -> list[int]:
        """Parents before their children."""
        return [pid for generation in self.generations() for pid in generation]

    def generations(self) -> list[list[int]]:
        """The process, its children, theirs, and so on."""
        found = [[self.pid]]
        while children := [child for pid in found[-1] for child in _children(pid)]:
            found.append(children)
        return found

    def cpu(self) -> float:
        """Seconds of processor time so far, ended children included."""
        return sum(_cpu(pid) for pid in self.pids())

    def main_cpu(self) -> float:
        """The same, of the first process alone."""
        return _cpu(self.pid)

    def memory(self) -> float:
        """MB, each page shared in equal parts among those that map it (PSS)."""
        return sum(memory(pid).whole for pid in self.pids())

    def settle(self) -> None:
        """Returns when nothing has run for a while: what was left behind by a load is done."""
        for _ in range(100):
            before = self.cpu()
            time.sleep(0.15)
            if self.cpu() - before < 0.02:
                return


def is_running(pid: int) -> bool:
    """Whether there is more of it than what nobody has waited for yet."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return _fields(pid)[0] != "Z"
    return False


def _fields(pid: int) -> list[str]:
    """Those of proc(5)'s stat from the third on, its state."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _cpu(pid: int) -> float:
    """User and system time: its own by its clock, as the ticks of proc(5)'s stat are a hundredth of a second; that of
    children that were waited for from there, fields 16 and 17."""
    with suppress(FileNotFoundError, ProcessLookupError, OSError):
        fields = _fields(pid)
        return time.clock_gettime(~pid << 3 | PROCESS_CLOCK) + sum(map(int, fields[13:15])) / TICKS
    return 0.0


def _parent(pid: int) -> int | None:
    with suppress(FileNotFoundError, ProcessLookupError):
        return int(_fields(pid)[1])
    return None


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def first_answer(port: int, path: str) -> float:
    """Seconds from now to the first byte of any answer."""
    started = time.perf_counter()
    request = f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode()
    while time.perf_counter() - started < PATIENCE:
        with suppress(ConnectionError, TimeoutError), socket.create_connection((HOST, port), 5) as connection:
            connection.sendall(request)
            if connection.recv(1):
                return time.perf_counter() - started
        time.sleep(0.002)
    raise Failed(f"Nothing answered on port {port} within {PATIENCE:g} s")
