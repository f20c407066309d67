"""Cache invalidation across machines: each has its own file of epochs and publishes its changes through Redis."""

import asyncio
import secrets
import time
from collections.abc import Sequence
from pathlib import Path

from app.caching.epochs import ALL_IMAGES, SLOTS, CacheEpochs, Epochs
from app.cancellation import shield_until_done
from app.coordination.redis.client import RedisClient
from app.coordination.redis.commands import PREFIX, RECONNECT_INTERVAL_SECONDS, RedisUnavailable
from app.coordination.redis.deadline import GRACE_SECONDS, RESPONSE_TIMEOUT_SECONDS
from app.coordination.redis.subscription import TRUST_SECONDS

CHANNEL = f"{PREFIX}marks:{SLOTS}"
SETTLE_SECONDS = RECONNECT_INTERVAL_SECONDS + RESPONSE_TIMEOUT_SECONDS + GRACE_SECONDS + 0.05
"""Time from reconnecting until cached values are trusted: by then the other servers have reconnected too."""


class SharedCacheEpochs(CacheEpochs):
    """Epochs that are valid only while this process receives the changes of the others.

    A change is published after its transaction and before its response. If publishing fails, the response waits
    until all others must have noticed that they receive nothing: `TRUST_SECONDS` from when Redis was last
    available.
    """

    def __init__(self, path: Path, redis: RedisClient, *, settle: float = SETTLE_SECONDS) -> None:
        super().__init__(path)
        self._settle = settle
        self._settling: asyncio.TimerHandle | None = None
        self._is_settled = False
        self._commands = redis.commands
        self._subscription = redis.subscription
        self._name = secrets.token_hex(8)
        self._has_unpublished = False
        redis.subscription.on_message(CHANNEL, self._received, on_start=self._reset)
        redis.commands.on_reconnect(self._publish_missed)

    def is_valid(self, image_id: str, marks: Epochs) -> bool:
        return self._is_settled and self._subscription.is_current and super().is_valid(image_id, marks)

    def close(self) -> None:
        if self._settling is not None:
            self._settling.cancel()
        super().close()

    async def _invalidate(self, slots: Sequence[int]) -> None:
        self._bump(slots)
        await shield_until_done(self._publish_or_wait(slots))

    async def _publish_or_wait(self, slots: Sequence[int]) -> None:
        """Publish the change, or wait until no other server can serve the old value from memory."""
        try:
            await self._publish(slots)
        except RedisUnavailable:
            self._has_unpublished = True
            since = self._commands.unavailable_since
            if since is not None:
                await asyncio.sleep(max(0.0, since + TRUST_SECONDS - time.monotonic()))

    async def _publish(self, slots: Sequence[int]) -> None:
        await self._commands.execute("marks", "PUBLISH", CHANNEL, f"{self._name} {','.join(map(str, slots))}")

    def _publish_missed(self) -> None:
        """Invalidate everything on the other servers, which may have stayed connected during this process's
        outage.
        """
        if self._has_unpublished:
            self._has_unpublished = False
            self._commands.in_background(self._publish_or_wait([ALL_IMAGES]))

    def _received(self, message: str) -> None:
        name, _, slots = message.partition(" ")
        if name != self._name:
            self._bump(
                [int(slot) for slot in slots.split(",") if slot.isdecimal() and int(slot) <= ALL_IMAGES]
            )

    def _reset(self) -> None:
        """Invalidate everything: changes may have been missed, and others may not receive ours yet."""
        self._bump([ALL_IMAGES])
        if self._settling is not None:
            self._settling.cancel()
        self._is_settled = False
        self._settling = asyncio.get_running_loop().call_later(self._settle, self._end_settling)

    def _end_settling(self) -> None:
        self._is_settled = True
