import asyncio
import threading

import pytest
from argon2 import PasswordHasher

from app.auth.passwords import Passwords
from app.errors import Busy


class BlockedHasher(PasswordHasher):
    """argon2 that waits for `go`, and counts its concurrent checks."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.go = threading.Event()
        self.running = self.max_running = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:
        self.running += 1
        self.max_running = max(self.max_running, self.running)
        assert self.go.wait(10)
        self.running -= 1
        return super().verify(hash, password)


async def test_only_the_right_password_verifies() -> None:
    passwords = Passwords()
    stored = await passwords.hash("correct horse")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await passwords.verify("correct horse", stored)
    assert not await passwords.verify("correct house", stored)
    assert not await passwords.verify("correct horse", "not a hash")
    assert not await passwords.verify("", None)


async def test_a_hash_of_other_parameters_needs_a_rehash() -> None:
    weak = await Passwords(lambda: PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)).hash("x")
    assert Passwords().needs_rehash(weak)
    assert await Passwords().verify("x", weak)
    assert not Passwords().needs_rehash(await Passwords().hash("x"))


async def test_the_dummy_hash_takes_as_long_as_a_real_one() -> None:
    """argon2 parses it as a hash of today's parameters, and checks it to the end."""
    assert not Passwords().needs_rehash(Passwords()._dummy_hash)


async def test_few_checks_run_few_wait_and_others_are_busy() -> None:
    hasher = BlockedHasher()
    passwords = Passwords(lambda: hasher, at_once=2, most_waiting=3)
    hasher.go.set()
    stored = await passwords.hash("x")
    hasher.go.clear()
    checks = [asyncio.create_task(passwords.verify("x", stored)) for _ in range(5)]
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await passwords.verify("x", stored)
    hasher.go.set()
    assert await asyncio.gather(*checks) == [True] * 5
    assert hasher.max_running <= 2
    assert await passwords.verify("x", stored), "later sign-ins are accepted again"
