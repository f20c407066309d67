"""Results of a suite: figures, and each failed check."""

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

MAX_FAILURES_SHOWN = 50


@dataclass
class StressReport:
    """Prints results as they come. The last line has the suite's `summary` and the counts kept here."""

    suite: str
    seed: int
    summary: str = ""
    figures: dict[str, Any] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    since: float = field(default_factory=time.monotonic)

    def say(self, text: str) -> None:
        click.echo(f"[{time.monotonic() - self.since:6.0f} s] {text}")

    def figure(self, name: str, value: Any) -> None:
        """Record a figure for the JSON report."""
        self.figures[name] = value

    def failure(self, failure: str) -> None:
        """Record a failed check, with the facts needed to investigate it."""
        self.failures.append(failure)
        if len(self.failures) <= MAX_FAILURES_SHOWN:
            self.say(f"BROKEN: {failure}")

    def check(self, condition: object, failure: str) -> None:
        if not condition:
            self.failure(failure)

    @property
    def summary_line(self) -> str:
        """`crash: 200 kills, 12,431 operations, 0 lost, 0 broken in 14 min`."""
        return f"{self.suite}: {self.summary}, {len(self.failures)} broken in {format_duration(self.seconds)}"

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.since

    def write(self, path: Path) -> None:
        whole = {
            "suite": self.suite,
            "seed": self.seed,
            "line": self.summary_line,
            "seconds": round(self.seconds, 1),
            "figures": self.figures,
            "broken": self.failures,
        }
        path.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n")


def format_duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
