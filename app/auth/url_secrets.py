"""Secrets that sign URLs, in the database: for servers without a shared folder."""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from tortoise.transactions import in_transaction

from app.db.locks import AdvisoryLock, advisory_lock
from app.models import UrlSecret
from app.signing.keyring import BadKeyring, KeyringSecret

CACHE_SECONDS = 1.0
"""Time after which secrets changed by another server are read again."""


class DatabaseKeyring:
    """Implements `Keyring` with rows. A change takes effect on all servers within `CACHE_SECONDS`.

    `initial` returns secrets to start with, newest first, such as those of a folder. `older` holds further secrets
    that verify, from the settings.
    """

    def __init__(
        self,
        *,
        initial: Callable[[], Sequence[KeyringSecret]] = tuple,
        older: Sequence[str] = (),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._initial = initial
        self._older = tuple(older)
        self._monotonic = monotonic
        self._lock = asyncio.Lock()
        self._cached: tuple[float, tuple[KeyringSecret, ...]] | None = None

    async def signing_secret(self) -> str:
        """Return the secret that signs, creating it if there is none."""
        found = await self._read() or await self._make()
        return found[0].text

    async def valid_secrets(self, now: datetime) -> Sequence[str]:
        return *(secret.text for secret in await self._read() if secret.is_valid(now)), *self._older

    async def rotate(self, now: datetime, *, keep_for: timedelta) -> datetime:
        """Create a new secret. Return the time until which the previous one verifies. Raises BadKeyring."""
        until = now + keep_for
        async with in_transaction() as transaction:
            await advisory_lock(transaction, AdvisoryLock.SECRETS)
            newest = await UrlSecret.all().order_by("-id").first()
            if newest is None:
                raise BadKeyring("There are no secrets in the database: the first start makes them")
            await UrlSecret.filter(id=newest.id).update(until=until)
            await UrlSecret.filter(until__lte=now).delete()
            await UrlSecret.create(id=newest.id + 1, text=KeyringSecret.generate().text)
        self._cached = None
        return until

    async def _make(self) -> tuple[KeyringSecret, ...]:
        async with in_transaction() as transaction:
            await advisory_lock(transaction, AdvisoryLock.SECRETS)
            if not await UrlSecret.exists():  # another server may have created it
                begun = self._initial() or (KeyringSecret.generate(),)
                rows = [UrlSecret(text=each.text, until=each.until) for each in reversed(begun)]
                for number, row in enumerate(rows, 1):
                    row.id = number
                await UrlSecret.bulk_create(rows)
        self._cached = None
        return await self._read()

    async def _read(self) -> tuple[KeyringSecret, ...]:
        async with self._lock:
            if self._cached is None or self._monotonic() - self._cached[0] >= CACHE_SECONDS:
                rows = await UrlSecret.all().order_by("-id")
                self._cached = self._monotonic(), tuple(KeyringSecret(row.text, row.until) for row in rows)
            return self._cached[1]
