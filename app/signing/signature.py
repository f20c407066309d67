"""Signatures of URLs under `/img`: the holder of a secret can share one variant of a private image for a while.

    text = "/img/" + image_id + "?" + transform + "&exp=" + exp      (without "&" if the transform is "")
    sig  = base64url(HMAC-SHA-256(key=secret, message=text))         (43 characters, no padding)

`transform` is the canonical text of Transform.query(), `exp` the Unix second at which the URL expires, in decimal
without leading zeros, and the key is the UTF-8 bytes of the secret. docs/signed-urls.md has it in Python and
JavaScript.
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

EXP = re.compile(r"[1-9][0-9]{0,11}", re.ASCII)
"""Up to the year 33658, which every language represents exactly."""


@dataclass(frozen=True, slots=True)
class Signature:
    """The `exp` (Unix seconds) and `sig` parameters of a URL."""

    exp: int
    sig: str

    @classmethod
    def parse(cls, exp: str | None, sig: str | None) -> Self | None:
        """Return the signature in a URL's parameters; None if there is none that could be valid."""
        if exp is None or not sig or EXP.fullmatch(exp) is None:
            return None
        return cls(int(exp), sig)

    @classmethod
    def make(cls, image_id: str, transform: str, *, exp: int, secret: str) -> Self:
        """Sign this transform of the image, valid until `exp`."""
        return cls(exp, _sig(image_id, transform, exp, secret))

    def verify(self, image_id: str, transform: str, *, now: float, secrets: Iterable[str]) -> bool:
        """Return True if one of the secrets made the signature and it has not expired."""
        given = self.sig.encode(errors="replace")
        fits = [
            hmac.compare_digest(given, _sig(image_id, transform, self.exp, secret).encode())
            for secret in secrets
        ]
        return any(fits) and now < self.exp


def _sig(image_id: str, transform: str, exp: int, secret: str) -> str:
    query = "&".join(filter(None, (transform, f"exp={exp}")))
    digest = hmac.digest(secret.encode(), f"/img/{image_id}?{query}".encode(), hashlib.sha256)
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
