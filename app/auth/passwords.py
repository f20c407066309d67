"""Passwords, kept as argon2id with OWASP's parameters (19 MiB, 2 passes, 1 lane): some 55 ms a check.

That much work is a way to hold a server up: few checks run at once, few wait, and the rest are told to come back.
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
    from argon2 import PasswordHasher  # a server starts faster without it

    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class Passwords:
    """Hashes and checks passwords off the event loop, `at_once` at a time. Raises Busy where too many wait."""

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
        """The text to keep."""
        async with self._slot():
            return await in_thread(self._hasher.hash, password)

    async def verify(self, password: str, kept: str | None) -> bool:
        """Whether `kept` was made of this password. Where there is none it takes the same time to say no."""
        async with self._slot():
            return await in_thread(self._verify, password, kept or self._dummy_hash)

    def needs_rehash(self, kept: str) -> bool:
        """Whether it was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(kept)

    @cached_property
    def _hasher(self) -> "PasswordHasher":
        return self._make()

    @cached_property
    def _dummy_hash(self) -> str:
        """The hash of no password at all: of zeros, which argon2 gives for none that anyone knows."""
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
            raise Busy("Too many people are signing in at this moment")
        self._places -= 1
        try:
            async with self._turns:
                yield
        finally:
            self._places += 1


def _plain64(length: int) -> str:
    """Zeros in base64 without padding, as argon2 writes its texts."""
    return b64encode(bytes(length)).decode().rstrip("=")
