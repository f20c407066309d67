"""Request ids, and the record of each response in log, metrics and trace."""

import logging
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from functools import lru_cache
from random import getrandbits
from typing import Any, TypeAlias
from urllib.parse import quote

from app.observability.logging import RequestInfo, request_context
from app.observability.metrics import RequestKind

log = logging.getLogger("pichub.access")

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
ASGIApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
"""Types of ASGI (asgi.readthedocs.io)."""

REQUEST_TYPES = {"http", "websocket"}
REQUEST_ID = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
"""Ids accepted from a proxy: safe in log lines and headers."""
METHODS = {"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"}
SIGNATURE = re.compile(r"(?<=[?&]sig=)[^&]+")
MAX_URL_LENGTH = 512
CLIENT_DISCONNECTED = 499
"""Status for clients that disconnected before the response, as in nginx."""
MONITORING_PATHS = {"/healthz", "/readyz", "/metrics"}
"""Paths polled by monitoring, logged only with `all`."""


@dataclass(slots=True)
class ResponseRecord:
    """The response so far."""

    status: int = CLIENT_DISCONNECTED
    size: int = 0
    is_stream: bool = False

    def add(self, message: Message) -> None:
        match message["type"]:
            case "http.response.start":
                self.status = message["status"]
                content_types = [
                    value for name, value in message.get("headers", ()) if name == b"content-type"
                ]
                self.is_stream = any(
                    value.startswith((b"text/event-stream", b"multipart/mixed")) for value in content_types
                )
            case "http.response.body":
                self.size += len(message.get("body", b""))
            case "websocket.accept":
                self.status, self.is_stream = 101, True
            case "websocket.close" if self.status == CLIENT_DISCONNECTED:
                self.status = 403


class AccessLogMiddleware:
    """Give each request an id, in `request.state.request_id` and X-Request-Id, and record its response.

    A valid id of the request is kept. The middleware may be nested; only the outermost acts.
    """

    def __init__(self, app: ASGIApp, *, is_logged: bool) -> None:
        self.app = app
        self._is_enabled = is_logged

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        state = scope.setdefault("state", {})
        if scope["type"] not in REQUEST_TYPES or "request_id" in state:
            await self.app(scope, receive, send)
            return
        info, response = RequestInfo(_request_id(scope)), ResponseRecord()
        state["request_id"] = info.id
        header = (b"x-request-id", info.id.encode())

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), header]
            response.add(message)
            await send(message)

        started_at = time.perf_counter()
        method = scope["method"] if scope["type"] == "http" else "WEBSOCKET"
        metrics, tracing = state["services"].observability.metrics, state["services"].observability.tracing
        with request_context(info), tracing.request(method, scope["headers"]) as span:
            try:
                await self.app(scope, receive, send_with_id)
            finally:
                seconds = time.perf_counter() - started_at
                kind = request_kind(scope, method, info)
                metrics.count_request(kind, _status_class(response), None if response.is_stream else seconds)
                if span is not None:
                    span.route, span.status = kind.operation, response.status
                if self._is_enabled:
                    _log(scope, method, kind, info, response, seconds)


def request_kind(scope: Scope, method: str, info: RequestInfo) -> RequestKind:
    """Return the kind of the request, after routing."""
    return _kind(_route(scope), method, info.operation)


@lru_cache
def _kind(route: str, method: str, operation: str | None) -> RequestKind:
    method = method if method in METHODS or method == "WEBSOCKET" else "other"
    match route.split("/")[1:]:
        case ["graphql", *_]:
            return RequestKind("graphql", method, operation or "none")
        case ["v1" | "api", *_]:
            return RequestKind("rest", method, route.removeprefix("/api"))
        case ["img", *_] | ["{image_id}.{extension}"]:
            return RequestKind("pictures", method, route)
    return RequestKind("pages", method, route)


def _route(scope: Scope) -> str:
    """Return the route's path template; `none` if no route matched."""
    route: Any = scope.get("route")
    if route is None:
        return "none"
    mount: str = scope.get("root_path", "").removeprefix(scope.get("app_root_path", ""))
    is_mount = hasattr(route, "routes")
    return mount + ("/none" if is_mount else route.path)


def _status_class(response: ResponseRecord) -> str:
    return f"{response.status // 100}xx" if response.status != CLIENT_DISCONNECTED else "left"


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and REQUEST_ID.fullmatch(value):
            return str(value.decode())
    return f"{getrandbits(64):016x}"  # identifies requests, not a secret


def _log(
    scope: Scope, method: str, kind: RequestKind, info: RequestInfo, response: ResponseRecord, seconds: float
) -> None:
    level = logging.DEBUG if scope["path"] in MONITORING_PATHS else logging.INFO
    if not log.isEnabledFor(level):
        return
    ms, url = round(seconds * 1000, 1), _logged_url(scope)
    client = scope["state"].get("address") or (scope["client"][0] if scope.get("client") else "")
    account = info.account_id or "-"
    line = f"{method} {url} {response.status} {ms}ms {response.size}B client={client} account={account}"
    facts = {
        "method": method,
        "address": url,
        "route": kind.operation,
        "status": response.status,
        "ms": ms,
        "bytes": response.size,
        "client": client,
        "account": account,
    }
    # Faster than log.info, which inspects the stack for the caller.
    log.handle(log.makeRecord(log.name, level, "", 0, line, (), None, extra={"facts": facts}))


def _logged_url(scope: Scope) -> str:
    """Return the path; for images with the transform, without its signature. Other queries may contain anything."""
    path = quote(scope["path"], safe="/:@!$&'()*+,;=~{}")
    if path.startswith("/img/") and scope["query_string"]:
        query = "?" + quote(scope["query_string"].decode("latin-1"), safe="/:@!$&'()*+,;=~%?")
        path += SIGNATURE.sub("…", query)
    return path if len(path) <= MAX_URL_LENGTH else f"{path[:MAX_URL_LENGTH]}…"
