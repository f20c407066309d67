"""GraphQL over HTTP. It extends Strawberry's view, which responds to some malformed requests with 500.

Uploads follow the GraphQL multipart request specification (github.com/jaydenseric/graphql-multipart-request-spec).
"""

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
from app.errors import BadRequest, Busy, PicHubError, RateLimited
from app.graphql.context import OperationContext
from app.graphql.loaders import Loaders
from app.graphql.schema import build_schema
from app.graphql.server.content_negotiation import (
    GRAPHQL_RESPONSE,
    JSON,
    REQUEST_TYPES,
    STREAM_TYPES,
    accepts_single_result,
    response_type,
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
from app.uploads.multipart import (
    FormLimits,
    Upload,
    check_content_length,
    content_length,
    read_body,
    receive_form,
)

MAX_BODY_BYTES = 512 * 1024
PROTOCOLS = (GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_SSE_PROTOCOL, MULTIPART_SUBSCRIPTION_PROTOCOL)
SINGLE_RESULT_OPERATIONS = {OperationType.QUERY, OperationType.MUTATION}
CONNECTION_INIT_TIMEOUT = timedelta(seconds=10)
"""Time within which a WebSocket must send connection_init."""
HTTP_REASONS = {405: "method_not_allowed", 406: "not_acceptable", 415: "unsupported_content_type"}
PREFLIGHT_HEADERS = ("apollo-require-preflight", "x-apollo-operation-name", "graphql-require-preflight")


class RequestAdapter(StarletteRequestAdapter):
    """Adapter that reads request bodies within limits. The files of a form are kept until the response is sent."""

    @property
    def content_type(self) -> str:
        """Media type of the body, without parameters."""
        return (super().content_type or "").partition(";")[0].strip().lower()

    async def get_body(self) -> bytes:
        request = self._request
        timeout = request.state.services.settings.stall_timeout
        return await read_body(request.headers, request.stream(), max_size=MAX_BODY_BYTES, timeout=timeout)

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
        form = await request.state.exit_stack.enter_async_context(
            receive_form(
                request.headers, request.stream(), folder=ctx.services.storage.incoming, limits=limits
            )
        )
        return FormData(files=form, form=form)


class LineFeedSSETransport(SSETransport):
    """Server-sent events whose lines end with a line feed: urql does not support the other endings."""

    def encode_event(self, event: str, data: str | None = None) -> str:
        return super().encode_event(event, data).replace("\r\n", "\n")

    def encode_comment(self, comment: str) -> str:
        return super().encode_comment(comment).replace("\r\n", "\n")


class GraphQLView(GraphQL[OperationContext, None]):
    """The endpoint: POST with JSON or a multipart form, GET for queries, and GraphiQL for browsers.

    Subscriptions are supported over WebSocket, as server-sent events and as multipart. `graphiql` returns the page for
    a path. `own_manifest` lists the operations of PicHub's own pages: they are allowed beside trusted documents.
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
        self._documents = TrustedDocumentSchema(schema, trusted)
        super().__init__(
            self._documents,  # type: ignore[arg-type]
            multipart_uploads_enabled=True,
            subscription_protocols=PROTOCOLS,
            connection_init_wait_timeout=CONNECTION_INIT_TIMEOUT,
            allowed_origins=settings.cors_origins,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            with suppress(ClientDisconnect):
                async with send_timeout(send) as timed_send:
                    await self.run(WebSocket(scope, receive, timed_send))
            return
        request = Request(scope, receive)
        async with AsyncExitStack() as request.state.exit_stack:
            try:
                response = await self.run(request)
            except PicHubError as error:
                response = _error_response(request, error, REQUEST_ERROR_STATUS.get(error.code, 400))
            except HTTPException as error:
                refusal = BadRequest(error.reason, reason=HTTP_REASONS.get(error.status_code, "bad_request"))
                response = _error_response(request, refusal, error.status_code)
            if not isinstance(response, StreamingResponse):
                await response(scope, receive, send)
                return
            stopping = request.state.services.events.feed.stopping.wait()
            async with send_timeout(send) as timed_send, cancel_when_done(stopping):
                await response(scope, receive, timed_send)

    async def get_context(self, request: Any, response: Any) -> Any:
        state = request.state
        ctx = Context(
            state.services, request_id=state.request_id, address=state.address, consumed=state.consumed
        )
        credentials = Credentials.of(request.headers.raw, ctx.services.settings.trusted_origins)
        if isinstance(request, WebSocket):
            return WebSocketConnection(ctx, credentials)
        authenticate = partial(account.authenticate, ctx, credentials)
        if not self.should_render_graphql_ide(self.request_adapter_class(request)):
            response.media_type = response_type(request)
            _require_preflight(request)
            ctx = await account.authenticate_and_count(ctx, credentials)
        state.ctx = ctx
        return OperationContext(
            ctx=ctx,
            loaders=Loaders(ctx),
            credentials=credentials,
            response=response,
            authenticate=authenticate,
        )

    async def on_ws_connect(self, context: Any) -> Any:
        await context.check_credentials()
        return UNSET

    def should_render_graphql_ide(self, request: Any) -> bool:
        """Return True for browsers. Other clients may accept HTML too, but expect JSON."""
        return (
            request.method == "GET"
            and not {"query", "documentId", "extensions"} & request.query_params.keys()
            and "text/html" in request.headers.get("accept", "")
        )

    async def render_graphql_ide(self, request: Request) -> Response:
        return self.graphiql(request.url.path)

    async def parse_http_body(self, request: AsyncHTTPRequestAdapter) -> GraphQLRequestData:
        if request.method == "POST" and request.content_type not in REQUEST_TYPES:
            raise HTTPException(415, f"Unsupported Content-Type; use one of {', '.join(REQUEST_TYPES)}")
        try:
            data = await super().parse_http_body(request)
        except (AttributeError, TypeError) as error:
            raise HTTPException(400, "The request body must be a GraphQL request object") from error
        if isinstance(data, list):
            raise HTTPException(400, "Batching is not supported; send one operation per request")
        if not isinstance(data.operation_name, str | None):
            raise HTTPException(400, "`operationName` must be a string or null")
        return data

    def parse_json(self, data: str | bytes) -> Any:
        parsed = super().parse_json(data)
        # Bodies are bytes; the values of parameters and form fields are text.
        return with_document_id(parsed) if isinstance(data, bytes) else parsed

    def parse_query_params(self, params: Any) -> dict[str, Any]:
        parsed: dict[str, Any] = with_document_id(super().parse_query_params(params))
        return parsed

    async def parse_multipart(self, request: AsyncHTTPRequestAdapter) -> dict[str, Any]:
        form = (await request.get_form_data()).form
        operations = self.parse_json(_field(form, "operations"))
        file_map = self.parse_json(_field(form, "map"))
        if not isinstance(operations, dict):
            raise HTTPException(
                400, "`operations` must be a GraphQL request object; batching is not supported"
            )
        if not isinstance(file_map, dict):
            raise HTTPException(400, "`map` must be an object of lists of paths")
        for name, paths in file_map.items():
            _insert_file(operations, _file(form, name), name, paths)
        request_object: dict[str, Any] = with_document_id(operations)
        return request_object

    async def execute_operation(
        self,
        request: Any,
        request_adapter: Any,
        request_data: Any,
        context: OperationContext,
        root_value: None,
        sub_response: Response,
    ) -> ExecutionResult | list[ExecutionResult] | SubscriptionExecutionResult:
        """Stream if Accept allows nothing else, or if the operation is a subscription and Accept allows a stream."""
        if request_data.protocol == "http" or (
            accepts_single_result(request)
            and self._documents.operation_type(
                request_data.query, request_data.operation_name, request_data.extensions
            )
            is not OperationType.SUBSCRIPTION
        ):
            request_data.protocol = "http"  # Strawberry streams any result of another protocol
            return await self._execute_single(request, request_data, context)
        return await super().execute_operation(
            request, request_adapter, request_data, context, root_value, sub_response
        )

    async def _execute_single(
        self, request: Request, data: GraphQLRequestData, context: OperationContext
    ) -> ExecutionResult:
        allowed = {OperationType.QUERY} if request.method == "GET" else SINGLE_RESULT_OPERATIONS
        try:
            return await self.schema.execute(
                data.query,
                variable_values=data.variables,
                context_value=context,
                operation_name=data.operation_name,
                operation_extensions=data.extensions,
                allowed_operation_types=allowed,
            )
        except (MissingQueryError, CannotGetOperationTypeError) as error:
            raise HTTPException(400, operation_error(error)) from error
        except InvalidOperationTypeError as error:
            if error.operation_type is OperationType.MUTATION:
                raise HTTPException(405, "Mutations require POST") from error
            raise HTTPException(
                406, f"A subscription is a stream; Accept must allow one of {', '.join(STREAM_TYPES)}"
            ) from error

    async def process_result(self, request: Any, result: ExecutionResult) -> GraphQLHTTPResponse:
        not_executed = (
            result.data is None and bool(result.errors) and all(map(is_request_error, result.errors or ()))
        )
        if result.errors:
            request_id = request.state.request_id
            result.errors = [present_error(error, request_id=request_id) for error in result.errors]
        response = await super().process_result(request, result)
        if not_executed:
            del response["data"]
        return response

    def create_response(self, response_data: Any, sub_response: Response) -> Response:
        """Return the response: 200, or with `application/graphql-response+json` an error status if not executed."""
        status = 200
        if sub_response.media_type == GRAPHQL_RESPONSE and "data" not in response_data:
            status = REQUEST_ERROR_STATUS.get(response_data["errors"][0]["extensions"]["code"], 400)
        response = Response(self.encode_json(response_data), status, media_type=sub_response.media_type)
        response.headers.raw.extend(sub_response.headers.raw)
        return response

    def decode_json(self, data: str | bytes) -> object:
        try:
            return json.loads(data, parse_constant=_reject_constant)
        except (ValueError, RecursionError) as error:
            raise json.JSONDecodeError("Not JSON", "", 0) from error

    def encode_json(self, data: object) -> str | bytes:
        try:
            return orjson.dumps(data)
        except TypeError:  # a lone surrogate quoted from the document; json escapes it
            return json.dumps(data)


def _error_response(request: Request, error: PicHubError, status: int) -> Response:
    """Return the response to a request whose operation is not run."""
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    if status == 405:
        headers["Allow"] = "POST" if request.method == "GET" else "GET, POST"
    if isinstance(error, Busy | RateLimited):
        headers["Retry-After"] = str(error.retry_after)
    try:
        media_type = response_type(request)
    except HTTPException:  # Accept allows no supported type; JSON suits readers of errors best
        media_type = JSON
    return Response(orjson.dumps({"errors": [format_error(error)]}), status, headers, media_type=media_type)


def _require_preflight(request: Request) -> None:
    """Prevent CSRF: requests that a foreign page could send without a CORS preflight need a header that causes one."""
    if request.method == "GET" and "text/event-stream" in request.headers.get("accept", ""):
        return  # EventSource sends no headers, and a foreign page can't read the response
    content_type = request.headers.get("content-type", "").lower()
    is_simple = request.method == "GET" or content_type.startswith("multipart/")
    has_token = request.headers.get("authorization", "").lower().startswith("bearer ")
    if is_simple and not has_token and not any(name in request.headers for name in PREFLIGHT_HEADERS):
        raise BadRequest(
            "GET and multipart requests need a Bearer token or the header 'GraphQL-Require-Preflight: 1'",
            reason="preflight_required",
        )


def _field(form: Any, name: str) -> str:
    value = form.get(name)
    if not isinstance(value, str):
        raise HTTPException(400, f"A multipart request must have the field `{name}` with JSON")
    return value


def _file(form: Any, name: str) -> Upload:
    file = form.get(name)
    if not isinstance(file, Upload):
        raise HTTPException(400, f"`map` names a file {name!r} that is not in the form")
    return file


def _insert_file(operations: dict[str, Any], file: Upload, name: str, paths: object) -> None:
    """Replace the null in the variables that the map names with the file."""
    if not (isinstance(paths, list) and len(paths) == 1 and isinstance(paths[0], str)):
        raise HTTPException(400, f"`map` must have one path for the file {name!r}: a file can be used once")
    *parents, last = paths[0].split(".")
    target: Any = operations
    for step in parents:
        target = _child(target, step)
    if parents[:1] != ["variables"] or _child(target, last) is not None:
        raise HTTPException(
            400, f"`map` must assign the file {name!r} to a null in the variables, not {paths[0]!r}"
        )
    target[int(last) if isinstance(target, list) else last] = file


MISSING = object()


def _child(target: Any, step: str) -> Any:
    """Return the value at one step of a path; MISSING if there is none."""
    match target:
        case dict():
            return target.get(step, MISSING)
        case list() if step.isascii() and step.isdigit() and len(step) < 5 and int(step) < len(target):
            return target[int(step)]
    return MISSING


def _reject_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
