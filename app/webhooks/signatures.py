"""Signatures of Standard Webhooks 1.0: standardwebhooks.com.

    text      = webhook-id + "." + webhook-timestamp + "." + body
    signature = "v1," + base64(HMAC-SHA-256(key = the base64-decoded bytes after "whsec_", message = text))

During a rotation there are two signatures, separated by a space; one valid signature is enough.
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
"""Allowed key length in bytes."""


class InvalidSecret(ValueError):
    """The text is not a secret of Standard Webhooks."""


def new_secret(randbytes: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """Generate a secret such as `whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw…`."""
    return PREFIX + base64.b64encode(randbytes(KEY_SIZE)).decode()


def signed_headers(id: str, timestamp: int, body: bytes, using: Iterable[str]) -> dict[str, str]:
    """Return the three headers: `id` is the same for each attempt, `timestamp` the attempt's, in Unix seconds.

    Raises InvalidSecret.
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
