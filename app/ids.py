"""Ids of things: a prefix that tells the kind, and a ULID, so that ids sort by birth.

A ULID is 48 bits of milliseconds and 80 random bits (github.com/ulid/spec), here in lower case. These dozen lines are
ours and not a package's because the time and the randomness come in as arguments.
"""

import secrets
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
LETTERS = frozenset(ALPHABET)
LENGTH = 26


class Kind(StrEnum):
    """What an id names; the value is its prefix."""

    ACCOUNT = "acc"
    TOKEN = "tok"  # noqa: S105
    SESSION = "ses"
    INVITATION = "inv"
    IMAGE = "img"
    UPLOAD = "upl"
    ALBUM = "alb"
    CATEGORY = "cat"
    EVENT = "evt"
    WEBHOOK = "whk"
    DELIVERY = "dlv"


def new_id(kind: Kind, now: datetime, randbits: Callable[[int], int] = secrets.randbits) -> str:
    """A fresh id such as `img_01jd5m8x2v9k3r7q0w4t6y8z1a`."""
    number = int(now.timestamp() * 1000) << 80 | randbits(80)
    return f"{kind}_" + "".join(ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


def kind_of(id: str) -> Kind | None:
    """The kind that an id names, or None where it can't be one of ours."""
    prefix, _, rest = id.partition("_")
    if len(rest) != LENGTH or not LETTERS.issuperset(rest):
        return None
    return next((kind for kind in Kind if kind == prefix), None)
