import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.context import Context
from tests.pichub import House, house
from tests.resolvers.test_images import context


@pytest.fixture
async def pichub(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as pichub:
        yield pichub


@pytest.fixture
async def ctx(pichub: House) -> Context:
    return await context(pichub)


class ShiftedClock:
    """The machine's clock, moved forward by `ahead`."""

    def __init__(self, ahead: timedelta = timedelta()) -> None:
        self.ahead = ahead

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


def later(ctx: Context, ahead: timedelta | ShiftedClock, **settings: object) -> Context:
    """Return a context of the same server some time from now, or with a clock that the test moves."""
    clock = ahead if isinstance(ahead, ShiftedClock) else ShiftedClock(ahead)
    changed = replace(ctx.services.settings, **settings)  # type: ignore[arg-type]
    return replace(ctx, services=replace(ctx.services, clock=clock, settings=changed))


async def put(ctx: Context, key: str, *, hours_ago: float = 0, size: int = 5) -> str:
    """Store an object and age it. Return its key."""
    await ctx.services.storage.put(key, b"x" * size)
    set_age(ctx, key, hours_ago=hours_ago)
    return key


def set_age(ctx: Context, key: str, *, hours_ago: float) -> None:
    """Set the modification time of an object."""
    modified_at = datetime.now(UTC).timestamp() - 3600 * hours_ago
    os.utime(ctx.services.settings.data_dir / "storage" / key, (modified_at, modified_at))
