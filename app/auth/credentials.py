"""Credentials of a request: a token, or a browser's session cookie and the page that sent it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Self

from app.urls import origin_of

SESSION_COOKIE = "pichub_session"
OWN_SITES = {"same-origin", "none"}


class RequestOrigin(Enum):
    """Origin of the page that sent the request, as reported by the browser."""

    OURS = "ours"
    FOREIGN = "foreign"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Credentials as sent: an Authorization header, or the text of a session cookie."""

    authorization: str | None = None
    session: str | None = None
    page: RequestOrigin = RequestOrigin.UNKNOWN
    user_agent: str = ""

    @classmethod
    def of(cls, headers: Sequence[tuple[bytes, bytes]], own_origins: Collection[str]) -> Self:
        """Read the credentials from a request's headers. `own_origins` may use the cookie."""
        # One pass over the headers; the first of a name counts.
        values = {name: value.decode("latin-1") for name, value in reversed(headers)}
        return cls(
            authorization=values.get(b"authorization"),
            session=_cookie(values[b"cookie"]) if b"cookie" in values else None,
            page=_page(values, own_origins),
            user_agent=values.get(b"user-agent", ""),
        )


def _cookie(header: str) -> str | None:
    """Return the session cookie of a Cookie header (RFC 6265, 5.4); of several the last."""
    cookies = dict(pair.strip().partition("=")[::2] for pair in header.split(";"))
    return cookies.get(SESSION_COOKIE)


def _page(values: Mapping[bytes, str], own_origins: Collection[str]) -> RequestOrigin:
    site, origin = values.get(b"sec-fetch-site"), values.get(b"origin")
    if site in OWN_SITES or origin in own_origins:
        return RequestOrigin.OURS
    if site is None and origin is None:
        return _page_of_referer(values.get(b"referer"), own_origins)
    return RequestOrigin.FOREIGN


def _page_of_referer(referer: str | None, own_origins: Collection[str]) -> RequestOrigin:
    """Without TLS, browsers send no Sec-Fetch-Site, and no Origin with a same-origin GET."""
    if referer is None:
        return RequestOrigin.UNKNOWN
    try:
        return RequestOrigin.OURS if origin_of(referer) in own_origins else RequestOrigin.FOREIGN
    except ValueError:  # the port is not a number
        return RequestOrigin.FOREIGN
