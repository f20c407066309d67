"""What Redis tells this process: one connection that listens to all channels, and knows how long it can be believed."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from app.coordination.redis.commands import RedisCommands, RedisUnavailable
from app.coordination.redis.deadline import RESPONSE_TIMEOUT_SECONDS, within_deadline

log = logging.getLogger("pichub.redis")

PING_INTERVAL_SECONDS = 0.1
"""Seconds between two pings."""
TRUST_SECONDS = 0.3
"""Seconds from a ping that was answered for which one may believe that nothing was told since."""
SILENCE_TIMEOUT_SECONDS = 1.0
"""Seconds without an answer after which the connection is given up for another."""
MIN_BACKOFF_SECONDS, MAX_BACKOFF_SECONDS = 0.05, 1.0


class RedisSubscription:
    """Listens from `start` to `close`, with another connection whenever one is lost.

    subscription.hear("pichub:rings", told, anew=missed)

    Redis answers a ping after all that it told before. So what was published before the last answered ping was sent has
    been heard, and where `hears` is false something may have been missed.
    """

    def __init__(self, commands: RedisCommands) -> None:
        self._commands = commands
        self._callbacks: dict[bytes, Callable[[str], None]] = {}
        self._start_callbacks: list[Callable[[], None]] = []
        self._until = 0.0
        self._task: asyncio.Task[None] | None = None
        self._was_refused = False
        self._now = time.monotonic

    def on_message(
        self, channel: str, callback: Callable[[str], None], *, on_start: Callable[[], None]
    ) -> None:
        """Calls `told` with each message, and `anew` when listening begins, as what was told before was not heard."""
        self._callbacks[channel.encode()] = callback
        self._start_callbacks.append(on_start)

    @property
    def is_current(self) -> bool:
        """Whether all has been heard that was told up to a moment ago: `TRUST` seconds at most."""
        return self._now() < self._until

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="pichub-redis-subscription")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        from redis.exceptions import RedisError

        wait = MIN_BACKOFF_SECONDS
        while True:
            began = self._now()
            try:
                await self._listen()
            except (RedisError, OSError) as error:
                await self._handle_disconnect(error)
            except Exception:
                log.exception("what Redis told could not be taken in")
            if self._now() - began > MAX_BACKOFF_SECONDS + SILENCE_TIMEOUT_SECONDS:  # it did well for a while
                wait = MIN_BACKOFF_SECONDS
            await asyncio.sleep(wait)
            wait = min(2 * wait, MAX_BACKOFF_SECONDS)

    async def _handle_disconnect(self, error: Exception) -> None:
        """Asks whether it is Redis that is gone: then nobody else needs to wait in order to learn it."""
        from redis.exceptions import ResponseError

        with suppress(RedisUnavailable):
            await self._commands.execute(None, "PING")
        if isinstance(error, ResponseError) and not self._was_refused:
            self._was_refused = True
            log.warning(
                "Redis does not let itself be listened to, so nothing is shown from memory: %s", error
            )

    async def _listen(self) -> None:
        connection = self._commands.new_connection()
        pinging: asyncio.Task[None] | None = None
        try:
            await within_deadline(RESPONSE_TIMEOUT_SECONDS, connection.connect())
            began = self._now()
            await within_deadline(RESPONSE_TIMEOUT_SECONDS, self._subscribe(connection))
            for anew in self._start_callbacks:
                anew()
            self._until = began + TRUST_SECONDS
            pinging = asyncio.create_task(self._ping(connection))
            while True:
                self._dispatch(await connection.read_response(timeout=SILENCE_TIMEOUT_SECONDS))
        finally:
            self._until = 0.0
            if pinging is not None:
                pinging.cancel()
            await connection.disconnect(nowait=True)
            await asyncio.sleep(0)  # in which its socket is closed

    async def _subscribe(self, connection: Any) -> None:
        await connection.send_command("SUBSCRIBE", *self._callbacks, check_health=False)
        confirmed = 0
        while confirmed < len(self._callbacks):
            kind, *_ = await connection.read_response()
            confirmed += kind == b"subscribe"

    async def _ping(self, connection: Any) -> None:
        """Each ping carries the time at which it was sent. Where one can't be sent, the reader learns of it too."""
        from redis.exceptions import RedisError

        with suppress(RedisError, OSError):
            while True:
                await connection.send_command("PING", repr(self._now()), check_health=False)
                await asyncio.sleep(PING_INTERVAL_SECONDS)

    def _dispatch(self, message: list[bytes]) -> None:
        match message:
            case [b"pong", sent]:
                self._until = float(sent) + TRUST_SECONDS
            case [b"message", channel, data]:
                self._callbacks[channel](data.decode(errors="replace"))
