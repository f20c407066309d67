"""Passwords, kept as argon2id with OWASP's parameters (19 MiB, 2 passes, 1 lane): some 55 ms a check."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def hash_password(password: str) -> str:
    """The text to keep. Takes tens of milliseconds: call it off the event loop."""
    return _HASHER.hash(password)


def is_password(password: str, kept: str) -> bool:
    """Whether `kept` was made of this password. Takes tens of milliseconds: call it off the event loop."""
    try:
        return _HASHER.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False
