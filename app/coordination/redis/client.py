"""The Redis that this process shares with others."""

import logging
from contextlib import suppress

from app.coordination.redis.commands import CommandRefused, RedisCommands, RedisObserver, RedisUnavailable
from app.coordination.redis.subscription import RedisSubscription
from app.observability.health import NotReady

log = logging.getLogger("pichub.redis")

MIN_VERSIONS = {"redis": (6, 2), "valkey": (7, 2)}
"""The versions from which on it may be worked with."""


class RedisClient:
    """Both ways to it. Nothing is sent before `start`, unless somebody asks."""

    def __init__(self, url: str, observer: RedisObserver) -> None:
        self.commands = RedisCommands(url, observer)
        self.subscription = RedisSubscription(self.commands)

    async def start(self) -> None:
        """Begins to listen. A Redis that is away is a line in the log, and is found when it comes."""
        await self.commands.start()
        self.subscription.start()
        if self.commands.unavailable_since is None:
            with suppress(RedisUnavailable):
                try:
                    await self.version()
                except NotReady as error:
                    log.warning("Redis may not do all that is asked of it: %s", error)

    async def check(self) -> None:
        """Raises NotReady where it does not answer: each process does without meanwhile."""
        try:
            await self.commands.execute(None, "PING")
        except RedisUnavailable as error:
            raise NotReady(
                "it does not answer; limits and memory are each process's own meanwhile"
            ) from error

    async def version(self) -> str:
        """Which it is. Raises Away, and NotReady where it is too old."""
        try:
            said = await self.commands.execute(None, "HELLO", "2")  # a user who may do little may do this
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
    """The server's name and version, where that is one to work with. Raises NotReady."""
    name, oldest = server.capitalize(), MIN_VERSIONS.get(server, (0, 0))
    number = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if number < oldest:
        raise NotReady(f"{name} {version} is too old: it must be {'.'.join(map(str, oldest))} or newer")
    return f"{name} {version}"
