"""GraphQL over WebSocket by the `graphql-transport-ws` protocol
(github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md).

It extends Strawberry's handler, which closes without a reason on some malformed messages. Each operation has its own
context: access is checked again for each, and rows loaded for one are never returned to another.
"""

import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any

from graphql import GraphQLError
from starlette.websockets import WebSocketDisconnect
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
    Operation,
)
from strawberry.types.execution import ExecutionResult, PreExecutionError

from app.auth.credentials import Credentials
from app.context import Context
from app.errors import BadRequest, Forbidden, PicHubError, RateLimited, SlowConsumer, Unauthorized
from app.graphql.context import OperationContext
from app.graphql.loaders import Loaders
from app.graphql.server.errors import present_error, root_cause
from app.graphql.server.trusted_documents import DocumentRequest, with_document_id
from app.resolvers import account

log = logging.getLogger("pichub.graphql")

MAX_REASON_BYTES = 123
"""Maximum length of the reason in a close frame."""

CLOSE_BAD_REQUEST, CLOSE_UNAUTHORIZED, CLOSE_SLOW_CONSUMER = 4400, 4401, 4420
CLOSE_CODES: Mapping[type[PicHubError], int] = {
    BadRequest: CLOSE_BAD_REQUEST,
    Unauthorized: CLOSE_UNAUTHORIZED,
    Forbidden: 4403,
    RateLimited: 1013,  # "Try Again Later" in the IANA registry
}
"""Close codes of errors in connection_init."""


@dataclass(slots=True)
class WebSocketConnection:
    """State that the operations of one WebSocket share: its origin and its credentials."""

    anonymous: Context
    handshake: Credentials
    connection_params: dict[str, object] = field(default_factory=dict)

    async def authenticate(self) -> Context:
        """Return the context of the actor that the credentials have now. Raises Unauthorized, BadRequest."""
        return await account.authenticate(self.anonymous, self._credentials())

    async def begin_operation(self) -> OperationContext:
        """Return the context of a new operation, counted as one request. Raises Unauthorized, RateLimited."""
        credentials = self._credentials()
        ctx = await account.authenticate_and_count(replace(self.anonymous, consumed={}), credentials)
        return OperationContext(
            ctx=ctx,
            loaders=Loaders(ctx),
            credentials=credentials,
            response=None,
            authenticate=self.authenticate,
        )

    async def check_credentials(self) -> None:
        """Raise Unauthorized, Forbidden, BadRequest or RateLimited if the credentials are not valid."""
        await account.authenticate_connection(replace(self.anonymous, consumed={}), self._credentials())

    @property
    def has_credentials(self) -> bool:
        credentials = self._credentials()
        return bool(credentials.authorization or credentials.session)

    def _credentials(self) -> Credentials:
        for name in ("Authorization", "authorization"):
            value = self.connection_params.get(name)
            if value is not None:
                if not isinstance(value, str):
                    raise BadRequest(
                        "{name} in the payload of connection_init must be a string",
                        reason="invalid_connection_params",
                        name=name,
                    )
                return replace(self.handshake, authorization=value)
        return self.handshake


class WebSocketAdapter(ASGIWebSocketAdapter):
    """Adapter that sends text frames, as clients expect, and shortens reasons to the size of a close frame."""

    async def send_json(self, message: Mapping[str, object]) -> None:
        try:
            await self.ws.send_text(self.view.encode_json_string(message))
        except (WebSocketDisconnect, RuntimeError) as error:  # RuntimeError: another operation has closed it
            raise WebSocketDisconnected from error

    async def close(self, code: int, reason: str) -> None:
        try:
            await super().close(code, reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore"))
        except (WebSocketDisconnect, RuntimeError) as error:
            raise WebSocketDisconnected from error


class PerOperationSchema:
    """Wrapper of the schema that runs each operation in its own context."""

    def __init__(self, schema: Any) -> None:
        self._schema = schema

    async def stream(
        self, query: DocumentRequest, *, context_value: WebSocketConnection, **options: Any
    ) -> Any:
        return self._results(query, context_value, options)

    async def _results(
        self, request: DocumentRequest, connection: WebSocketConnection, options: dict[str, Any]
    ) -> AsyncGenerator[ExecutionResult, None]:
        try:
            context = await connection.begin_operation()
        except PicHubError as error:
            yield PreExecutionError(data=None, errors=[GraphQLError(error.message, original_error=error)])
            return
        results = await self._schema.stream(
            request.text, operation_extensions=request.extensions, context_value=context, **options
        )
        async with aclosing(results):
            async for result in results:
                yield result


class WebSocketHandler(BaseGraphQLTransportWSHandler[Any, None]):
    """Handler that closes with 4400 on invalid messages, and with the code of an error that ends the connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.schema = PerOperationSchema(self.schema)  # type: ignore[assignment]

    async def handle_message(self, message: Any) -> None:
        error = _message_error(message)
        if error:
            await self.handle_invalid_message(error)
            return
        if message["type"] == "subscribe":
            # Strawberry passes on the query only, so it carries the extensions that may name the document.
            payload = with_document_id(message["payload"])
            request = DocumentRequest(payload.get("query"), payload.get("extensions"))
            message = message | {"payload": payload | {"query": request}}
        await super().handle_message(message)

    async def handle_connection_init(self, message: Any) -> None:
        try:
            await super().handle_connection_init(message)
        except PicHubError as error:
            await self.websocket.close(CLOSE_CODES.get(type(error), CLOSE_BAD_REQUEST), str(error))

    async def run_operation(self, operation: Operation[Any, None]) -> None:
        try:
            await super().run_operation(operation)
        except WebSocketDisconnected:
            self.operations.pop(operation.id, None)

    async def _send_result_stream(self, operation: Operation[Any, None], result_source: Any) -> None:
        """Send the results, and close the connection after an error that concerns all of it."""
        causes: list[BaseException | None] = []

        async def presented() -> AsyncGenerator[ExecutionResult, None]:
            async for result in result_source:
                causes[:] = [root_cause(error) for error in result.errors or ()]
                if result.errors:
                    request_id = self.context.anonymous.request_id
                    result.errors = [present_error(error, request_id=request_id) for error in result.errors]
                yield result

        async with aclosing(presented()) as results:
            await super()._send_result_stream(operation, results)
        for cause in causes:
            if isinstance(cause, SlowConsumer):
                await self.websocket.close(CLOSE_SLOW_CONSUMER, str(cause))
            elif isinstance(cause, Unauthorized) and self.context.has_credentials:
                await self.websocket.close(CLOSE_UNAUTHORIZED, str(cause))

    def forget_id(self, id: str) -> None:
        self.operations.pop(id, None)  # the client may have completed it already

    async def handle_task_exception(self, error: Exception) -> None:
        if not isinstance(error, WebSocketDisconnected):
            log.error("an operation over a WebSocket failed", exc_info=error)


def _message_error(message: Any) -> str | None:
    """Return the error in the structure of a message; None if it is valid."""
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return "A message must be an object with a `type`"
    kind, payload = message["type"], message.get("payload")
    if kind in {"subscribe", "complete"} and not isinstance(message.get("id"), str):
        return f"A message of type {kind} must have a string `id`"
    if kind != "subscribe":
        return None if isinstance(payload, dict | None) else "`payload` must be an object"
    if not isinstance(payload, dict) or not _has_document(payload):
        return "A message of type subscribe must have a `payload` with a `query` or a document id"
    if not isinstance(payload.get("extensions"), dict | None):
        return "`extensions` must be an object or null"
    if not isinstance(payload.get("variables"), dict | None):
        return "`variables` must be an object or null"
    if not isinstance(payload.get("operationName"), str | None):
        return "`operationName` must be a string or null"
    return None


def _has_document(payload: dict[str, Any]) -> bool:
    query = payload.get("query")
    if query is None:
        return payload.get("documentId") is not None or bool(payload.get("extensions"))
    return isinstance(query, str)
