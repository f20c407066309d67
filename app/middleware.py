"""ASGI middleware: rate-limit headers and the catch-all 500.

Pure ASGI: a few microseconds each, where Starlette's base class costs hundreds.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from math import ceil

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import client_address
from app.client_address import Network
from app.context import ConsumedLimits
from app.errors import format_period
from app.ratelimits.base import most_restrictive
from app.ratelimits.policies import Policy, Window

log = logging.getLogger("pichub")

REQUEST_TYPES = {"http", "websocket"}


class RateLimitHeaders:
    """Set `request.state.address`, and add headers for the limits that the request consumed.

    The documented headers `X-RateLimit-*`, and `RateLimit` and `RateLimit-Policy` of
    draft-ietf-httpapi-ratelimit-headers-10. Both describe the most restrictive window.
    """

    def __init__(self, app: ASGIApp, trusted: Sequence[Network]) -> None:
        self.app = app
        self.trusted = trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in REQUEST_TYPES:
            await self.app(scope, receive, send)
            return
        state = scope["state"]
        consumed: ConsumedLimits = {}
        state["consumed"], state["address"] = consumed, self._client_address(scope)

        async def send_with_limits(message: Message) -> None:
            if consumed and message["type"] == "http.response.start":
                headers = _limit_headers(consumed, state["services"].clock())
                message["headers"] = [*message["headers"], *headers]
            await send(message)

        await self.app(scope, receive, send_with_limits)

    def _client_address(self, scope: Scope) -> str:
        peer = scope["client"][0] if scope.get("client") else ""
        if not self.trusted:
            return client_address.resolve(peer, (), ())
        forwarded_for = [
            value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"
        ]
        return client_address.resolve(peer, forwarded_for, self.trusted)


def _limit_headers(consumed: ConsumedLimits, now: datetime) -> list[tuple[bytes, bytes]]:
    stats = most_restrictive(each for allowance in consumed.values() for each in allowance.windows)
    policies = ", ".join(_format_policy(allowance.policy) for allowance in consumed.values())
    seconds = max(0, ceil((stats.resets_at - now).total_seconds()))
    return [
        (b"x-ratelimit-limit", b"%d" % stats.window.amount),
        (b"x-ratelimit-remaining", b"%d" % stats.remaining),
        (b"x-ratelimit-reset", b"%d" % ceil(stats.resets_at.timestamp())),
        (b"ratelimit-policy", policies.encode()),
        (
            b"ratelimit",
            f'"{_window_name(stats.policy, stats.window)}";r={stats.remaining};t={seconds}'.encode(),
        ),
    ]


@lru_cache
def _format_policy(policy: Policy) -> str:
    return ", ".join(f'"{_window_name(policy, w)}";q={w.amount};w={w.period}' for w in policy.windows)


def _window_name(policy: Policy, window: Window) -> str:
    """Return the policy's name for its first window, and add the period for others: names must be unique."""
    if window == policy.windows[0]:
        return policy.name
    return f"{policy.name}-{format_period(window.period).replace(' ', '-')}"


class UnexpectedErrors:
    """Turn unexpected exceptions into a response without details, logged once under the request id."""

    def __init__(self, app: ASGIApp, error_response: Callable[[str], Response]) -> None:
        self.app = app
        self.error_response = error_response

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def send_and_record_start(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, send_and_record_start)
        except ClientDisconnect:
            log.info("the client disconnected before the request was read")
        except Exception:
            request_id = scope["state"]["request_id"]
            log.exception("request %s failed: %s %s", request_id, scope["method"], scope["path"])
            if started:
                raise  # the server closes the connection: a partial response must not look complete
            await self.error_response(request_id)(scope, receive, send)
