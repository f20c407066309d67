from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from app.context import Services
from app.sweep.budget import Ages
from app.sweep.report import HeldBack


@dataclass(kw_only=True)
class Round:
    """One pass over everything. `dry` only looks; `force` removes orphans however many they are.

    `extend` is called before each batch of work: it raises where the round is no longer ours. What is cancelled in a batch
    ends first, as files and rows are worked on by what waits for its end. `ages` and `held_back` are what its steps tell each other.
    """

    services: Services
    now: datetime
    extend: Callable[[], Awaitable[None]]
    dry: bool = False
    force: bool = False
    ages: Ages = field(default_factory=Ages)
    held_back: HeldBack | None = None
