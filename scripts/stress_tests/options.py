from dataclasses import dataclass
from pathlib import Path
from random import Random


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How a suite is to be run.

    `quick` shows that it runs, and proves little. `seed` makes what is random the same again. `seconds` is a bound on
    the time, where one was given: a suite that comes to it ends early and says how far it got. `folder` is its own.
    """

    folder: Path
    seed: int
    quick: bool = False
    seconds: float | None = None

    @property
    def chance(self) -> Random:
        return Random(self.seed)  # noqa: S311
