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
async def built(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as built:
        yield built


@pytest.fixture
async def ctx(built: House) -> Context:
    return await context(built)


class Clock:
    """The time of the machine, and `ahead` of it."""

    def __init__(self, ahead: timedelta = timedelta()) -> None:
        self.ahead = ahead

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


def later(ctx: Context, ahead: timedelta | Clock, **settings: object) -> Context:
    """The same house, some time from now, or by a clock that the test sets."""
    clock = ahead if isinstance(ahead, Clock) else Clock(ahead)
    chosen = replace(ctx.services.settings, **settings)  # type: ignore[arg-type]
    return replace(ctx, services=replace(ctx.services, clock=clock, settings=chosen))


async def put(ctx: Context, key: str, *, hours_ago: float = 0, size: int = 5) -> str:
    """An object that was put a while ago."""
    await ctx.services.storage.put(key, b"x" * size)
    aged(ctx, key, hours_ago=hours_ago)
    return key


def aged(ctx: Context, key: str, *, hours_ago: float) -> None:
    moment = datetime.now(UTC).timestamp() - 3600 * hours_ago
    os.utime(ctx.services.settings.data_dir / "storage" / key, (moment, moment))
