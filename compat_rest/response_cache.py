"""The short way to pictures that are asked for often: ahead of routing, from memory."""

from starlette.types import ASGIApp, Receive, Scope, Send

from app.caching.epochs import Epochs
from app.context import CachedResponse, ResponseCache
from compat_rest import coalescing

MAX_KEY_LENGTH = 512
ENTRY_OVERHEAD_BYTES = 1024
"""Bytes that an answer costs beside its body, roughly."""
BYPASS_HEADERS = {b"range", b"if-range", b"if-modified-since"}
BODY_HEADERS = {b"content-length", b"content-type", b"content-disposition", b"accept-ranges"}


class ResponseCacheMiddleware:
    """Answers what is remembered; everything else goes on to `app`.

    Stands twice: outside of everything, where an answer costs least, for requests that pages on other origins did not
    make; and behind what tells those pages that they may read it.
    """

    def __init__(self, app: ASGIApp, *, is_outermost: bool = False) -> None:
        self.app = app
        self._bypass_headers = BYPASS_HEADERS | {b"origin"} if is_outermost else BYPASS_HEADERS
        self._extra_headers = [(b"vary", b"Origin")] if is_outermost else []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        cached = _find(scope) if scope["type"] == "http" else None
        is_not_modified = cached and self._is_not_modified(scope, cached)
        if cached is None or is_not_modified is None:
            await self.app(scope, receive, send)
        elif is_not_modified:
            headers = [(name, value) for name, value in cached.headers if name not in BODY_HEADERS]
            await send({"type": "http.response.start", "status": 304, "headers": headers + self._extra_headers})
            await send({"type": "http.response.body"})
        else:
            await send({"type": "http.response.start", "status": 200, "headers": [*cached.headers, *self._extra_headers]})
            await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else cached.body})

    def _is_not_modified(self, scope: Scope, hit: CachedResponse) -> bool | None:
        """Whether the client has this very answer already; None where that is for `app` to tell."""
        held = False
        for name, value in scope["headers"]:
            if name in self._bypass_headers:
                return None
            if name == b"if-none-match":
                held = held or hit.etag in value or value.strip() == b"*"
        return held


def store(
    cache: ResponseCache,
    scope: Scope,
    epochs: Epochs,
    *,
    image_id: str,
    headers: list[tuple[bytes, bytes]],
    body: bytes,
) -> None:
    """Keeps an answer of 200 that anyone may have. `marks` were taken before anything was asked about the image."""
    key = coalescing.cache_key(scope)
    if len(key) <= MAX_KEY_LENGTH:
        hit = CachedResponse(dict(headers)[b"etag"], tuple(headers), body)
        coalescing.share_response(scope, hit, image_id, epochs)
        cache.put(key, hit, image_id=image_id, epochs=epochs, cost=len(body) + ENTRY_OVERHEAD_BYTES)


def _find(scope: Scope) -> CachedResponse | None:
    if scope["method"] not in {"GET", "HEAD"}:
        return None
    hits: ResponseCache = scope["state"]["services"].response_cache
    return hits.get(coalescing.cache_key(scope))
