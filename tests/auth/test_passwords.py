import asyncio
import threading

import pytest
from argon2 import PasswordHasher

from app.auth.passwords import Passwords
from app.errors import Busy


class Held(PasswordHasher):
    """argon2 that waits until it is let go, and knows how many of its checks ran at once."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.go = threading.Event()
        self.running = self.most = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:
        self.running += 1
        self.most = max(self.most, self.running)
        assert self.go.wait(10)
        self.running -= 1
        return super().verify(hash, password)


async def test_a_password_is_known_again_and_no_other() -> None:
    passwords = Passwords()
    kept = await passwords.hash("correct horse")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await passwords.verify("correct horse", kept)
    assert not await passwords.verify("correct house", kept)
    assert not await passwords.verify("correct horse", "not a hash")
    assert not await passwords.verify("", None)


async def test_a_hash_of_other_parameters_is_to_be_made_anew() -> None:
    weak = await Passwords(lambda: PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)).hash("x")
    assert Passwords().needs_rehash(weak)
    assert await Passwords().verify("x", weak)
    assert not Passwords().needs_rehash(await Passwords().hash("x"))


async def test_nobodys_hash_costs_what_a_real_one_does() -> None:
    """It is read by argon2 as one of today's parameters, and checked to the end."""
    assert not Passwords().needs_rehash(Passwords()._dummy_hash)


async def test_few_are_checked_at_once_few_wait_and_the_rest_are_told_to_come_back() -> None:
    held = Held()
    passwords = Passwords(lambda: held, at_once=2, most_waiting=3)
    held.go.set()
    kept = await passwords.hash("x")
    held.go.clear()
    checks = [asyncio.create_task(passwords.verify("x", kept)) for _ in range(5)]
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await passwords.verify("x", kept)
    held.go.set()
    assert await asyncio.gather(*checks) == [True] * 5
    assert held.most <= 2
    assert await passwords.verify("x", kept), "and whoever comes later finds a place"
