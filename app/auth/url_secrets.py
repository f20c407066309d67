"""The secrets that addresses are signed with, in the database: for servers that have no folder in common."""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from tortoise.transactions import in_transaction

from app.db.locks import AdvisoryLock, advisory_lock
from app.models import UrlSecret
from app.signing.keyring import BadKeyring, KeyringSecret

CACHE_SECONDS = 1.0
"""Seconds after which it is asked again what another server may have changed."""


class DatabaseKeyring:
    """A Keyring of rows. A change counts on all servers within `REMEMBERED` seconds.

    `first` are the secrets to begin with where there are none yet: those that a folder had, the newest first. `older`
    verify too: those that the settings name.
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
        """The secret that signs, made where there is none."""
        found = await self._read() or await self._make()
        return found[0].text

    async def valid_secrets(self, now: datetime) -> Sequence[str]:
        return *(secret.text for secret in await self._read() if secret.is_valid(now)), *self._older

    async def rotate(self, now: datetime, *, keep_for: timedelta) -> datetime:
        """Makes a new secret, and gives the time until which the one before it verifies. Raises BadKeyring."""
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
            if not await UrlSecret.exists():  # another server may have been faster
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
