"""Jobs for the pool's tests that do to a worker what hostile pictures do."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

from app.imaging.limits import Admit


@dataclass
class Say:
    word: str

    def run(self, admit: Admit) -> str:
        return self.word


@dataclass
class Die:
    by: signal.Signals = signal.SIGKILL

    def run(self, admit: Admit) -> None:
        os.kill(os.getpid(), self.by)


@dataclass
class Hang:
    """For ever, in C, with signals ignored; says that it runs by making a file."""

    started: Path

    def run(self, admit: Admit) -> None:
        self.started.touch()
        signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))
        signal.pause()


@dataclass
class Fill:
    size: int

    def run(self, admit: Admit) -> int:
        return len(bytearray(self.size))


@dataclass
class Hold:
    """So many million pixels, until there is a file."""

    pixels: int
    until: Path

    def run(self, admit: Admit) -> int:
        admit(self.pixels * 1_000_000)
        while not self.until.exists():
            os.sched_yield()
        return self.pixels


@dataclass
class Stumble:
    def run(self, admit: Admit) -> None:
        raise ZeroDivisionError("over nothing")


@dataclass
class Pid:
    def run(self, admit: Admit) -> int:
        return os.getpid()


@dataclass
class Modules:
    """The worker's `__main__`, and whether it knows of the server's machinery."""

    def run(self, admit: Admit) -> tuple[str, bool]:
        import sys

        return str(getattr(sys.modules["__main__"], "__file__", "none")), "asyncio" in sys.modules
