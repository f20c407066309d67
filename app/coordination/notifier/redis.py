"""Notifier across servers."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.coordination.notifier.memory import MemoryListener, MemoryNotifier
from app.coordination.redis.client import RedisClient
from app.coordination.redis.commands import PREFIX

CHANNEL = f"{PREFIX}rings"


class RedisNotifier:
    """Implements `Notifier` with one Redis channel. Listeners in this process are woken directly.

    Notifications are sent in the background; those that arrive during a send are merged by topic.
    """

    def __init__(self, redis: RedisClient) -> None:
        self._commands = redis.commands
        self._here = MemoryNotifier()
        self._name = secrets.token_hex(8)
        self._unsent: set[str] = set()
        self._is_sending = False
        redis.subscription.on_message(CHANNEL, self._received, on_start=self._here.wake_all)

    async def notify(self, topic: str) -> None:
        self._here.wake(topic)
        self._unsent.add(topic)
        if not self._is_sending:
            self._is_sending = True
            self._commands.in_background(self._send())

    @asynccontextmanager
    async def subscribe(self, topic: str) -> AsyncIterator[MemoryListener]:
        async with self._here.subscribe(topic) as listener:
            yield listener

    async def _send(self) -> None:
        try:
            while self._unsent:
                topic = self._unsent.pop()
                await self._commands.execute("rings", "PUBLISH", CHANNEL, f"{self._name} {topic}")
        finally:
            self._is_sending = False

    def _received(self, message: str) -> None:
        name, _, topic = message.partition(" ")
        if name != self._name:
            self._here.wake(topic)
