"""What a suite found: figures, and each promise that was broken."""

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

MOST_SHOWN = 50


@dataclass
class Report:
    """Said as it comes; the last line is made of `summary`, which the suite writes, and of what is counted here."""

    suite: str
    seed: int
    summary: str = ""
    figures: dict[str, Any] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    since: float = field(default_factory=time.monotonic)

    def say(self, text: str) -> None:
        click.echo(f"[{time.monotonic() - self.since:6.0f} s] {text}")

    def figure(self, name: str, value: Any) -> None:
        """Keeps a figure for JSON."""
        self.figures[name] = value

    def broke(self, promise: str) -> None:
        """Tells of a promise that was not kept, with what one needs to look into it."""
        self.broken.append(promise)
        if len(self.broken) <= MOST_SHOWN:
            self.say(f"BROKEN: {promise}")

    def holds(self, condition: object, promise: str) -> None:
        if not condition:
            self.broke(promise)

    @property
    def line(self) -> str:
        """`crash: 200 kills, 12,431 operations, 0 lost, 0 broken in 14 min`."""
        return f"{self.suite}: {self.summary}, {len(self.broken)} broken in {lasting(self.seconds)}"

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.since

    def write(self, path: Path) -> None:
        whole = {
            "suite": self.suite,
            "seed": self.seed,
            "line": self.line,
            "seconds": round(self.seconds, 1),
            "figures": self.figures,
            "broken": self.broken,
        }
        path.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n")


def lasting(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
