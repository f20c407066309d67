"""API tokens: `pchb_pat_`, 33 base62 digits (192 random bits), and 6 base62 digits of CRC-32 over all of it.

The checksum detects typing errors, and lets secret scanners recognize tokens without a database. Only the SHA-256 is
stored: with 192 random bits no slower hash is needed.
"""

import hashlib
import secrets
import string
import zlib
from collections.abc import Callable, Iterable
from datetime import datetime

from app.auth.actor import Scope
from app.db.prepared import PreparedQuery
from app.errors import Unauthorized
from app.ids import Kind, new_id
from app.models import Account, Album, ApiToken

PREFIX = "pchb_pat_"
ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
RANDOM_DIGITS = 33
CHECK_DIGITS = 6

BY_DIGEST = PreparedQuery(ApiToken, lambda: ApiToken.filter(digest="").select_related("account").limit(1))


async def create(
    account: Account,
    *,
    name: str,
    scopes: Iterable[Scope],
    now: datetime,
    expires_at: datetime | None = None,
    album: Album | None = None,
) -> tuple[ApiToken, str]:
    """Create a token. Return it with its text, which is not stored."""
    text = mint()
    token = await ApiToken.create(
        id=new_id(Kind.TOKEN, now),
        account=account,
        name=name,
        digest=digest(text),
        hint=text[: len(PREFIX) + 4],
        scopes=sorted(scopes),
        album=album,
        created_at=now,
        expires_at=expires_at,
    )
    return token, text


async def find(authorization: str, *, now: datetime) -> ApiToken:
    """Return the token of an Authorization header with its account. Raises Unauthorized."""
    token = await BY_DIGEST.first(digest(bearer(authorization)))
    if token is None or not token.is_active(now):
        raise Unauthorized()
    return token


def mint(randbits: Callable[[int], int] = secrets.randbits) -> str:
    """Generate the text of a token."""
    body = PREFIX + _base62(randbits(192), RANDOM_DIGITS)
    return body + _checksum(body)


def is_well_formed(text: str) -> bool:
    """Return True if the checksum is right. Otherwise the token was mistyped or is not PicHub's."""
    body, check = text[:-CHECK_DIGITS], text[-CHECK_DIGITS:]
    return text.startswith(PREFIX) and text.isascii() and secrets.compare_digest(check, _checksum(body))


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def bearer(authorization: str) -> str:
    """Return the token in an Authorization header. Raises Unauthorized if there is no well-formed one."""
    scheme, _, text = authorization.partition(" ")
    text = text.strip()
    if scheme.lower() != "bearer" or not is_well_formed(text):
        raise Unauthorized()
    return text


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), CHECK_DIGITS)


def _base62(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, rest = divmod(number, 62)
        digits.append(ALPHABET[rest])
    return "".join(reversed(digits))
