"""The shared Redis of this process."""

import logging
from contextlib import suppress

from app.coordination.redis.commands import CommandRefused, RedisCommands, RedisObserver, RedisUnavailable
from app.coordination.redis.subscription import RedisSubscription
from app.observability.health import NotReady

log = logging.getLogger("pichub.redis")

MIN_VERSIONS = {"redis": (6, 2), "valkey": (7, 2)}
"""Minimum supported versions."""


class RedisClient:
    """Commands and subscription of one Redis. Connects on `start`, or on the first command."""

    def __init__(self, url: str, observer: RedisObserver) -> None:
        self.commands = RedisCommands(url, observer)
        self.subscription = RedisSubscription(self.commands)

    async def start(self) -> None:
        """Start the subscription. An unavailable Redis is logged and reconnected later."""
        await self.commands.start()
        self.subscription.start()
        if self.commands.unavailable_since is None:
            with suppress(RedisUnavailable):
                try:
                    await self.version()
                except NotReady as error:
                    log.warning("Redis may not do all that is asked of it: %s", error)

    async def check(self) -> None:
        """Check the connection. Raises NotReady if Redis does not respond; processes then work without it."""
        try:
            await self.commands.execute(None, "PING")
        except RedisUnavailable as error:
            raise NotReady(
                "it does not answer; limits and memory are each process's own meanwhile"
            ) from error

    async def version(self) -> str:
        """Return the server's name and version. Raises RedisUnavailable, or NotReady if it is too old."""
        try:
            said = await self.commands.execute(
                None, "HELLO", "2"
            )  # allowed even for users with few permissions
        except CommandRefused as error:
            raise NotReady(
                f"it must be Redis 6.2 or Valkey 7.2, or newer, and does not tell: {error}"
            ) from error
        facts = dict(zip(said[::2], said[1::2], strict=False))
        return check_version(facts[b"server"].decode(), facts[b"version"].decode())

    async def close(self) -> None:
        await self.subscription.close()
        await self.commands.close()


def check_version(server: str, version: str) -> str:
    """Return the server's name and version if it is supported. Raises NotReady."""
    name, oldest = server.capitalize(), MIN_VERSIONS.get(server, (0, 0))
    number = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if number < oldest:
        raise NotReady(f"{name} {version} is too old: it must be {'.'.join(map(str, oldest))} or newer")
    return f"{name} {version}"
