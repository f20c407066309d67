"""Prefixed ids that sort by creation time.

A prefix for the kind, and a lower-case ULID: 48 bits of milliseconds and 80 random bits (github.com/ulid/spec). Own
implementation, because time and randomness are passed in.
"""

import secrets
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

CROCKFORD_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
ID_CHARACTERS = frozenset(CROCKFORD_ALPHABET)
ULID_LENGTH = 26


class Kind(StrEnum):
    """Kind of object; the value is the prefix of its ids."""

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
    """Return a new id such as `img_01jd5m8x2v9k3r7q0w4t6y8z1a`."""
    number = int(now.timestamp() * 1000) << 80 | randbits(80)
    return f"{kind}_" + "".join(CROCKFORD_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


def kind_of(id: str) -> Kind | None:
    """Return the kind of an id; None if it is not well-formed."""
    prefix, _, rest = id.partition("_")
    if len(rest) != ULID_LENGTH or not ID_CHARACTERS.issuperset(rest):
        return None
    return next((kind for kind in Kind if kind == prefix), None)
