"""The Redis that this process shares with others."""

from app.redis.commands import Commands, Watch
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

    async def close(self) -> None:
        await self.subscription.close()
        await self.commands.close()
