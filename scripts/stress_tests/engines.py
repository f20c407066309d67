"""PostgreSQL, Valkey and SeaweedFS on this machine, to be killed, paused and started again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import asyncpg

from scripts.benchmarks.processes import ProcessFailed

POSTGRES_OPTIONS = ("fsync=off", "synchronous_commit=on", "max_connections=200", "shared_buffers=64MB")
"""Committed data survives a killed process, but not a power cut, which is not tested here."""


@dataclass(frozen=True, slots=True)
class StressEngine:
    """A running engine. It does not respond between `kill` and `start`, or between `hang` and `resume`."""

    name: str
    kill: Callable[[], None]
    start: Callable[[], None]
    hang: Callable[[], None]
    go_on: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Engines:
    all: list[StressEngine]
    database: str
    settings: dict[str, str]
    """Server settings that select all three engines."""
    pids: list[int]
    """Process id of each engine's first process."""


@contextmanager
def running_engines() -> Iterator[Engines]:
    """Run PostgreSQL, Valkey and SeaweedFS until the block ends. Raises ProcessFailed if they are not installed."""
    try:
        from scripts.fixtures.servers import postgres, seaweed, valkey
    except ImportError as error:
        raise ProcessFailed(f"the engines come with 'scripts/bootstrap develop': {error}") from error

    database = postgres.PostgresServer(POSTGRES_OPTIONS)
    try:
        with valkey.running_valkey() as redis, seaweed.running_seaweed() as store:
            yield Engines(
                [
                    StressEngine("PostgreSQL", database.kill, database.start, database.hang, database.resume),
                    StressEngine("Valkey", redis.stop, redis.start, redis.hang, redis.resume),
                    StressEngine("SeaweedFS", store.stop, store.start, store.hang, store.resume),
                ],
                database.url,
                {"database_url": database.url, "redis_url": redis.url, **store.settings("pichub")},
                [each.pid for each in (database, redis, store)],
            )
    finally:
        with suppress(AssertionError):
            database.remove()


async def fetch_rows(url: str, sql: str) -> list[tuple[object, ...]]:
    """Run a query on a separate connection."""
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(sql)]
    finally:
        await connection.close()
