"""Commands to a Redis that may be unavailable: short timeouts, and automatic reconnection."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from contextvars import Context
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from app.cancellation import in_thread
from app.coordination.redis.deadline import RESPONSE_TIMEOUT_SECONDS, within_deadline

if TYPE_CHECKING:
    from redis.asyncio import BlockingConnectionPool

log = logging.getLogger("pichub.redis")

RECONNECT_INTERVAL_SECONDS = 1.0
"""Time between two attempts to reconnect."""
MAX_CONNECTIONS = 2
"""One connection for all commands, and one to check whether Redis is back."""
PREFIX = "pichub:"
"""Prefix of all keys and channels."""

CommandArgument: TypeAlias = str | bytes | float
Command: TypeAlias = tuple[CommandArgument, ...]


class RedisUnavailable(Exception):
    """Redis did not carry out the command, or is known not to respond. Callers do without it."""


class CommandRefused(RedisUnavailable):
    """Redis responds but refuses the command: no memory left, or no permission."""


class RedisObserver(Protocol):
    """Observer of availability and fallbacks."""

    def set_redis_up(self, *, up: bool) -> None: ...

    def count_redis_fallback(self, use: str) -> None: ...


class RedisCommands:
    """Sends commands to the Redis at `url`. The first timeout marks it unavailable for all, until it responds again.

    `use` names the purpose of a command for the metrics, from a closed set; None if there is no fallback.

    Commands issued while one is in flight are sent together over one connection: a hundred concurrent commands cost
    two round trips, and wait for a hanging Redis no longer than one does.
    """

    def __init__(self, url: str, observer: RedisObserver) -> None:
        self.unavailable_since: float | None = None
        """Time of the first failure, in seconds of time.monotonic(); None while Redis responds."""
        self._url = url
        self._observer = observer
        self._reason = "it does not answer"
        self._unsent: list[tuple[Command, asyncio.Future[Any]]] = []
        self._is_sending = False
        self._reconnect_callbacks: list[Callable[[], None]] = []
        self._refused_uses: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._reconnecting: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Check whether Redis responds, and log it if not."""

        def load() -> None:
            import redis.asyncio  # noqa: F401  (a tenth of a second)

        await in_thread(load)
        self._observer.set_redis_up(up=True)
        with suppress(RedisUnavailable):
            await self.execute(None, "PING")

    async def close(self) -> None:
        """End background work and close all connections."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=2 * RESPONSE_TIMEOUT_SECONDS)
        for task in (*self._tasks, *([self._reconnecting] if self._reconnecting else [])):
            task.cancel()
        if "_pool" in vars(self):
            await self._pool.aclose()

    async def execute(self, use: str | None, *command: CommandArgument) -> Any:
        """Return the response to a command. Raises RedisUnavailable, immediately if it is known to be unavailable."""
        try:
            return await self._enqueue(command)
        except CommandRefused as error:
            self._log_refusal(use, error)
            raise
        except RedisUnavailable:
            self._count_fallback(use)
            raise

    async def run_script(
        self, use: str | None, script: str, keys: Sequence[str], values: Sequence[CommandArgument]
    ) -> Any:
        """Run a Lua script atomically and return its result. Raises RedisUnavailable as `execute` does."""
        return await self.execute(use, "EVAL", script, len(keys), *keys, *values)

    def in_background(self, work: Coroutine[Any, Any, None]) -> None:
        """Run work in the background; `close` ends it."""
        task = asyncio.create_task(_ignore_unavailable(work), context=Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def on_reconnect(self, work: Callable[[], None]) -> None:
        """Call this whenever Redis responds again after an outage."""
        self._reconnect_callbacks.append(work)

    def new_connection(self) -> Any:
        """Return a new, unconnected connection outside of the pool."""
        return self._pool.make_connection()  # type: ignore[no-untyped-call]

    async def _enqueue(self, command: Command) -> Any:
        if self.unavailable_since is not None:
            raise RedisUnavailable(f"Redis is away: {self._reason}")
        answer = asyncio.get_running_loop().create_future()
        self._unsent.append((command, answer))
        if not self._is_sending:
            self._is_sending = True
            self.in_background(self._send())
        return await answer

    async def _send(self) -> None:
        """Send all queued commands, then those queued in the meantime."""
        from redis.exceptions import RedisError

        sent: list[tuple[Command, asyncio.Future[Any]]] = []
        try:
            while self._unsent:
                sent, self._unsent = self._unsent, []
                told = await within_deadline(
                    RESPONSE_TIMEOUT_SECONDS, self._send_pipeline([command for command, _ in sent])
                )
                for (_, answer), each in zip(sent, told, strict=True):
                    _resolve(answer, each)
        except (RedisError, OSError) as error:
            self._mark_unavailable(error)
        finally:
            self._is_sending = False
            unanswered, self._unsent = sent + self._unsent, []
            for _, answer in unanswered:
                _resolve(answer, RedisUnavailable(f"Redis is away: {self._reason}"))

    async def _send_pipeline(self, commands: Sequence[Command]) -> list[Any]:
        """Return a response or CommandRefused for each command."""
        from redis.exceptions import RedisError, ResponseError

        async with self._client.pipeline(transaction=False) as pipeline:
            for command in commands:
                pipeline.execute_command(*command)
            told = await pipeline.execute(raise_on_error=False)
        for each in told:
            if isinstance(each, RedisError) and not isinstance(each, ResponseError):
                raise each  # it is still loading its data
        return [CommandRefused(str(each)) if isinstance(each, RedisError) else each for each in told]

    def _count_fallback(self, use: str | None) -> None:
        if use is not None:
            self._observer.count_redis_fallback(use)

    def _log_refusal(self, use: str | None, error: CommandRefused) -> None:
        self._count_fallback(use)
        what = use or "itself"
        if what not in self._refused_uses:
            self._refused_uses.add(what)
            log.warning("Redis answers, but refuses what is asked of it for %s: %s", what, error)

    def _mark_unavailable(self, error: Exception) -> None:
        if self.unavailable_since is not None:
            return  # already reported
        self.unavailable_since = time.monotonic()
        self._reason = str(error) or self._reason
        self._observer.set_redis_up(up=False)
        log.warning(
            "Redis can't be reached: until it can, each process counts limits for itself and shows nothing from"
            " memory. %s",
            error or "It does not answer.",
        )
        self._reconnecting = asyncio.create_task(self._reconnect(), name="pichub-redis")

    async def _reconnect(self) -> None:
        from redis.exceptions import RedisError

        while self.unavailable_since is not None:
            await asyncio.sleep(RECONNECT_INTERVAL_SECONDS)
            try:
                await within_deadline(RESPONSE_TIMEOUT_SECONDS, self._client.execute_command("PING"))
            except (RedisError, OSError):
                continue
            self.unavailable_since = None
        self._refused_uses.clear()
        self._observer.set_redis_up(up=True)
        log.warning("Redis is back: limits and what changes are shared again.")
        for work in self._reconnect_callbacks:
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
            max_connections=MAX_CONNECTIONS,
            # `within_deadline` decides: these timeouts would also count delays of this process.
            timeout=20 * RESPONSE_TIMEOUT_SECONDS,
            socket_connect_timeout=20 * RESPONSE_TIMEOUT_SECONDS,
            socket_timeout=20 * RESPONSE_TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),  # a retried command could be counted twice
            protocol=2,
        )


def _resolve(answer: "asyncio.Future[Any]", told: Any) -> None:
    if answer.done():
        return  # the caller was cancelled
    if isinstance(told, RedisUnavailable):
        answer.set_exception(told)
    else:
        answer.set_result(told)


async def _ignore_unavailable(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except RedisUnavailable:
        return
