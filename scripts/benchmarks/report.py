"""Measurements: printed as they come, kept for the verdicts and for JSON."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click

from scripts.benchmarks.bars import BARS


@dataclass
class BenchmarkReport:
    """Tables for reading, and measures by name for the bars."""

    measures: dict[str, float] = field(default_factory=dict)
    tables: dict[str, list[list[str]]] = field(default_factory=dict)

    def say(self, text: str) -> None:
        click.echo(text)

    def table(self, title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Print a Markdown table, ready for the documentation."""
        written = [list(head), *([_formatted(cell) for cell in row] for row in rows)]
        self.tables[title] = written
        widths = [max(len(row[i]) for row in written) for i in range(len(head))]
        lines = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in written]
        lines.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
        click.echo(f"\n{title}\n\n" + "\n".join(lines) + "\n")

    def measure(self, name: str, value: float) -> None:
        self.measures[name] = value

    def verdicts(self, section: str) -> None:
        for bar in BARS:
            if bar.measure.split("/")[0] == section:
                click.echo(bar.verdict(self.measures))

    def write(self, path: Path, versions: dict[str, str]) -> None:
        bars = [
            {"measure": bar.measure, "about": bar.about, "wanted": bar.requirement, "value": value,
             "pass": bar.holds(value)}
            for bar in BARS
            if (value := self.measures.get(bar.measure)) is not None
        ]  # fmt: skip
        whole = {"versions": versions, "measures": self.measures, "bars": bars, "tables": self.tables}
        path.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n")


def _formatted(cell: object) -> str:
    if isinstance(cell, float):
        return f"{cell:,.0f}" if cell >= 1000 else f"{cell:.3g}" if cell >= 1 else f"{cell:.2f}"
    return f"{cell:,}" if isinstance(cell, int) else str(cell)
