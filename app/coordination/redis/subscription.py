"""Subscription to all channels over one connection, which knows for how long its view is current."""

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
"""Time between two pings."""
TRUST_SECONDS = 0.3
"""Time from an answered ping for which no message can have been missed."""
SILENCE_TIMEOUT_SECONDS = 1.0
"""Time without a response after which the connection is replaced."""
MIN_BACKOFF_SECONDS, MAX_BACKOFF_SECONDS = 0.05, 1.0


class RedisSubscription:
    """Receives messages from `start` to `close`, reconnecting when the connection is lost.

        subscription.on_message("pichub:rings", callback, on_start=missed)

    Redis answers a ping after all earlier messages. So everything published before the last answered ping has been
    received; while `is_current` is False, messages may have been missed.
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
        """Register `callback` for the messages of a channel, and `on_start` for each new connection: earlier
        messages may be lost.
        """
        self._callbacks[channel.encode()] = callback
        self._start_callbacks.append(on_start)

    @property
    def is_current(self) -> bool:
        """True if all messages up to `TRUST_SECONDS` ago have been received."""
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
            if (
                self._now() - began > MAX_BACKOFF_SECONDS + SILENCE_TIMEOUT_SECONDS
            ):  # the connection worked for a while
                wait = MIN_BACKOFF_SECONDS
            await asyncio.sleep(wait)
            wait = min(2 * wait, MAX_BACKOFF_SECONDS)

    async def _handle_disconnect(self, error: Exception) -> None:
        """Send a command to learn whether Redis itself is unavailable, so that other callers need not wait for it."""
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
            await asyncio.sleep(0)  # lets the socket close

    async def _subscribe(self, connection: Any) -> None:
        await connection.send_command("SUBSCRIBE", *self._callbacks, check_health=False)
        confirmed = 0
        while confirmed < len(self._callbacks):
            kind, *_ = await connection.read_response()
            confirmed += kind == b"subscribe"

    async def _ping(self, connection: Any) -> None:
        """Send pings that carry their time. If sending fails, the reader learns of it too."""
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
