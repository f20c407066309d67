"""GraphQL over HTTP: Strawberry's view, hardened where it answers malformed requests with 500.

Uploads come as github.com/jaydenseric/graphql-multipart-request-spec says.
"""

import json
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from functools import partial
from typing import Any

import orjson
from cross_web import AsyncHTTPRequestAdapter, FormData, HTTPException, StarletteRequestAdapter
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
from strawberry.subscriptions import (
    GRAPHQL_SSE_PROTOCOL,
    GRAPHQL_TRANSPORT_WS_PROTOCOL,
    MULTIPART_SUBSCRIPTION_PROTOCOL,
)
from strawberry.types import ExecutionResult
from strawberry.types.unset import UNSET

from app.auth.browsers import Credentials
from app.context import Context
from app.errors import BadRequest, PicHubError, RateLimited, TooLarge
from app.graphql.context import Operation
from app.graphql.errors import STATUS_OF_REFUSAL, formatted, presented
from app.graphql.images import MAX_FILES
from app.graphql.loaders import Loaders
from app.graphql.patience import patience, until
from app.graphql.schema import build_schema
from app.graphql.sockets import Adapter, Connection, Handler
from app.resolvers import account, images
from app.settings import Settings
from app.uploads import Limits, Upload, content_length, receive_form, refuse_too_large

MAX_DOCUMENT = 512 * 1024
PROTOCOLS = (GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_SSE_PROTOCOL, MULTIPART_SUBSCRIPTION_PROTOCOL)
SIGN_IN_WAIT = timedelta(seconds=10)
"""How long a WebSocket may stay open before it says who it is."""
PREFLIGHT_HEADERS = ("apollo-require-preflight", "x-apollo-operation-name", "graphql-require-preflight")


class Body(StarletteRequestAdapter):
    """A request's body, read within limits. A form's files stay until the request has been answered."""

    async def get_body(self) -> bytes:
        body = bytearray()
        async for chunk in self._request.stream():
            body += chunk
            if len(body) > MAX_DOCUMENT:
                raise TooLarge(limit=MAX_DOCUMENT, what="request body")
        return bytes(body)

    async def get_form_data(self) -> FormData:
        request = self._request
        ctx = request.state.ctx
        settings = ctx.services.settings
        limits = Limits(
            max_file_size=settings.max_upload_size,
            max_files=MAX_FILES,
            max_field_size=MAX_DOCUMENT,
            stall_timeout=settings.stall_timeout,
        )
        refuse_too_large(request.headers, limits)
        await images.admit(ctx, content_length(request.headers))
        receiving = receive_form(
            request.headers, request.stream(), folder=ctx.services.storage.incoming, limits=limits
        )
        form = await request.state.until_answered.enter_async_context(receiving)
        return FormData(files=form, form=form)


class View(GraphQL[Operation, None]):
    """The endpoint: POST with JSON or a multipart form, GET for queries, GraphiQL for browsers that ask for HTML.

    Subscriptions come over WebSocket, as server-sent events and as multipart. `graphiql` is the page to show at a path.
    """

    request_adapter_class = Body
    websocket_adapter_class = Adapter
    graphql_transport_ws_handler_class = Handler

    def __init__(self, settings: Settings, *, graphiql: Callable[[str], Response]) -> None:
        self.graphiql = graphiql
        super().__init__(
            build_schema(settings),
            multipart_uploads_enabled=True,
            subscription_protocols=PROTOCOLS,
            connection_init_wait_timeout=SIGN_IN_WAIT,
            allowed_origins=settings.cors_origins,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            with suppress(ClientDisconnect):
                async with patience(send) as patient_send:
                    await self.run(WebSocket(scope, receive, patient_send))
            return
        request = Request(scope, receive)
        async with AsyncExitStack() as request.state.until_answered:
            try:
                response = await self.run(request)
            except PicHubError as error:
                response = _refusal(error, STATUS_OF_REFUSAL.get(error.code, 400))
            except HTTPException as error:
                response = _refusal(BadRequest(error.reason), error.status_code)
            if not isinstance(response, StreamingResponse):
                await response(scope, receive, send)
                return
            stopping = request.state.services.feed.stopping
            async with patience(send) as patient_send, until(stopping):
                await response(scope, receive, patient_send)

    async def get_context(self, request: Any, response: Any) -> Any:
        state = request.state
        ctx = Context(state.services, request_id=state.request_id, address=state.address, spent=state.spent)
        browser = Credentials.of(request, ctx.services.settings.own_origins)
        if isinstance(request, WebSocket):
            return Connection(ctx, browser)
        recognise = partial(account.recognise, ctx, browser)
        if not self.should_render_graphql_ide(self.request_adapter_class(request)):
            _require_preflight(request)
            ctx = await account.enter(ctx, browser)
        state.ctx = ctx
        return Operation(ctx=ctx, loaders=Loaders(ctx), sent=browser, response=response, recognise=recognise)

    async def on_ws_connect(self, context: Any) -> Any:
        await context.sign_in()
        return UNSET

    def should_render_graphql_ide(self, request: Any) -> bool:
        """For browsers alone: curl and the like accept anything, and want an answer that programs read."""
        return (
            request.method == "GET"
            and "query" not in request.query_params
            and "text/html" in request.headers.get("accept", "")
        )

    async def render_graphql_ide(self, request: Request) -> Response:
        return self.graphiql(request.url.path)

    async def parse_http_body(self, request: AsyncHTTPRequestAdapter) -> GraphQLRequestData:
        try:
            data = await super().parse_http_body(request)
        except (AttributeError, TypeError) as error:
            raise HTTPException(400, "The request body must be a GraphQL request object") from error
        if isinstance(data, list):
            raise HTTPException(400, "Batching is not supported: send one operation a request")
        if not isinstance(data.operation_name, str | None):
            raise HTTPException(400, "`operationName` must be a string or null, if provided.")
        return data

    async def parse_multipart(self, request: AsyncHTTPRequestAdapter) -> dict[str, Any]:
        form = (await request.get_form_data()).form
        operations = self.parse_json(_field(form, "operations"))
        places = self.parse_json(_field(form, "map"))
        if not isinstance(operations, dict):
            raise HTTPException(
                400, "`operations` must be a GraphQL request object; batching is not supported"
            )
        if not isinstance(places, dict):
            raise HTTPException(400, "`map` must be an object of lists of paths")
        for name, paths in places.items():
            _place(operations, _file(form, name), name, paths)
        return operations

    async def process_result(self, request: Any, result: ExecutionResult) -> GraphQLHTTPResponse:
        if result.errors:
            request_id = request.state.request_id
            result.errors = [presented(error, request_id=request_id) for error in result.errors]
        return await super().process_result(request, result)

    def decode_json(self, data: str | bytes) -> object:
        try:
            return json.loads(data, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise json.JSONDecodeError("Not JSON", "", 0) from error

    def encode_json(self, data: object) -> str | bytes:
        try:
            return orjson.dumps(data)
        except TypeError:  # a lone surrogate, quoted back from the document: escapes can say it
            return json.dumps(data)


def _refusal(error: PicHubError, status: int) -> Response:
    """The answer where no operation was run."""
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    if isinstance(error, RateLimited):
        headers["Retry-After"] = str(error.retry_after)
    return Response(
        orjson.dumps({"errors": [formatted(error)]}), status, headers, media_type="application/json"
    )


def _require_preflight(request: Request) -> None:
    """What a page on a foreign origin could send without asking first needs a header that makes its browser ask."""
    if request.method == "GET" and "text/event-stream" in request.headers.get("accept", ""):
        return  # EventSource sends no headers; what it is answered, a page on a foreign origin can't read
    simple = request.method == "GET" or request.headers.get("content-type", "").lower().startswith(
        "multipart/"
    )
    signed = request.headers.get("authorization", "").lower().startswith("bearer ")
    if simple and not signed and not any(name in request.headers for name in PREFLIGHT_HEADERS):
        raise BadRequest(
            "A GET or multipart request needs a Bearer token, or the header 'GraphQL-Require-Preflight: 1'"
        )


def _field(form: Any, name: str) -> str:
    value = form.get(name)
    if not isinstance(value, str):
        raise HTTPException(400, f"A multipart request needs the field `{name}` with JSON in it")
    return value


def _file(form: Any, name: str) -> Upload:
    file = form.get(name)
    if not isinstance(file, Upload):
        raise HTTPException(400, f"`map` speaks of a file {name!r} that the form does not have")
    return file


def _place(operations: dict[str, Any], file: Upload, name: str, paths: object) -> None:
    """Puts the file where the map says: in the variables, in place of a null."""
    if not (isinstance(paths, list) and len(paths) == 1 and isinstance(paths[0], str)):
        raise HTTPException(400, f"`map` must give one path for the file {name!r}: each file is used once")
    *way, last = paths[0].split(".")
    target: Any = operations
    for step in way:
        target = _step(target, step)
    if way[:1] != ["variables"] or not _holds_null(target, last):
        raise HTTPException(
            400, f"`map` must lead the file {name!r} to a null in the variables, not {paths[0]!r}"
        )
    target[int(last) if isinstance(target, list) else last] = file


def _step(target: Any, step: str) -> Any:
    match target:
        case dict():
            return target.get(step)
        case list() if step.isascii() and step.isdigit() and len(step) < 5 and int(step) < len(target):
            return target[int(step)]
    return None


def _holds_null(target: Any, step: str) -> bool:
    if isinstance(target, dict):
        return step in target and target[step] is None
    return (
        isinstance(target, list)
        and step.isascii()
        and step.isdigit()
        and len(step) < 5
        and (int(step) < len(target) and target[int(step)] is None)
    )


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
