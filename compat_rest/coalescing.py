"""Who asks for a picture while the same is being answered to another is given that answer."""

import asyncio
import re
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.caching.epochs import Epochs
from app.context import CachedResponse
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
"""Headers of requests that are answered for themselves."""
VARYING_QUERY = re.compile(rb"auto|preset|%", re.IGNORECASE)
"""In queries whose answer may depend on Accept: a preset may say auto, and escapes may spell either."""
SIGNED = b"sig="
"""So is what a signature may have opened: nothing of it is shared, and nobody waits for it."""


@dataclass(frozen=True, slots=True)
class SharedResponse:
    """An answer that anyone may have, while its marks hold."""

    cached: CachedResponse
    image_id: str
    epochs: Epochs


class RequestCoalescing:
    """Lets the first of equal requests through to `app`, and gives its answer to those that come meanwhile.

    A hundred who ask at once for a picture that is not made yet cost one of them, not a hundred times the way to it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._in_flight: dict[bytes, asyncio.Future[SharedResponse | None]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _is_shareable(scope):
            await self.app(scope, receive, send)
            return
        leader = self._in_flight.get(cache_key(scope))
        if leader is None:
            await self._run_leader(scope, receive, send)
            return
        shared = await asyncio.shield(leader)
        if shared is None or not scope["state"]["services"].cache_epochs.is_valid(
            shared.image_id, shared.epochs
        ):
            await self.app(scope, receive, send)
            return
        if scope["query_string"]:
            scope["state"]["services"].metrics.transformed(TransformOutcome.JOINED)
        headers = [*shared.cached.headers, (b"vary", b"Origin")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": shared.cached.body})

    async def _run_leader(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = cache_key(scope)
        first = self._in_flight[key] = scope["state"]["first"] = asyncio.get_running_loop().create_future()

        def end() -> None:
            if not first.done():
                first.set_result(None)

        async def send_after_end(message: Message) -> None:
            end()  # what was not shared by now is not for all, or too large to be held
            await send(message)

        try:
            await self.app(scope, receive, send_after_end)
        finally:
            del self._in_flight[key]
            end()


def share_response(scope: Scope, hit: CachedResponse, image_id: str, marks: Epochs) -> None:
    """Tells those who wait for the same what the answer is, before it is sent: who reads slowly holds nobody up."""
    first = scope["state"].get("first")
    if first is not None and not first.done():
        first.set_result(SharedResponse(hit, image_id, marks))


def cache_key(scope: Scope) -> bytes:
    """The address as it was sent, and what the answer may depend on beside it."""
    path, query = scope["path"].encode(), scope["query_string"]
    if not VARYING_QUERY.search(query):
        return b"%b?%b" % (path, query)
    accept = b",".join(value for name, value in scope["headers"] if name == b"accept")
    return b"%b?%b %b" % (path, query, accept)


def _is_shareable(scope: Scope) -> bool:
    return (
        scope["type"] == "http"
        and scope["method"] == "GET"
        and scope["path"].startswith("/img/")
        and SIGNED not in scope["query_string"]
        and not any(name in UNSHARED_HEADERS for name, _ in scope["headers"])
    )
