"""When keys were last used: noted beside the request, which neither waits for it nor fails with it."""

import asyncio
import contextvars
import logging
from datetime import datetime, timedelta

from tortoise.expressions import Q

from app.models import ApiToken, Session

log = logging.getLogger("pichub.auth")

WRITE_INTERVAL = timedelta(minutes=1)
"""A key that is used all the time is noted this often."""


class LastUsed:
    """The notes that are being written. Closed before the database is."""

    def __init__(self) -> None:
        self._writing: dict[str, asyncio.Task[None]] = {}

    def record(self, key: ApiToken | Session, now: datetime) -> None:
        """Notes that the key was used, where the last note is a minute old."""
        last = key.last_used_at
        if key.id in self._writing or (last is not None and now - last < WRITE_INTERVAL):
            return
        # In a context of its own: one that the request is in may hold a transaction, which ends before this does.
        fresh = contextvars.Context()
        task = self._writing[key.id] = asyncio.create_task(_write(key, now), context=fresh)
        task.add_done_callback(lambda _: self._writing.pop(key.id))

    async def close(self) -> None:
        """Waits for what is being written."""
        await asyncio.gather(*self._writing.values())


async def _write(key: ApiToken | Session, now: datetime) -> None:
    try:
        # The condition again: other processes note the same key.
        stale = Q(last_used_at=None) | Q(last_used_at__lte=now - WRITE_INTERVAL)
        await type(key).filter(stale, id=key.id).update(last_used_at=now)
    except Exception:
        log.warning("that a key was used could not be noted", exc_info=True)
