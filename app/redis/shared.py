"""The Redis that this process shares with others."""

from app.health import NotReady
from app.redis.commands import Away, Commands, Watch
from app.redis.subscription import Subscription


class Redis:
    """Both ways to it. Nothing is sent before `start`, unless somebody asks."""

    def __init__(self, url: str, watch: Watch) -> None:
        self.commands = Commands(url, watch)
        self.subscription = Subscription(self.commands)

    async def start(self) -> None:
        """Begins to listen. A Redis that is away is a line in the log, and is found when it comes."""
        await self.commands.start()
        self.subscription.start()

    async def check(self) -> None:
        """Raises NotReady where it does not answer: each process does without meanwhile."""
        try:
            await self.commands.do(None, "PING")
        except Away as error:
            raise NotReady(
                "it does not answer; limits and memory are each process's own meanwhile"
            ) from error

    async def version(self) -> str:
        """Which it is. Raises Away."""
        facts = await self.commands.do(None, "INFO", "server")
        if version := facts.get("valkey_version"):
            return f"Valkey {version}"
        return f"Redis {facts.get('redis_version', 'of an unknown version')}"

    async def close(self) -> None:
        await self.subscription.close()
        await self.commands.close()
