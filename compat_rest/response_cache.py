"""Response cache: frequently requested images are served from memory, before routing."""

from typing import TypeAlias

from starlette.types import ASGIApp, Receive, Scope, Send

from app.caching.epochs import Epochs
from app.caching.response_cache import EpochCache
from compat_rest import coalescing
from compat_rest.coalescing import CachedResponse

ResponseCache: TypeAlias = EpochCache[bytes, CachedResponse]
"""Responses by URL."""

MAX_KEY_LENGTH = 512
ENTRY_OVERHEAD_BYTES = 1024
"""Approximate memory of a response besides its body."""
BYPASS_HEADERS = {b"range", b"if-range", b"if-modified-since"}
BODY_HEADERS = {b"content-length", b"content-type", b"content-disposition", b"accept-ranges"}


class ResponseCacheMiddleware:
    """ASGI middleware that serves cached responses; all other requests go to `app`.

    It is installed twice: outermost, where a response costs least, for requests without an Origin; and inside CORS,
    which adds the headers for other origins.
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
            return
        status, headers, body = 200, [*cached.headers, *self._extra_headers], cached.body
        if is_not_modified:
            status, headers = 304, [header for header in headers if header[0] not in BODY_HEADERS]
        if is_not_modified or scope["method"] == "HEAD":
            body = b""
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _is_not_modified(self, scope: Scope, cached: CachedResponse) -> bool | None:
        """Return True if the client has this response, so that 304 is sent; None if `app` must handle the request."""
        is_not_modified = False
        for name, value in scope["headers"]:
            if name in self._bypass_headers:
                return None
            if name == b"if-none-match":
                is_not_modified = is_not_modified or cached.etag in value or value.strip() == b"*"
        return is_not_modified


def store(
    cache: ResponseCache,
    scope: Scope,
    epochs: Epochs,
    *,
    image_id: str,
    headers: list[tuple[bytes, bytes]],
    body: bytes,
) -> None:
    """Cache and share a public 200 response. `epochs` must be from before anything was read about the image."""
    key = coalescing.cache_key(scope)
    if len(key) <= MAX_KEY_LENGTH:
        cached = CachedResponse(dict(headers)[b"etag"], tuple(headers), body)
        coalescing.share_response(scope, cached, image_id, epochs)
        cache.put(key, cached, image_id=image_id, epochs=epochs, cost=len(body) + ENTRY_OVERHEAD_BYTES)


def _find(scope: Scope) -> CachedResponse | None:
    if scope["method"] not in {"GET", "HEAD"}:
        return None
    cache: ResponseCache = scope["state"]["services"].cache.responses
    return cache.get(coalescing.cache_key(scope))
