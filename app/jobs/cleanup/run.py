from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from app.context import Services
from app.jobs.cleanup.budget import VariantAges
from app.jobs.cleanup.report import WithheldDeletion


@dataclass(kw_only=True)
class CleanupRun:
    """One pass over everything. `dry` only looks; `force` removes orphans however many they are.

    `extend` is called before each batch, and raises where the round is no longer ours. A batch that is cancelled ends
    first. `ages` and `held_back` are what the steps tell each other.
    """

    services: Services
    now: datetime
    extend: Callable[[], Awaitable[None]]
    dry_run: bool = False
    force: bool = False
    ages: VariantAges = field(default_factory=VariantAges)
    withheld: WithheldDeletion | None = None
