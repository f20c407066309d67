"""Locks between the processes of several machines."""

import asyncio
import secrets
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

from app.coordination.locks.base import DistributedLock
from app.coordination.redis.client import RedisClient
from app.coordination.redis.commands import PREFIX, RedisUnavailable
from app.errors import Busy

CHANNEL = f"{PREFIX}turns"
LEASE_SECONDS = 3.0
"""A lock of a dead process expires after this time."""
RENEW_INTERVAL_SECONDS = 1.0
POLL_INTERVAL_SECONDS = 0.5
"""A waiter looks again after this time without a message."""
RECENTLY_HELD_SECONDS = 5.0
"""Time for which a released lock is remembered, so that the next holder knows that the work may be done."""

FREE, HELD, AFTER_ANOTHER = 0, 1, 2

ACQUIRE_SCRIPT = """
local held = redis.call('GET', KEYS[1])
if held and held ~= '' then return 1 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return held and 2 or 0
"""
RENEW_SCRIPT = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
"""
RELEASE_SCRIPT = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return end
redis.call('SET', KEYS[1], '', 'PX', ARGV[2])
redis.call('PUBLISH', ARGV[3], KEYS[1])
"""
"""Each script checks the token first: an expired lock may belong to another process."""


class RedisLock:
    """Implements `DistributedLock` with keys in Redis.

    The key holds a token of the holder, who renews it; a message wakes the waiters. The lock of this machine,
    `local`, is acquired first and is enough while Redis is unavailable.
    """

    def __init__(self, redis: RedisClient, local: DistributedLock, *, timeout: float) -> None:
        self._commands = redis.commands
        self._local = local
        self._timeout = timeout
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        redis.subscription.on_message(CHANNEL, self._wake, on_start=self._wake_all)

    @asynccontextmanager
    async def acquire(self, key: str) -> AsyncIterator[bool]:
        name, token = f"{PREFIX}turn:{key}", secrets.token_hex(8)
        async with self._local.acquire(key) as waited:
            try:
                followed = await self._wait(name, token)
                with self._renewing(name, token):
                    yield waited or followed
            finally:
                self._commands.in_background(self._release(name, token))

    async def _wait(self, name: str, token: str) -> bool:
        """Wait for the lock. Return True if another process held it before. Raises Busy."""
        waited = False
        try:
            async with asyncio.timeout(self._timeout):
                with self._wake_event(name) as woken:
                    while (state := await self._try_acquire(name, token)) == HELD:
                        waited = True
                        await _wait_for(woken, POLL_INTERVAL_SECONDS)
        except TimeoutError as error:
            raise Busy(
                "Another server is still processing this; try again in a second", reason="lock_timeout"
            ) from error
        return waited or state == AFTER_ANOTHER

    async def _try_acquire(self, name: str, token: str) -> int:
        try:
            state: int = await self._commands.run_script(
                "turns", ACQUIRE_SCRIPT, [name], [token, _milliseconds(LEASE_SECONDS)]
            )
        except RedisUnavailable:
            return FREE  # the local lock is held: at worst another machine does the same work
        return state

    @contextmanager
    def _renewing(self, name: str, token: str) -> Iterator[None]:
        task = asyncio.create_task(self._renew(name, token))
        try:
            yield
        finally:
            task.cancel()

    async def _renew(self, name: str, token: str) -> None:
        while True:
            await asyncio.sleep(RENEW_INTERVAL_SECONDS)
            with suppress(RedisUnavailable):
                await self._commands.run_script(
                    None, RENEW_SCRIPT, [name], [token, _milliseconds(LEASE_SECONDS)]
                )

    async def _release(self, name: str, token: str) -> None:
        await self._commands.run_script(
            None, RELEASE_SCRIPT, [name], [token, _milliseconds(RECENTLY_HELD_SECONDS), CHANNEL]
        )

    @contextmanager
    def _wake_event(self, name: str) -> Iterator[asyncio.Event]:
        event = asyncio.Event()
        self._waiting[name].add(event)
        try:
            yield event
        finally:
            self._waiting[name].discard(event)
            if not self._waiting[name]:
                del self._waiting[name]

    def _wake(self, name: str) -> None:
        for event in self._waiting.get(name, ()):
            event.set()

    def _wake_all(self) -> None:
        for name in self._waiting:
            self._wake(name)


async def _wait_for(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    event.clear()


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
