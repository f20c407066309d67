"""Jobs for the worker pool's tests: hanging, crashing and allocating, as malformed images may cause."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

from app.imaging.limits import Admit


@dataclass
class EchoJob:
    text: str

    def run(self, admit: Admit) -> str:
        return self.text


@dataclass
class SignalSelfJob:
    """Send a signal to the worker's own process."""

    number: signal.Signals = signal.SIGKILL

    def run(self, admit: Admit) -> None:
        os.kill(os.getpid(), self.number)


@dataclass
class HangJob:
    """Block forever in C with all signals blocked, after creating the file `started`."""

    started: Path

    def run(self, admit: Admit) -> None:
        self.started.touch()
        signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))
        signal.pause()


@dataclass
class AllocateJob:
    size: int

    def run(self, admit: Admit) -> int:
        return len(bytearray(self.size))


@dataclass
class HoldPixelsJob:
    """Hold this many megapixels until the file `until` exists."""

    megapixels: int
    until: Path

    def run(self, admit: Admit) -> int:
        admit(self.megapixels * 1_000_000)
        while not self.until.exists():
            os.sched_yield()
        return self.megapixels


@dataclass
class DivideByZeroJob:
    def run(self, admit: Admit) -> None:
        raise ZeroDivisionError("test")


@dataclass
class PidJob:
    def run(self, admit: Admit) -> int:
        return os.getpid()


@dataclass
class LoadedModulesJob:
    """Return the file of the worker's `__main__`, and True if asyncio is loaded."""

    def run(self, admit: Admit) -> tuple[str, bool]:
        import sys

        return str(getattr(sys.modules["__main__"], "__file__", "none")), "asyncio" in sys.modules
