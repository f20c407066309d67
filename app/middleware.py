"""What stands around every request. Pure ASGI: a few microseconds each, where Starlette's base class costs hundreds."""

import logging
import secrets
from collections.abc import Callable

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("pichub")


class RequestId:
    """Gives each request an id, as `request.state.request_id` and in the header X-Request-Id."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["x-request-id"] = request_id
            await send(message)

        await self.app(scope, receive, send_with_id)


class Unexpected:
    """Turns what nobody foresaw into an answer that shows nothing, and logs it once, under the request's id."""

    def __init__(self, app: ASGIApp, answer: Callable[[str], Response]) -> None:
        self.app = app
        self.answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def note_start(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, note_start)
        except ClientDisconnect:
            log.info("the client left before the request was read")
        except Exception:
            request_id = scope["state"]["request_id"]
            log.exception("request %s failed: %s %s", request_id, scope["method"], scope["path"])
            if started:
                raise  # the server cuts the connection: half an answer must not look like a whole one
            await self.answer(request_id)(scope, receive, send)
