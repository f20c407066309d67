"""The processes of several machines take turns."""

import asyncio
import secrets
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

from app.coordination.locks.base import Turns
from app.coordination.redis.client import Redis
from app.coordination.redis.commands import PREFIX, Away
from app.errors import Busy

CHANNEL = f"{PREFIX}turns"
LEASE = 3.0
"""Seconds after which the turn of a process that died is over."""
RENEW = 1.0
LOOK = 0.5
"""Seconds after which who waits looks without having been woken."""
REMEMBERED = 5.0
"""Seconds for which it is known that somebody had the turn: who asks just after the end may look what was done."""

FREE, HELD, AFTER_ANOTHER = 0, 1, 2

TAKE = """
local held = redis.call('GET', KEYS[1])
if held and held ~= '' then return 1 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return held and 2 or 0
"""
RENEWED = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
"""
RELEASE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return end
redis.call('SET', KEYS[1], '', 'PX', ARGV[2])
redis.call('PUBLISH', ARGV[3], KEYS[1])
"""
"""Each looks at the token first: a turn that was lost may be another's by now."""


class RedisTurns:
    """See `app.coordination.locks.base.Turns`. `here` are those of this machine, which are taken first and hold if Redis is away.

    A turn is a key with a token of its holder, who renews it; waiting is ended by a message.
    """

    def __init__(self, redis: Redis, here: Turns, *, patience: float) -> None:
        self._commands = redis.commands
        self._here = here
        self._patience = patience
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        redis.subscription.hear(CHANNEL, self._wake, anew=self._wake_all)

    @asynccontextmanager
    async def take(self, key: str) -> AsyncIterator[bool]:
        name, token = f"{PREFIX}turn:{key}", secrets.token_hex(8)
        async with self._here.take(key) as waited:
            try:
                followed = await self._begin(name, token)
                with self._renewing(name, token):
                    yield waited or followed
            finally:
                self._commands.soon(self._release(name, token))

    async def _begin(self, name: str, token: str) -> bool:
        """Waits for the turn; whether another had it before. Raises Busy."""
        waited = False
        try:
            async with asyncio.timeout(self._patience):
                with self._woken(name) as woken:
                    while (state := await self._ask(name, token)) == HELD:
                        waited = True
                        await _either(woken, LOOK)
        except TimeoutError as error:
            raise Busy("Another server has been working on this for long; ask again in a second") from error
        return waited or state == AFTER_ANOTHER

    async def _ask(self, name: str, token: str) -> int:
        try:
            state: int = await self._commands.run("turns", TAKE, [name], [token, _milliseconds(LEASE)])
        except Away:
            return FREE  # this machine's turn is held: at worst another machine does the same work
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
            await asyncio.sleep(RENEW)
            with suppress(Away):
                await self._commands.run(None, RENEWED, [name], [token, _milliseconds(LEASE)])

    async def _release(self, name: str, token: str) -> None:
        await self._commands.run(None, RELEASE, [name], [token, _milliseconds(REMEMBERED), CHANNEL])

    @contextmanager
    def _woken(self, name: str) -> Iterator[asyncio.Event]:
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


async def _either(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    event.clear()


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
