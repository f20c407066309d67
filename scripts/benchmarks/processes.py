# ruff: noqa: S603  (the commands are constants of this folder)
"""Child processes, started, measured and ended by process id."""

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
"""Converts an inverted process id to the id of its CPU clock on Linux, as clock_getcpuclockid(3) does."""
START_TIMEOUT_SECONDS = 30.0
"""Time for a server to respond for the first time, or to end."""


class ProcessFailed(Exception):
    """A program failed; the text names it and has its output."""


@contextmanager
def running(
    command: Sequence[str | Path], *, log: Path, cwd: Path, env: Mapping[str, str] | None = None
) -> Iterator["ProcessTree"]:
    """Run a program and its children until the block ends. Its output goes to `log`."""
    with log.open("wb") as written:
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=_environment(env or {}),
        )
    tree = ProcessTree(process.pid)
    try:
        yield tree
    finally:
        _end(process, tree)


def _environment(added: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without PicHub's settings."""
    return {k: v for k, v in os.environ.items() if not k.startswith("PICHUB_")} | dict(added)


def _end(process: "subprocess.Popen[bytes]", tree: "ProcessTree") -> None:
    children = tree.pids()[1:]
    process.terminate()
    try:
        process.wait(START_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pid in children:
        if _parent(pid) == 1:  # orphaned when its parent ended
            with suppress(ProcessLookupError):
                os.kill(pid, 15)


@dataclass(frozen=True, slots=True)
class Memory:
    """MB of proportional set size (PSS): shared pages count in equal parts. `anonymous` excludes mapped files."""

    whole: float = 0.0
    anonymous: float = 0.0

    def __add__(self, other: "Memory") -> "Memory":
        return Memory(self.whole + other.whole, self.anonymous + other.anonymous)


def memory(pid: int) -> Memory:
    """Return the memory of one process; zero if it is gone."""
    with suppress(FileNotFoundError, ProcessLookupError):
        found = dict(PSS.findall(Path(f"/proc/{pid}/smaps_rollup").read_text()))
        return Memory(*(int(found.get(name, 0)) / 1024 for name in ("Pss", "Pss_Anon")))
    return Memory()


class ProcessTree:
    """A process and all its descendants."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def pids(self) -> list[int]:
        """Return process ids, parents before children."""
        return [pid for generation in self.generations() for pid in generation]

    def generations(self) -> list[list[int]]:
        """Return the process, its children, their children, and so on."""
        found = [[self.pid]]
        while children := [child for pid in found[-1] for child in _children(pid)]:
            found.append(children)
        return found

    def cpu(self) -> float:
        """Return CPU seconds so far, ended children included."""
        return sum(_cpu(pid) for pid in self.pids())

    def main_cpu(self) -> float:
        """Return CPU seconds of the first process alone."""
        return _cpu(self.pid)

    def memory(self) -> float:
        """Return the PSS of all processes in MB."""
        return sum(memory(pid).whole for pid in self.pids())

    def settle(self) -> None:
        """Wait until the processes are idle, so that earlier load is finished."""
        for _ in range(100):
            before = self.cpu()
            time.sleep(0.15)
            if self.cpu() - before < 0.02:
                return


def is_running(pid: int) -> bool:
    """Return True if the process exists and is no zombie."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return _fields(pid)[0] != "Z"
    return False


def _fields(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from the third (the state) on; see proc(5)."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _cpu(pid: int) -> float:
    """Return user and system seconds.

    The process's own come from its clock, since ticks are hundredths of a second; those of waited-for children from
    fields 16 and 17 of /proc/PID/stat.
    """
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


def wait_until_ready(port: int, path: str) -> float:
    """Wait for the first byte of a response and return the seconds it took."""
    started = time.perf_counter()
    request = f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode()
    while time.perf_counter() - started < START_TIMEOUT_SECONDS:
        with suppress(ConnectionError, TimeoutError), socket.create_connection((HOST, port), 5) as connection:
            connection.sendall(request)
            if connection.recv(1):
                return time.perf_counter() - started
        time.sleep(0.002)
    raise ProcessFailed(f"Nothing answered on port {port} within {START_TIMEOUT_SECONDS:g} s")
