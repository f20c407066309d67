from dataclasses import dataclass
from pathlib import Path
from random import Random


@dataclass(frozen=True, slots=True, kw_only=True)
class StressOptions:
    """Options of a run.

    `quick` is a short run that shows that a suite works. `seed` makes it reproducible. `seconds` bounds the time: a
    suite that reaches it ends early and reports how far it got. `folder` is for its files.
    """

    folder: Path
    seed: int
    quick: bool = False
    seconds: float | None = None

    @property
    def random(self) -> Random:
        return Random(self.seed)  # noqa: S311
