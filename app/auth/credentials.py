"""Credentials of a request: a token, or a browser's session cookie and the page that sent it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Self

from starlette.requests import HTTPConnection

from app.urls import origin_of

SESSION_COOKIE = "pichub_session"
OWN_SITES = {"same-origin", "none"}


class RequestOrigin(Enum):
    """Origin of the page that sent the request, as reported by the browser."""

    OURS = "ours"
    FOREIGN = "foreign"
    UNSAID = "unsaid"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Credentials as sent: an Authorization header, or the text of a session cookie."""

    authorization: str | None = None
    session: str | None = None
    page: RequestOrigin = RequestOrigin.UNSAID
    user_agent: str = ""

    @classmethod
    def of(cls, request: HTTPConnection, own_origins: Collection[str]) -> Self:
        """Read the credentials of a request. `own_origins` may use the cookie."""
        # One pass over the headers; the first of a name counts.
        said = {name: value.decode("latin-1") for name, value in reversed(request.headers.raw)}
        return cls(
            authorization=said.get(b"authorization"),
            session=request.cookies.get(SESSION_COOKIE) if b"cookie" in said else None,
            page=_page(said, own_origins),
            user_agent=said.get(b"user-agent", ""),
        )


def _page(said: Mapping[bytes, str], own_origins: Collection[str]) -> RequestOrigin:
    site, origin = said.get(b"sec-fetch-site"), said.get(b"origin")
    if site in OWN_SITES or origin in own_origins:
        return RequestOrigin.OURS
    if site is None and origin is None:
        return _page_of_referer(said.get(b"referer"), own_origins)
    return RequestOrigin.FOREIGN


def _page_of_referer(referer: str | None, own_origins: Collection[str]) -> RequestOrigin:
    """Without TLS, browsers send no Sec-Fetch-Site, and no Origin with a same-origin GET."""
    if referer is None:
        return RequestOrigin.UNSAID
    try:
        return RequestOrigin.OURS if origin_of(referer) in own_origins else RequestOrigin.FOREIGN
    except ValueError:  # the port is not a number
        return RequestOrigin.FOREIGN
