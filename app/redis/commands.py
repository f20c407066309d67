"""Commands to a Redis that may be away: nobody waits for it long, and it is found again by itself."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from app.cancellation import in_thread

if TYPE_CHECKING:
    from redis.asyncio import BlockingConnectionPool
    from redis.commands.core import AsyncScript

T = TypeVar("T")

log = logging.getLogger("pichub.redis")

PATIENCE = 0.2
"""Seconds that an answer may take."""
GRACE = 0.05
"""And so many more where this process was busy itself: then the answer lies there, unread."""
AGAIN = 1.0
"""Seconds between two looks whether it is back."""
CONNECTIONS = 32
PREFIX = "pichub:"
"""What all our keys and channels begin with."""


class Away(Exception):
    """Redis did not do it, or is known not to answer. Whoever asked does without."""


class Watch(Protocol):
    """Who is told how Redis does."""

    def redis_is(self, *, up: bool) -> None: ...

    def redis_fell_back(self, use: str) -> None: ...


class Commands:
    """Asks the Redis at `url`. The first that gets no answer closes the way for all, until it is found to be back.

    `use` says what for: a word of a closed set, for the metrics.
    """

    def __init__(self, url: str, watch: Watch) -> None:
        self.away_since: float | None = None
        """When it failed to answer, in time.monotonic()'s seconds; None while it answers."""
        self._url = url
        self._watch = watch
        self._scripts: dict[str, AsyncScript] = {}
        self._on_return: list[Callable[[], None]] = []
        self._refusals: set[str] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._looking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Finds out whether it answers; says so in the log where it does not."""

        def load() -> None:
            import redis.asyncio  # noqa: F401  (a tenth of a second)

        await in_thread(load)
        self._watch.redis_is(up=True)
        try:
            await self.do("start", "PING")
        except Away:
            return

    async def close(self) -> None:
        """Ends what goes on in the background, and all connections."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=2 * PATIENCE)
        for task in (*self._tasks, *([self._looking] if self._looking else [])):
            task.cancel()
        if "_pool" in vars(self):
            await self._pool.aclose()

    async def do(self, use: str, *command: str | bytes | float) -> Any:
        """The answer to a command. Raises Away, at once where it is known to be away."""
        return await self._ask(use, lambda: self._client.execute_command(*command))

    async def run(
        self, use: str, script: str, keys: Sequence[str], values: Sequence[str | bytes | float]
    ) -> Any:
        """What a script in Lua returns, which is one step for everybody. Raises Away as `do` does."""
        return await self._ask(use, lambda: self._script(script)(keys=keys, args=values))

    def soon(self, work: Coroutine[Any, Any, None]) -> None:
        """Does this in the background: nobody waits for it, and `close` ends it."""
        task = asyncio.create_task(_unless_away(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def when_back(self, work: Callable[[], None]) -> None:
        """Calls this whenever it answers again after it was away."""
        self._on_return.append(work)

    def connection(self) -> Any:
        """A connection of the package's outside of the pool, not connected yet."""
        return self._pool.make_connection()  # type: ignore[no-untyped-call]

    async def _ask(self, use: str, command: Callable[[], Awaitable[T]]) -> T:
        from redis.exceptions import RedisError, ResponseError

        if self.away_since is not None:
            self._watch.redis_fell_back(use)
            raise Away("Redis is away")
        try:
            return await within(PATIENCE, command())
        except ResponseError as error:  # it answers, and will not: it has no room, or may not
            self._refused(use, error)
            raise Away(str(error)) from error
        except (RedisError, OSError) as error:
            self._went(error)
            self._watch.redis_fell_back(use)
            raise Away(str(error)) from error

    def _refused(self, use: str, error: Exception) -> None:
        self._watch.redis_fell_back(use)
        kind = f"{use}: {type(error).__name__}"
        if kind not in self._refusals:
            self._refusals.add(kind)
            log.warning("Redis answers but refuses what it is asked for %s: %s", use, error)

    def _went(self, error: Exception) -> None:
        if self.away_since is not None:
            return  # another said so first
        self.away_since = time.monotonic()
        self._watch.redis_is(up=False)
        log.warning(
            "Redis can't be reached: until it can, each process counts limits for itself and shows nothing from"
            " memory. %s",
            error or "It does not answer.",
        )
        self._looking = asyncio.create_task(self._look_again(), name="pichub-redis")

    async def _look_again(self) -> None:
        from redis.exceptions import RedisError

        while self.away_since is not None:
            await asyncio.sleep(AGAIN)
            try:
                await within(PATIENCE, self._client.execute_command("PING"))
            except (RedisError, OSError):
                continue
            self.away_since = None
        self._refusals.clear()
        self._watch.redis_is(up=True)
        log.warning("Redis is back: limits and what changes are shared again.")
        for work in self._on_return:
            work()

    def _script(self, text: str) -> "AsyncScript":
        if text not in self._scripts:
            self._scripts[text] = self._client.register_script(text)
        return self._scripts[text]

    @cached_property
    def _client(self) -> Any:
        from redis.asyncio import Redis

        return Redis(connection_pool=self._pool)

    @cached_property
    def _pool(self) -> "BlockingConnectionPool":
        from redis.asyncio import BlockingConnectionPool
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff

        return BlockingConnectionPool.from_url(
            self._url,
            max_connections=CONNECTIONS,
            timeout=PATIENCE,
            socket_connect_timeout=PATIENCE,
            socket_timeout=2 * PATIENCE,  # `within` has the last word
            retry=Retry(NoBackoff(), 0),  # a spend that is tried again may be spent twice
            protocol=2,
        )


async def within(patience: float, work: Awaitable[T]) -> T:
    """What `work` gives. Raises TimeoutError after `patience` seconds, but not because the loop itself stood still."""
    task = asyncio.ensure_future(work)
    task.add_done_callback(_seen)
    try:
        for seconds in (patience, GRACE):
            done, _ = await asyncio.wait([task], timeout=seconds)
            if done:
                return task.result()
    finally:
        task.cancel()
    raise TimeoutError


def _seen(task: "asyncio.Future[Any]") -> None:
    """So that the loop does not report what came of it after nobody waited any more."""
    if not task.cancelled():
        task.exception()


async def _unless_away(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Away:
        return
