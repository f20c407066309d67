"""The engines that servers share, real ones on this machine: killed, held still, and started again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import asyncpg

from scripts.benchmarks.processes import Failed

SAFE = ("fsync=off", "synchronous_commit=on", "max_connections=200", "shared_buffers=64MB")
"""What it has told of survives its processes; a power cut is not tried here."""


@dataclass(frozen=True, slots=True)
class Engine:
    """One that runs. What is between `kill` and `start`, and between `hang` and `go_on`, nobody is answered."""

    name: str
    kill: Callable[[], None]
    start: Callable[[], None]
    hang: Callable[[], None]
    go_on: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Engines:
    all: list[Engine]
    database: str
    settings: dict[str, str]
    """Those by which a server uses all of them."""
    pids: list[int]
    """Of the first process of each."""


@contextmanager
def engines() -> Iterator[Engines]:
    """PostgreSQL, Valkey and SeaweedFS, until the block ends. Raises Failed where they are not installed."""
    try:
        from scripts.fixtures.servers import postgres, seaweed, valkey
    except ImportError as error:
        raise Failed(f"the engines come with 'scripts/bootstrap develop': {error}") from error

    database = postgres.Server(SAFE)
    try:
        with valkey.valkey() as redis, seaweed.started() as store:
            yield Engines(
                [
                    Engine("PostgreSQL", database.kill, database.start, database.hang, database.go_on),
                    Engine("Valkey", redis.stop, redis.start, redis.hang, redis.go_on),
                    Engine("SeaweedFS", store.stop, store.start, store.hang, store.go_on),
                ],
                database.url,
                {"database_url": database.url, "redis_url": redis.url, **store.settings("pichub")},
                [each.pid for each in (database, redis, store)],
            )
    finally:
        with suppress(AssertionError):
            database.remove()


async def rows(url: str, sql: str) -> list[tuple[object, ...]]:
    """What stands in the database, read beside the servers."""
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(sql)]
    finally:
        await connection.close()
