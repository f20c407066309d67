"""Signatures as Standard Webhooks 1.0 has them: standardwebhooks.com.

    text      = webhook-id + "." + webhook-timestamp + "." + body
    signature = "v1," + base64(HMAC-SHA-256(key = the bytes behind "whsec_" in base64, message = text))

While a secret is being changed there are two signatures, a space between them; one that fits is enough.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable

PREFIX = "whsec_"
KEY_SIZE = 32
SHORTEST, LONGEST = 24, 64
"""Bytes of a key, as the standard bounds them."""


class InvalidSecret(ValueError):
    """The text is not a secret of Standard Webhooks."""


def new_secret(randbytes: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """A fresh secret such as `whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw…`."""
    return PREFIX + base64.b64encode(randbytes(KEY_SIZE)).decode()


def signed_headers(id: str, timestamp: int, body: bytes, using: Iterable[str]) -> dict[str, str]:
    """The three headers: `id` is the same at each attempt, `timestamp` is the attempt's, in Unix seconds.

    Raises BadSecret.
    """
    return {
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(_signature(id, timestamp, body, secret) for secret in using),
    }


def _signature(id: str, timestamp: int, body: bytes, secret: str) -> str:
    text = f"{id}.{timestamp}.".encode() + body
    digest = hmac.digest(_key(secret), text, hashlib.sha256)
    return f"v1,{base64.b64encode(digest).decode()}"


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidSecret("A secret is whsec_ and then base64") from error
    if not secret.startswith(PREFIX) or not SHORTEST <= len(key) <= LONGEST:
        raise InvalidSecret(f"A secret is whsec_ and then {SHORTEST} to {LONGEST} bytes in base64")
    return key
