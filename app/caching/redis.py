"""The same over several machines: each has its own file of marks, and tells the others by Redis what changed."""

import asyncio
import secrets
import time
from collections.abc import Sequence
from pathlib import Path

from app.caching.epochs import ALL, SLOTS, Freshness
from app.cancellation import to_the_end
from app.coordination.redis.client import Redis
from app.coordination.redis.commands import AGAIN, PREFIX, Away
from app.coordination.redis.deadline import GRACE, PATIENCE
from app.coordination.redis.subscription import TRUST

CHANNEL = f"{PREFIX}marks:{SLOTS}"
SETTLE = AGAIN + PATIENCE + GRACE + 0.05
"""Seconds from when this process hears Redis until it trusts its memory: by then the others have found it too."""


class SharedFreshness(Freshness):
    """Marks that hold only while this process hears what the others tell.

    Who changes something tells it after the transaction and before the answer. Who can't tell waits instead until all
    others must have noticed that they hear nothing, `TRUST` seconds from when Redis was last seen.
    """

    def __init__(self, path: Path, redis: Redis, *, settle: float = SETTLE) -> None:
        super().__init__(path)
        self._settle = settle
        self._settling: asyncio.TimerHandle | None = None
        self._is_settled = False
        self._commands = redis.commands
        self._subscription = redis.subscription
        self._name = secrets.token_hex(8)
        self._owes = False
        redis.subscription.hear(CHANNEL, self._heard, anew=self._begin_anew)
        redis.commands.when_back(self._tell_what_is_owed)

    def holds(self, image_id: str, marks: tuple[int, int]) -> bool:
        return self._is_settled and self._subscription.hears and super().holds(image_id, marks)

    def close(self) -> None:
        if self._settling is not None:
            self._settling.cancel()
        super().close()

    async def _changed(self, slots: Sequence[int]) -> None:
        self._void(slots)
        await to_the_end(self._tell(slots))

    async def _tell(self, slots: Sequence[int]) -> None:
        """Returns when nobody shows the old from memory any more, as far as that can be known."""
        try:
            await self._publish(slots)
        except Away:
            self._owes = True
            since = self._commands.away_since
            if since is not None:
                await asyncio.sleep(max(0.0, since + TRUST - time.monotonic()))

    async def _publish(self, slots: Sequence[int]) -> None:
        await self._commands.do("marks", "PUBLISH", CHANNEL, f"{self._name} {','.join(map(str, slots))}")

    def _tell_what_is_owed(self) -> None:
        """Others may have heard Redis all the while that this process could not reach it."""
        if self._owes:
            self._owes = False
            self._commands.soon(self._tell([ALL]))

    def _heard(self, message: str) -> None:
        name, _, slots = message.partition(" ")
        if name != self._name:
            self._void([int(slot) for slot in slots.split(",") if slot.isdecimal() and int(slot) <= ALL])

    def _begin_anew(self) -> None:
        """What was remembered before may have changed unheard, and so may what changes before the others hear, too."""
        self._void([ALL])
        if self._settling is not None:
            self._settling.cancel()
        self._is_settled = False
        self._settling = asyncio.get_running_loop().call_later(self._settle, self._end_settling)

    def _end_settling(self) -> None:
        self._is_settled = True
