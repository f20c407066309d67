from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from app.context import Services
from app.shift import in_hand
from app.sweep.budget import Ages
from app.sweep.report import HeldBack


@dataclass(kw_only=True)
class Round:
    """One pass over everything. `dry` only looks; `force` removes orphans however many they are.

    `ages` and `held_back` are what its steps tell each other.
    """

    services: Services
    now: datetime
    extend: Callable[[], Awaitable[None]]
    dry: bool = False
    force: bool = False
    ages: Ages = field(default_factory=Ages)
    held_back: HeldBack | None = None

    @asynccontextmanager
    async def batch(self) -> AsyncIterator[None]:
        """Around each batch of work: the round is still ours, and a stop waits for the end of the block."""
        await self.extend()
        async with in_hand():
            yield
