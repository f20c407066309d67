"""Request coalescing: identical image requests in flight share one response."""

import asyncio
import re
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.caching.epochs import Epochs
from app.observability.metrics import TransformOutcome

UNSHARED_HEADERS = {
    b"authorization",
    b"cookie",
    b"origin",
    b"range",
    b"if-range",
    b"if-none-match",
    b"if-modified-since",
}
"""Requests with one of these headers are not coalesced."""
VARYING_QUERY = re.compile(rb"auto|preset|%", re.IGNORECASE)
"""Queries whose response may depend on Accept: presets may use fm=auto, and percent-encoding may hide both names."""
SIGNATURE_PARAMETER = b"sig="
"""Requests with a signature are not coalesced either: their responses are private."""


@dataclass(frozen=True, slots=True)
class CachedResponse:
    """A public 200 response: its body, and its headers as sent."""

    etag: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class SharedResponse:
    """A public response, valid while its epochs are."""

    cached: CachedResponse
    image_id: str
    epochs: Epochs


class RequestCoalescing:
    """ASGI middleware that runs `app` for the first of identical requests, and sends its response to the others.

    A hundred concurrent requests for an unrendered variant cost little more than one.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._in_flight: dict[bytes, asyncio.Future[SharedResponse | None]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _can_share(scope):
            await self.app(scope, receive, send)
            return
        leader = self._in_flight.get(cache_key(scope))
        if leader is None:
            await self._run_leader(scope, receive, send)
            return
        services, shared = scope["state"]["services"], await asyncio.shield(leader)
        if shared is None or not services.cache.epochs.is_valid(shared.image_id, shared.epochs):
            await self.app(scope, receive, send)
            return
        if scope["query_string"]:
            services.observability.metrics.count_transform(TransformOutcome.JOINED)
        headers = [*shared.cached.headers, (b"vary", b"Origin")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": shared.cached.body})

    async def _run_leader(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = cache_key(scope)
        future = asyncio.get_running_loop().create_future()
        self._in_flight[key] = scope["state"]["coalescing"] = future

        def release() -> None:
            if not future.done():
                future.set_result(None)

        async def send_after_release(message: Message) -> None:
            release()  # a response not shared by now is private, or too large to be kept in memory
            await send(message)

        try:
            await self.app(scope, receive, send_after_release)
        finally:
            del self._in_flight[key]
            release()


def share_response(scope: Scope, cached: CachedResponse, image_id: str, epochs: Epochs) -> None:
    """Send the response to the waiting requests before the leader sends it: its client may read slowly."""
    future = scope["state"].get("coalescing")
    if future is not None and not future.done():
        future.set_result(SharedResponse(cached, image_id, epochs))


def cache_key(scope: Scope) -> bytes:
    """Return the path and query as sent, and Accept if the response may depend on it."""
    path, query = scope["path"].encode(), scope["query_string"]
    if not VARYING_QUERY.search(query):
        return b"%b?%b" % (path, query)
    accept = b",".join(value for name, value in scope["headers"] if name == b"accept")
    return b"%b?%b %b" % (path, query, accept)


def _can_share(scope: Scope) -> bool:
    return (
        scope["type"] == "http"
        and scope["method"] == "GET"
        and scope["path"].startswith("/img/")
        and SIGNATURE_PARAMETER not in scope["query_string"]
        and not any(name in UNSHARED_HEADERS for name, _ in scope["headers"])
    )
