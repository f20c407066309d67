"""Password hashing with argon2id and OWASP's parameters (19 MiB, 2 passes, 1 lane): about 55 ms each.

Since hashing could overload the server, few run at once, few wait, and the rest are refused with Busy.
"""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from app.cancellation import in_thread
from app.errors import Busy

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MAX_CONCURRENT = 2
MAX_WAITING = 32


def hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher  # imported late: the server starts faster

    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class Passwords:
    """Hash and verify passwords off the event loop, `at_once` at a time. Raises Busy if too many wait."""

    def __init__(
        self,
        make: Callable[[], "PasswordHasher"] = hasher,
        *,
        at_once: int = MAX_CONCURRENT,
        most_waiting: int = MAX_WAITING,
    ) -> None:
        self._make = make
        self._turns = asyncio.Semaphore(at_once)
        self._places = at_once + most_waiting

    async def hash(self, password: str) -> str:
        """Return the hash to store."""
        async with self._slot():
            return await in_thread(self._hasher.hash, password)

    async def verify(self, password: str, kept: str | None) -> bool:
        """Return True if `kept` is a hash of this password. Takes the same time without a hash."""
        async with self._slot():
            return await in_thread(self._verify, password, kept or self._dummy_hash)

    def needs_rehash(self, kept: str) -> bool:
        """Return True if the hash has other parameters than today's."""
        return self._hasher.check_needs_rehash(kept)

    @cached_property
    def _hasher(self) -> "PasswordHasher":
        return self._make()

    @cached_property
    def _dummy_hash(self) -> str:
        """A hash that no known password has: argon2 output of zeros."""
        made_with = self._hasher
        cost = f"m={made_with.memory_cost},t={made_with.time_cost},p={made_with.parallelism}"
        salt, digest = _plain64(made_with.salt_len), _plain64(made_with.hash_len)
        return f"$argon2id$v=19${cost}${salt}${digest}"

    def _verify(self, password: str, kept: str) -> bool:
        from argon2.exceptions import InvalidHashError, VerificationError

        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        if not self._places:
            raise Busy("Too many concurrent sign-ins; try again in a second", reason="too_many_sign_ins")
        self._places -= 1
        try:
            async with self._turns:
                yield
        finally:
            self._places += 1


def _plain64(length: int) -> str:
    """Return zeros in base64 without padding, as in argon2 hashes."""
    return b64encode(bytes(length)).decode().rstrip("=")
