"""GraphQL over HTTP: Strawberry's view, hardened where it answers malformed requests with 500.

Uploads come as github.com/jaydenseric/graphql-multipart-request-spec says.
"""

import asyncio
import json
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from cross_web import AsyncHTTPRequestAdapter, FormData, HTTPException, StarletteRequestAdapter
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import MissingQueryError
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
from strawberry.http.streaming import SSETransport
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.subscriptions import (
    GRAPHQL_SSE_PROTOCOL,
    GRAPHQL_TRANSPORT_WS_PROTOCOL,
    MULTIPART_SUBSCRIPTION_PROTOCOL,
)
from strawberry.types import ExecutionResult, SubscriptionExecutionResult
from strawberry.types.graphql import OperationType
from strawberry.types.unset import UNSET

from app.auth.credentials import Credentials
from app.context import Context
from app.errors import BadRequest, Busy, PicHubError, RateLimited, TooLarge
from app.graphql.context import OperationContext
from app.graphql.loaders import Loaders
from app.graphql.schema import build_schema
from app.graphql.server.content_negotiation import (
    GRAPHQL_RESPONSE,
    JSON,
    REQUEST_TYPES,
    STREAM_TYPES,
    accepts_single_result,
    media_type,
)
from app.graphql.server.errors import (
    REQUEST_ERROR_STATUS,
    format_error,
    is_request_error,
    operation_error,
    present_error,
)
from app.graphql.server.send_timeout import cancel_when_done, send_timeout
from app.graphql.server.trusted_documents import TrustedDocuments, TrustedDocumentSchema, with_document_id
from app.graphql.server.websocket import WebSocketAdapter, WebSocketConnection, WebSocketHandler
from app.graphql.types.images import MAX_UPLOAD_FILES
from app.resolvers import account, images
from app.settings import Settings
from app.uploads.multipart import FormLimits, Upload, check_content_length, content_length, receive_form

MAX_BODY_BYTES = 512 * 1024
PROTOCOLS = (GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_SSE_PROTOCOL, MULTIPART_SUBSCRIPTION_PROTOCOL)
SINGLE_RESULT_OPERATIONS = {OperationType.QUERY, OperationType.MUTATION}
CONNECTION_INIT_TIMEOUT = timedelta(seconds=10)
"""How long a WebSocket may stay open before it says who it is."""
PREFLIGHT_HEADERS = ("apollo-require-preflight", "x-apollo-operation-name", "graphql-require-preflight")


class RequestAdapter(StarletteRequestAdapter):
    """A request's body, read within limits. A form's files stay until the request has been answered."""

    @property
    def content_type(self) -> str:
        """The body's media type, without its parameters."""
        return (super().content_type or "").partition(";")[0].strip().lower()

    async def get_body(self) -> bytes:
        body = bytearray()
        seconds = self._request.state.services.settings.stall_timeout
        try:
            async with asyncio.timeout(seconds):
                async for chunk in self._request.stream():
                    body += chunk
                    if len(body) > MAX_BODY_BYTES:
                        raise TooLarge(limit=MAX_BODY_BYTES, what="request body")
        except TimeoutError as error:
            raise BadRequest(
                "The body did not arrive within {seconds:g} s", reason="stalled", seconds=seconds
            ) from error
        return bytes(body)

    async def get_form_data(self) -> FormData:
        request = self._request
        ctx = request.state.ctx
        settings = ctx.services.settings
        limits = FormLimits(
            max_file_size=settings.max_upload_size,
            max_files=MAX_UPLOAD_FILES,
            max_field_size=MAX_BODY_BYTES,
            stall_timeout=settings.stall_timeout,
        )
        check_content_length(request.headers, limits)
        await images.authorize_upload(ctx, content_length(request.headers))
        receiving = receive_form(
            request.headers, request.stream(), folder=ctx.services.storage.incoming, limits=limits
        )
        form = await request.state.until_answered.enter_async_context(receiving)
        return FormData(files=form, form=form)


class LineFeedSSETransport(SSETransport):
    """Its lines end with a line feed alone: of the endings that are allowed, urql knows no other."""

    def encode_event(self, event: str, data: str | None = None) -> str:
        return super().encode_event(event, data).replace("\r\n", "\n")

    def encode_comment(self, comment: str) -> str:
        return super().encode_comment(comment).replace("\r\n", "\n")


class GraphQLView(GraphQL[OperationContext, None]):
    """The endpoint: POST with JSON or a multipart form, GET for queries, GraphiQL for browsers that ask for HTML.

    Subscriptions come over WebSocket, as server-sent events and as multipart. `graphiql` is the page to show at a path,
    `own_documents` the manifest of what our pages ask: they work where trusted documents alone are run.
    """

    request_adapter_class = RequestAdapter
    websocket_adapter_class = WebSocketAdapter
    graphql_transport_ws_handler_class = WebSocketHandler
    stream_transport_classes_by_protocol = GraphQL.stream_transport_classes_by_protocol | {  # type: ignore[operator]
        GRAPHQL_SSE_PROTOCOL: LineFeedSSETransport
    }

    def __init__(
        self, settings: Settings, *, graphiql: Callable[[str], Response], own_manifest: Path | None = None
    ) -> None:
        self.graphiql = graphiql
        schema = build_schema(settings)
        folder = settings.graphql_documents
        trusted = (
            TrustedDocuments.load(folder, schema.document_cache, own_manifest=own_manifest)
            if folder
            else None
        )
        self._desk = TrustedDocumentSchema(schema, trusted)
        super().__init__(
            self._desk,  # type: ignore[arg-type]
            multipart_uploads_enabled=True,
            subscription_protocols=PROTOCOLS,
            connection_init_wait_timeout=CONNECTION_INIT_TIMEOUT,
            allowed_origins=settings.cors_origins,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            with suppress(ClientDisconnect):
                async with send_timeout(send) as patient_send:
                    await self.run(WebSocket(scope, receive, patient_send))
            return
        request = Request(scope, receive)
        async with AsyncExitStack() as request.state.until_answered:
            try:
                response = await self.run(request)
            except PicHubError as error:
                response = _refusal(request, error, REQUEST_ERROR_STATUS.get(error.code, 400))
            except HTTPException as error:
                response = _refusal(request, BadRequest(error.reason), error.status_code)
            if not isinstance(response, StreamingResponse):
                await response(scope, receive, send)
                return
            stopping = request.state.services.feed.stopping.wait()
            async with send_timeout(send) as patient_send, cancel_when_done(stopping):
                await response(scope, receive, patient_send)

    async def get_context(self, request: Any, response: Any) -> Any:
        state = request.state
        ctx = Context(
            state.services, request_id=state.request_id, address=state.address, consumed=state.spent
        )
        browser = Credentials.of(request, ctx.services.settings.own_origins)
        if isinstance(request, WebSocket):
            return WebSocketConnection(ctx, browser)
        recognise = partial(account.authenticate, ctx, browser)
        if not self.should_render_graphql_ide(self.request_adapter_class(request)):
            response.media_type = media_type(request)
            _require_preflight(request)
            ctx = await account.authenticate_and_count(ctx, browser)
        state.ctx = ctx
        return OperationContext(
            ctx=ctx, loaders=Loaders(ctx), credentials=browser, response=response, authenticate=recognise
        )

    async def on_ws_connect(self, context: Any) -> Any:
        await context.sign_in()
        return UNSET

    def should_render_graphql_ide(self, request: Any) -> bool:
        """For browsers alone: curl and the like accept anything, and want an answer that programs read."""
        return (
            request.method == "GET"
            and not {"query", "documentId", "extensions"} & request.query_params.keys()
            and "text/html" in request.headers.get("accept", "")
        )

    async def render_graphql_ide(self, request: Request) -> Response:
        return self.graphiql(request.url.path)

    async def parse_http_body(self, request: AsyncHTTPRequestAdapter) -> GraphQLRequestData:
        if request.method == "POST" and request.content_type not in REQUEST_TYPES:
            raise HTTPException(415, f"The body must be one of {', '.join(REQUEST_TYPES)}")
        try:
            data = await super().parse_http_body(request)
        except (AttributeError, TypeError) as error:
            raise HTTPException(400, "The request body must be a GraphQL request object") from error
        if isinstance(data, list):
            raise HTTPException(400, "Batching is not supported: send one operation a request")
        if not isinstance(data.operation_name, str | None):
            raise HTTPException(400, "`operationName` must be a string or null, if provided.")
        return data

    def parse_json(self, data: str | bytes) -> Any:
        parsed = super().parse_json(data)
        return (
            with_document_id(parsed) if isinstance(data, bytes) else parsed
        )  # a body, or a parameter's value

    def parse_query_params(self, params: Any) -> dict[str, Any]:
        parsed: dict[str, Any] = with_document_id(super().parse_query_params(params))
        return parsed

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
            _insert_file(operations, _file(form, name), name, paths)
        placed: dict[str, Any] = with_document_id(operations)
        return placed

    async def execute_operation(
        self,
        request: Any,
        request_adapter: Any,
        request_data: Any,
        context: OperationContext,
        root_value: None,
        sub_response: Response,
    ) -> ExecutionResult | list[ExecutionResult] | SubscriptionExecutionResult:
        """A stream where Accept takes nothing else, or where it takes one and the operation is a subscription."""
        if request_data.protocol == "http" or (
            accepts_single_result(request) and not self._is_subscription(request_data)
        ):
            request_data.protocol = "http"  # Strawberry streams whatever comes back under another
            return await self._executed(request, request_data, context)
        return await super().execute_operation(
            request, request_adapter, request_data, context, root_value, sub_response
        )

    def _is_subscription(self, asked: GraphQLRequestData) -> bool:
        kind = self._desk.operation_type(asked.query, asked.operation_name, asked.extensions)
        return kind is OperationType.SUBSCRIPTION

    async def _executed(
        self, request: Request, asked: GraphQLRequestData, context: OperationContext
    ) -> ExecutionResult:
        try:
            return await self.schema.execute(
                asked.query,
                variable_values=asked.variables,
                context_value=context,
                operation_name=asked.operation_name,
                operation_extensions=asked.extensions,
                allowed_operation_types={OperationType.QUERY}
                if request.method == "GET"
                else SINGLE_RESULT_OPERATIONS,
            )
        except MissingQueryError as error:
            raise HTTPException(400, operation_error(error)) from error
        except CannotGetOperationTypeError as error:
            raise HTTPException(400, operation_error(error)) from error
        except InvalidOperationTypeError as error:
            if error.operation_type is OperationType.MUTATION:
                raise HTTPException(405, "A mutation must come by POST") from error
            raise HTTPException(
                406, f"A subscription is a stream: Accept must take one of {', '.join(STREAM_TYPES)}"
            ) from error

    async def process_result(self, request: Any, result: ExecutionResult) -> GraphQLHTTPResponse:
        refused = (
            result.data is None and bool(result.errors) and all(map(is_request_error, result.errors or ()))
        )
        if result.errors:
            request_id = request.state.request_id
            result.errors = [present_error(error, request_id=request_id) for error in result.errors]
        answer = await super().process_result(request, result)
        if refused:
            del answer["data"]
        return answer

    def create_response(self, response_data: Any, sub_response: Response) -> Response:
        """200 for what was executed, whatever came of it; with `application/graphql-response+json` 4xx for the rest."""
        status = 200
        if sub_response.media_type == GRAPHQL_RESPONSE and "data" not in response_data:
            status = REQUEST_ERROR_STATUS.get(response_data["errors"][0]["extensions"]["code"], 400)
        answer = Response(self.encode_json(response_data), status, media_type=sub_response.media_type)
        answer.headers.raw.extend(sub_response.headers.raw)
        return answer

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


def _refusal(request: Request, error: PicHubError, status: int) -> Response:
    """The answer where no operation was run."""
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    if status == 405:
        headers["Allow"] = "POST" if request.method == "GET" else "GET, POST"
    if isinstance(error, Busy | RateLimited):
        headers["Retry-After"] = str(error.retry_after)
    try:
        kind = media_type(request)
    except HTTPException:  # nothing that we have is wanted: a reader of errors is best served with JSON
        kind = JSON
    return Response(orjson.dumps({"errors": [format_error(error)]}), status, headers, media_type=kind)


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


def _insert_file(operations: dict[str, Any], file: Upload, name: str, paths: object) -> None:
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
