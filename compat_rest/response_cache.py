"""The short way to pictures that are asked for often: ahead of routing, from memory."""

from starlette.types import ASGIApp, Receive, Scope, Send

from app.caching.epochs import Epochs
from app.context import Hit, Hits
from compat_rest import coalescing

LONGEST_KEY = 512
OVERHEAD = 1024
"""Bytes that an answer costs beside its body, roughly."""
THE_LONG_WAY = {b"range", b"if-range", b"if-modified-since"}
OF_THE_BODY = {b"content-length", b"content-type", b"content-disposition", b"accept-ranges"}


class Hot:
    """Answers what is remembered; everything else goes on to `app`.

    Stands twice: outside of everything, where an answer costs least, for requests that pages on other origins did not
    make; and behind what tells those pages that they may read it.
    """

    def __init__(self, app: ASGIApp, *, outside: bool = False) -> None:
        self.app = app
        self._leave = THE_LONG_WAY | {b"origin"} if outside else THE_LONG_WAY
        self._more = [(b"vary", b"Origin")] if outside else []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        hit = _remembered(scope) if scope["type"] == "http" else None
        held = hit and self._held(scope, hit)
        if hit is None or held is None:
            await self.app(scope, receive, send)
        elif held:
            headers = [(name, value) for name, value in hit.headers if name not in OF_THE_BODY]
            await send({"type": "http.response.start", "status": 304, "headers": headers + self._more})
            await send({"type": "http.response.body"})
        else:
            await send({"type": "http.response.start", "status": 200, "headers": [*hit.headers, *self._more]})
            await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else hit.body})

    def _held(self, scope: Scope, hit: Hit) -> bool | None:
        """Whether the client has this very answer already; None where that is for `app` to tell."""
        held = False
        for name, value in scope["headers"]:
            if name in self._leave:
                return None
            if name == b"if-none-match":
                held = held or hit.etag in value or value.strip() == b"*"
        return held


def remember(
    hits: Hits, scope: Scope, marks: Epochs, *, image_id: str, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    """Keeps an answer of 200 that anyone may have. `marks` were taken before anything was asked about the image."""
    asked = coalescing.asked(scope)
    if len(asked) <= LONGEST_KEY:
        hit = Hit(dict(headers)[b"etag"], tuple(headers), body)
        coalescing.share(scope, hit, image_id, marks)
        hits.put(asked, hit, image_id=image_id, epochs=marks, cost=len(body) + OVERHEAD)


def _remembered(scope: Scope) -> Hit | None:
    if scope["method"] not in {"GET", "HEAD"}:
        return None
    hits: Hits = scope["state"]["services"].hits
    return hits.get(coalescing.asked(scope))
