"""Opening and closing of the database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.context import TortoiseContext

from app.db.config import Config


@asynccontextmanager
async def database(config: Config) -> AsyncIterator[TortoiseContext]:
    """Open the database for all tasks of this process until the block ends. Only one at a time.

    Raises OperationalError if it can't be opened, DatabaseUnreachable if it does not respond.
    """
    EXECUTOR_CACHE.clear()  # Tortoise caches statements by table alone: the last database may have been of another kind
    context = TortoiseContext()
    with context:  # where Tortoise's models look it up
        # Requests run in tasks that do not descend from this one: without the fallback they would find no database.
        await context.init(config, _enable_global_fallback=True)
    try:
        await context.db().create_connection(with_db=True)
        yield context
    finally:
        await context.close_connections()
