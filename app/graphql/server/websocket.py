"""GraphQL over WebSocket, as `graphql-transport-ws` says (github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md).

Strawberry's handler, hardened where malformed messages end it without a word. Each operation has a context of its own:
whoever may no longer ask is found out at the next one, and nothing that was loaded for one is shown to another.
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
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import Operation as Running
from strawberry.types.execution import ExecutionResult, PreExecutionError

from app.auth.credentials import Credentials
from app.context import Context
from app.errors import BadRequest, Forbidden, PicHubError, RateLimited, SlowConsumer, Unauthorized
from app.graphql.context import OperationContext
from app.graphql.loaders import Loaders
from app.graphql.server.errors import present_error, root_cause
from app.graphql.server.trusted_documents import DocumentRequest, document_request
from app.resolvers import account

log = logging.getLogger("pichub.graphql")

MAX_REASON_BYTES = 123
"""Bytes that the reason of a close frame may have."""

UNAUTHORIZED, TOO_SLOW = 4401, 4420
CLOSE_CODES: Mapping[type[PicHubError], int] = {
    BadRequest: 4400,
    Unauthorized: UNAUTHORIZED,
    Forbidden: 4403,
    RateLimited: 1013,  # "try again later"
}
"""The codes that a socket is closed with where signing in failed."""


@dataclass(slots=True)
class WebSocketConnection:
    """What the operations of one socket share: where it came from, and what it sent to sign in."""

    anonymous: Context
    handshake: Credentials
    connection_params: dict[str, object] = field(default_factory=dict)

    async def authenticate(self) -> Context:
        """Who the socket's credentials speak for now. Raises Unauthorized, BadRequest."""
        return await account.authenticate(self.anonymous, self._credentials())

    async def operation(self) -> OperationContext:
        """The context of one operation, counted as a request. Raises Unauthorized, RateLimited."""
        credentials = self._credentials()
        ctx = await account.authenticate_and_count(replace(self.anonymous, consumed={}), credentials)
        return OperationContext(
            ctx=ctx,
            loaders=Loaders(ctx),
            credentials=credentials,
            response=None,
            authenticate=self.authenticate,
        )

    async def sign_in(self) -> None:
        """Raises Unauthorized, Forbidden, BadRequest, RateLimited where the credentials that were sent do not hold."""
        await account.authenticate_connection(replace(self.anonymous, consumed={}), self._credentials())

    @property
    def is_signed(self) -> bool:
        """Whether credentials were sent: operations that they do not cover will not be answered any more."""
        credentials = self._credentials()
        return bool(credentials.authorization or credentials.session)

    def _credentials(self) -> Credentials:
        for name in ("Authorization", "authorization"):
            value = self.connection_params.get(name)
            if value is not None:
                if not isinstance(value, str):
                    raise BadRequest(f"{name} in the payload of connection_init must be a string")
                return replace(self.handshake, authorization=value)
        return self.handshake


class Adapter(ASGIWebSocketAdapter):
    """Sends text frames, as clients expect them, and reasons that fit into a close frame."""

    async def send_json(self, message: Mapping[str, object]) -> None:
        try:
            await self.ws.send_text(self.view.encode_json_string(message))
        except (WebSocketDisconnect, RuntimeError) as error:  # gone, or closed by another of its operations
            raise WebSocketDisconnected from error

    async def close(self, code: int, reason: str) -> None:
        try:
            await super().close(code, reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore"))
        except (WebSocketDisconnect, RuntimeError) as error:
            raise WebSocketDisconnected from error


class Operations:
    """Stands for the schema: runs each operation in a context of its own."""

    def __init__(self, schema: Any) -> None:
        self._schema = schema

    async def stream(
        self, query: DocumentRequest, *, context_value: WebSocketConnection, **given: Any
    ) -> Any:
        return self._results(query, context_value, given)

    async def _results(
        self, asked: DocumentRequest, connection: WebSocketConnection, given: dict[str, Any]
    ) -> AsyncGenerator[ExecutionResult, None]:
        try:
            operation = await connection.operation()
        except PicHubError as error:
            yield PreExecutionError(data=None, errors=[GraphQLError(error.message, original_error=error)])
            return
        results = await self._schema.stream(
            asked.text, operation_extensions=asked.extensions, context_value=operation, **given
        )
        async with aclosing(results):
            async for result in results:
                yield result


class Handler(BaseGraphQLTransportWSHandler[Any, None]):
    """Refuses what is no message of the protocol with 4400, and says by the code why it closes a socket."""

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        self.schema = Operations(self.schema)  # type: ignore[assignment]

    async def handle_message(self, message: Any) -> None:
        wrong = _wrong(message)
        if wrong:
            await self.handle_invalid_message(wrong)
            return
        if message["type"] == "subscribe":
            # Strawberry passes on nothing but the query: what else may name the document goes in its place.
            payload = document_request(message["payload"])
            asked = DocumentRequest(payload.get("query"), payload.get("extensions"))
            message = message | {"payload": payload | {"query": asked}}
        await super().handle_message(message)

    async def handle_connection_init(self, message: Any) -> None:
        try:
            await super().handle_connection_init(message)
        except PicHubError as error:
            await self.websocket.close(
                CLOSE_CODES.get(type(error), 4400), f"{error.message}: {error.details}"
            )

    async def run_operation(self, operation: Running[Any, None]) -> None:
        try:
            await super().run_operation(operation)
        except WebSocketDisconnected:
            self.operations.pop(operation.id, None)

    async def _send_result_stream(self, operation: Running[Any, None], result_source: Any) -> None:
        """Closes the socket after an error that concerns all of it."""
        last: list[BaseException | None] = []

        async def shown() -> AsyncGenerator[ExecutionResult, None]:
            async for result in result_source:
                last[:] = [root_cause(error) for error in result.errors or ()]
                if result.errors:
                    request_id = self.context.anonymous.request_id
                    result.errors = [present_error(error, request_id=request_id) for error in result.errors]
                yield result

        async with aclosing(shown()) as results:
            await super()._send_result_stream(operation, results)
        for error in last:
            code = self._code_after(error)
            if code and isinstance(error, PicHubError):
                await self.websocket.close(code, f"{error.message}: {error.details}")

    def _code_after(self, error: BaseException | None) -> int | None:
        """What the socket is closed with after this error of an operation; None where it stays open."""
        if isinstance(error, SlowConsumer):
            return TOO_SLOW
        if isinstance(error, Unauthorized) and self.context.is_signed:
            return UNAUTHORIZED
        return None

    def forget_id(self, id: str) -> None:
        """Also where the client has done so already."""
        self.operations.pop(id, None)

    async def handle_task_exception(self, error: Exception) -> None:
        if not isinstance(error, WebSocketDisconnected):
            log.error("an operation over a WebSocket failed", exc_info=error)


def _wrong(message: Any) -> str | None:
    """What is wrong with the form of a message; None where nothing is."""
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return "A message must be an object with a `type`"
    kind, payload = message["type"], message.get("payload")
    if kind in {"subscribe", "complete"} and not isinstance(message.get("id"), str):
        return f"A message of type {kind} needs an `id` that is a string"
    if kind != "subscribe":
        return None if isinstance(payload, dict | None) else "`payload` must be an object"
    if not isinstance(payload, dict) or not _names_a_document(payload):
        return "A message of type subscribe needs a `payload` with a `query`, or with the id of a document"
    if not isinstance(payload.get("extensions"), dict | None):
        return "`extensions` must be an object or null"
    if not isinstance(payload.get("variables"), dict | None):
        return "`variables` must be an object or null"
    if not isinstance(payload.get("operationName"), str | None):
        return "`operationName` must be a string or null"
    return None


def _names_a_document(payload: dict[str, Any]) -> bool:
    query = payload.get("query")
    if query is None:
        return payload.get("documentId") is not None or bool(payload.get("extensions"))
    return isinstance(query, str)
