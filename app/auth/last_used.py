"""Time of last use of tokens and sessions, written beside the request, which neither waits nor fails."""

import asyncio
import contextvars
import logging
from datetime import datetime, timedelta

from tortoise.expressions import Q

from app.models import ApiToken, Session

log = logging.getLogger("pichub.auth")

WRITE_INTERVAL = timedelta(minutes=1)
"""Maximum write rate per token or session."""


class LastUsed:
    """Pending writes. Close before the database."""

    def __init__(self) -> None:
        self._writing: dict[str, asyncio.Task[None]] = {}

    def record(self, key: ApiToken | Session, now: datetime) -> None:
        """Record the use if the last record is a minute old."""
        last = key.last_used_at
        if key.id in self._writing or (last is not None and now - last < WRITE_INTERVAL):
            return
        # In a separate context: the request's may hold a transaction, which ends before this write.
        fresh = contextvars.Context()
        task = self._writing[key.id] = asyncio.create_task(_write(key, now), context=fresh)
        task.add_done_callback(lambda _: self._writing.pop(key.id))

    async def close(self) -> None:
        """Wait for pending writes."""
        await asyncio.gather(*self._writing.values())


async def _write(key: ApiToken | Session, now: datetime) -> None:
    try:
        # The condition again, since other processes write too.
        stale = Q(last_used_at=None) | Q(last_used_at__lte=now - WRITE_INTERVAL)
        await type(key).filter(stale, id=key.id).update(last_used_at=now)
    except Exception:
        log.warning("that a key was used could not be noted", exc_info=True)
