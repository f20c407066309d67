"""What a request says of who sends it: a token, or a browser's cookie and the page that asks."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Self

from starlette.requests import HTTPConnection

from app.urls import origin_of

SESSION_COOKIE = "pichub_session"
OWN_SITES = {"same-origin", "none"}


class RequestOrigin(Enum):
    """Whose page made a browser send a request, as far as the browser says."""

    OURS = "ours"
    FOREIGN = "foreign"
    UNSAID = "unsaid"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What was sent: a header, or the text of a session in a cookie."""

    authorization: str | None = None
    session: str | None = None
    page: RequestOrigin = RequestOrigin.UNSAID
    user_agent: str = ""

    @classmethod
    def of(cls, request: HTTPConnection, own_origins: Collection[str]) -> Self:
        """`own_origins` are those whose pages may use the cookie."""
        # Each header is looked for once in a dict, not in the whole list of them; the first of a name counts.
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
    """Without TLS browsers send no Sec-Fetch-Site, and no Origin with a GET to the page's own."""
    if referer is None:
        return RequestOrigin.UNSAID
    try:
        return RequestOrigin.OURS if origin_of(referer) in own_origins else RequestOrigin.FOREIGN
    except ValueError:  # a port that is no number
        return RequestOrigin.FOREIGN
