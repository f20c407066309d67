"""When the database is open."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.context import TortoiseContext

from app.db.config import Config


@asynccontextmanager
async def database(config: Config) -> AsyncIterator[TortoiseContext]:
    """The database, open for every task of this process until the block ends. One at a time.

    Raises OperationalError where it can't be opened, DatabaseUnreachable where it does not answer.
    """
    EXECUTOR_CACHE.clear()  # Tortoise keeps statements by tables alone: the last database may have been of another kind
    context = TortoiseContext()
    with context:  # where reading the models looks for it
        # Requests run in tasks that do not descend from this one: without the fallback they would find no database.
        await context.init(config, _enable_global_fallback=True)
    try:
        await context.db().create_connection(with_db=True)
        yield context
    finally:
        await context.close_connections()
