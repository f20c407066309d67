"""Signatures of addresses under `/img`: who holds a secret lets others see a private image, in one shape, for a while.

    text = "/img/" + image_id + "?" + transform + "&exp=" + exp      (without "&" where the transform is "")
    sig  = base64url(HMAC-SHA-256(key=secret, message=text))         (43 characters, no padding)

`transform` is the canonical text that Transform.query() gives, `exp` the Unix second from which the address holds no
more, in decimal without leading zeros, and the secret is the bytes of its text in UTF-8. Every program that can do this
can sign; docs/signed-urls.md has it in Python and JavaScript.
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

EXP = re.compile(r"[1-9][0-9]{0,11}", re.ASCII)
"""Up to the year 33658: a number that every language holds exactly."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What an address carries beside its transform: until when it holds, in Unix seconds, and the proof of that."""

    exp: int
    sig: str

    @classmethod
    def parse(cls, exp: str | None, sig: str | None) -> Self | None:
        """The signature of a URL's parameters; None where there is none that could hold."""
        if exp is None or not sig or EXP.fullmatch(exp) is None:
            return None
        return cls(int(exp), sig)

    @classmethod
    def make(cls, image_id: str, transform: str, *, exp: int, secret: str) -> Self:
        """The signature that lets anyone see this transform of the image until `exp`."""
        return cls(exp, _sig(image_id, transform, exp, secret))

    def verify(self, image_id: str, transform: str, *, now: float, secrets: Iterable[str]) -> bool:
        """Whether one of the secrets made it for just this, and its time is not over."""
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
