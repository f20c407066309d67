from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from app.jobs.cleanup.budget import VariantAges
from app.jobs.cleanup.report import WithheldDeletion
from app.settings import Settings
from app.storage.base import Storage


class CleanupServices(Protocol):
    """Services that the cleanup needs."""

    @property
    def settings(self) -> Settings: ...
    @property
    def storage(self) -> Storage: ...
    @property
    def clock(self) -> Callable[[], datetime]: ...


@dataclass(kw_only=True)
class CleanupRun:
    """One cleanup pass. `dry_run` changes nothing; `force` removes orphans regardless of their number.

    `extend` is called before each batch and raises if the lease is lost. A cancelled batch is completed first.
    `ages` and `withheld` pass information between steps.
    """

    services: CleanupServices
    now: datetime
    extend: Callable[[], Awaitable[None]]
    dry_run: bool = False
    force: bool = False
    ages: VariantAges = field(default_factory=VariantAges)
    withheld: WithheldDeletion | None = None
