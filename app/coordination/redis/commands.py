"""Commands to a Redis that may be away: nobody waits for it long, and it is found again by itself."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from contextvars import Context
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from app.cancellation import in_thread
from app.coordination.redis.deadline import PATIENCE, within

if TYPE_CHECKING:
    from redis.asyncio import BlockingConnectionPool

log = logging.getLogger("pichub.redis")

AGAIN = 1.0
"""Seconds between two looks whether it is back."""
CONNECTIONS = 2
"""One that all commands share, and one that looks whether Redis is back."""
PREFIX = "pichub:"
"""What all our keys and channels begin with."""

Word: TypeAlias = str | bytes | float
Command: TypeAlias = tuple[Word, ...]


class Away(Exception):
    """Redis did not do it, or is known not to answer. Whoever asked does without."""


class Refused(Away):
    """It answers, and will not do this: it has no room, or may not."""


class Watch(Protocol):
    """Who is told how Redis does."""

    def redis_is(self, *, up: bool) -> None: ...

    def redis_fell_back(self, use: str) -> None: ...


class Commands:
    """Asks the Redis at `url`. The first that gets no answer closes the way for all, until it is found to be back.

    `use` says what for: a word of a closed set, for the metrics. It is None where nothing is done instead.

    What is asked while an answer is awaited goes together, over one connection: a hundred requests that come at once
    cost two journeys, and wait no longer for a Redis that hangs than one does.
    """

    def __init__(self, url: str, watch: Watch) -> None:
        self.away_since: float | None = None
        """When it failed to answer, in time.monotonic()'s seconds; None while it answers."""
        self._url = url
        self._watch = watch
        self._trouble = "it does not answer"
        self._unsent: list[tuple[Command, asyncio.Future[Any]]] = []
        self._is_sending = False
        self._on_return: list[Callable[[], None]] = []
        self._refusals: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._looking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Finds out whether it answers; says so in the log where it does not."""

        def load() -> None:
            import redis.asyncio  # noqa: F401  (a tenth of a second)

        await in_thread(load)
        self._watch.redis_is(up=True)
        with suppress(Away):
            await self.do(None, "PING")

    async def close(self) -> None:
        """Ends what goes on in the background, and all connections."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=2 * PATIENCE)
        for task in (*self._tasks, *([self._looking] if self._looking else [])):
            task.cancel()
        if "_pool" in vars(self):
            await self._pool.aclose()

    async def do(self, use: str | None, *command: Word) -> Any:
        """The answer to a command. Raises Away, at once where it is known to be away."""
        try:
            return await self._ask(command)
        except Refused as error:
            self._refused(use, error)
            raise
        except Away:
            self._fell_back(use)
            raise

    async def run(self, use: str | None, script: str, keys: Sequence[str], values: Sequence[Word]) -> Any:
        """What a script in Lua returns, which is one step for everybody. Raises Away as `do` does."""
        return await self.do(use, "EVAL", script, len(keys), *keys, *values)

    def soon(self, work: Coroutine[Any, Any, None]) -> None:
        """Does this in the background: nobody waits for it, and `close` ends it."""
        task = asyncio.create_task(_unless_away(work), context=Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def when_back(self, work: Callable[[], None]) -> None:
        """Calls this whenever it answers again after it was away."""
        self._on_return.append(work)

    def connection(self) -> Any:
        """A connection of the package's outside of the pool, not connected yet."""
        return self._pool.make_connection()  # type: ignore[no-untyped-call]

    async def _ask(self, command: Command) -> Any:
        if self.away_since is not None:
            raise Away(f"Redis is away: {self._trouble}")
        answer = asyncio.get_running_loop().create_future()
        self._unsent.append((command, answer))
        if not self._is_sending:
            self._is_sending = True
            self.soon(self._send())
        return await answer

    async def _send(self) -> None:
        """Sends all that waits, in one go; then what came meanwhile."""
        from redis.exceptions import RedisError

        sent: list[tuple[Command, asyncio.Future[Any]]] = []
        try:
            while self._unsent:
                sent, self._unsent = self._unsent, []
                told = await within(PATIENCE, self._exchange([command for command, _ in sent]))
                for (_, answer), each in zip(sent, told, strict=True):
                    _give(answer, each)
        except (RedisError, OSError) as error:
            self._went(error)
        finally:
            self._is_sending = False
            unanswered, self._unsent = sent + self._unsent, []
            for _, answer in unanswered:
                _give(answer, Away(f"Redis is away: {self._trouble}"))

    async def _exchange(self, commands: Sequence[Command]) -> list[Any]:
        """What is told to each: an answer, or that it was refused."""
        from redis.exceptions import RedisError, ResponseError

        async with self._client.pipeline(transaction=False) as pipeline:
            for command in commands:
                pipeline.execute_command(*command)
            told = await pipeline.execute(raise_on_error=False)
        for each in told:
            if isinstance(each, RedisError) and not isinstance(each, ResponseError):
                raise each  # it is there, and still loads what it keeps
        return [Refused(str(each)) if isinstance(each, RedisError) else each for each in told]

    def _fell_back(self, use: str | None) -> None:
        if use is not None:
            self._watch.redis_fell_back(use)

    def _refused(self, use: str | None, error: Refused) -> None:
        self._fell_back(use)
        what = use or "itself"
        if what not in self._refusals:
            self._refusals.add(what)
            log.warning("Redis answers, but refuses what is asked of it for %s: %s", what, error)

    def _went(self, error: Exception) -> None:
        if self.away_since is not None:
            return  # another said so first
        self.away_since = time.monotonic()
        self._trouble = str(error) or self._trouble
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
            # `within` has the last word: these would also count what this process itself is late.
            timeout=20 * PATIENCE,
            socket_connect_timeout=20 * PATIENCE,
            socket_timeout=20 * PATIENCE,
            retry=Retry(NoBackoff(), 0),  # what is spent again was spent twice
            protocol=2,
        )


def _give(answer: "asyncio.Future[Any]", told: Any) -> None:
    if answer.done():
        return  # whoever asked has left
    if isinstance(told, Away):
        answer.set_exception(told)
    else:
        answer.set_result(told)


async def _unless_away(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Away:
        return
