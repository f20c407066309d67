"""What Redis tells this process: one connection that listens to all channels, and knows how long it can be believed."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from app.coordination.redis.commands import Away, Commands
from app.coordination.redis.deadline import PATIENCE, within

log = logging.getLogger("pichub.redis")

EVERY = 0.1
"""Seconds between two pings."""
TRUST = 0.3
"""Seconds from a ping that was answered for which one may believe that nothing was told since."""
SILENT = 1.0
"""Seconds without an answer after which the connection is given up for another."""
FIRST_WAIT, LONGEST_WAIT = 0.05, 1.0


class Subscription:
    """Listens from `start` to `close`, with another connection whenever one is lost.

    subscription.hear("pichub:rings", told, anew=missed)

    Redis answers a ping after all that it told before. So what was published before the last answered ping was sent has
    been heard, and where `hears` is false something may have been missed.
    """

    def __init__(self, commands: Commands) -> None:
        self._commands = commands
        self._told: dict[bytes, Callable[[str], None]] = {}
        self._anew: list[Callable[[], None]] = []
        self._until = 0.0
        self._task: asyncio.Task[None] | None = None
        self._was_refused = False
        self._now = time.monotonic

    def hear(self, channel: str, told: Callable[[str], None], *, anew: Callable[[], None]) -> None:
        """Calls `told` with each message, and `anew` when listening begins, as what was told before was not heard."""
        self._told[channel.encode()] = told
        self._anew.append(anew)

    @property
    def hears(self) -> bool:
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

        wait = FIRST_WAIT
        while True:
            began = self._now()
            try:
                await self._listen()
            except (RedisError, OSError) as error:
                await self._lost(error)
            except Exception:
                log.exception("what Redis told could not be taken in")
            if self._now() - began > LONGEST_WAIT + SILENT:  # it did well for a while
                wait = FIRST_WAIT
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)

    async def _lost(self, error: Exception) -> None:
        """Asks whether it is Redis that is gone: then nobody else needs to wait in order to learn it."""
        from redis.exceptions import ResponseError

        with suppress(Away):
            await self._commands.do(None, "PING")
        if isinstance(error, ResponseError) and not self._was_refused:
            self._was_refused = True
            log.warning(
                "Redis does not let itself be listened to, so nothing is shown from memory: %s", error
            )

    async def _listen(self) -> None:
        connection = self._commands.connection()
        pinging: asyncio.Task[None] | None = None
        try:
            await within(PATIENCE, connection.connect())
            began = self._now()
            await within(PATIENCE, self._subscribe(connection))
            for anew in self._anew:
                anew()
            self._until = began + TRUST
            pinging = asyncio.create_task(self._ping(connection))
            while True:
                self._take(await connection.read_response(timeout=SILENT))
        finally:
            self._until = 0.0
            if pinging is not None:
                pinging.cancel()
            await connection.disconnect(nowait=True)
            await asyncio.sleep(0)  # in which its socket is closed

    async def _subscribe(self, connection: Any) -> None:
        await connection.send_command("SUBSCRIBE", *self._told, check_health=False)
        confirmed = 0
        while confirmed < len(self._told):
            kind, *_ = await connection.read_response()
            confirmed += kind == b"subscribe"

    async def _ping(self, connection: Any) -> None:
        """Each ping carries the time at which it was sent. Where one can't be sent, the reader learns of it too."""
        from redis.exceptions import RedisError

        with suppress(RedisError, OSError):
            while True:
                await connection.send_command("PING", repr(self._now()), check_health=False)
                await asyncio.sleep(EVERY)

    def _take(self, message: list[bytes]) -> None:
        match message:
            case [b"pong", sent]:
                self._until = float(sent) + TRUST
            case [b"message", channel, data]:
                self._told[channel](data.decode(errors="replace"))
