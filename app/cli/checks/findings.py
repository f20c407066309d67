"""Findings of the checks, one line each."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """Result of a check. `advice` is what to do about it, if anything."""

    level: Level
    subject: str
    message: str
    advice: str | None = None

    @classmethod
    def ok(cls, about: str, said: str) -> Self:
        return cls(Level.OK, about, said)

    @classmethod
    def warning(cls, about: str, said: str, advice: str) -> Self:
        return cls(Level.WARNING, about, said, advice)

    @classmethod
    def problem(cls, about: str, said: str, advice: str) -> Self:
        return cls(Level.PROBLEM, about, said, advice)
