"""How errors look in GraphQL: a message, and `extensions {code, details, fields}` with the codes of the domain."""

import logging
from collections.abc import Iterator
from typing import Any

from graphql import ExecutionResult as CoreResult
from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.types.execution import ExecutionResult

from app.errors import BadRequest, PicHubError

log = logging.getLogger("pichub.graphql")

STATUS_OF_REFUSAL = {
    "BAD_REQUEST": 400,
    "UNAUTHORIZED": 401,
    "FORBIDDEN": 403,
    "PAYLOAD_TOO_LARGE": 413,
    "VALIDATION_ERROR": 422,
    "INSUFFICIENT_STORAGE": 507,
}
"""The HTTP status where a request is refused before its operation runs. After that errors stand in an answer of 200."""


def extensions_of(error: PicHubError) -> dict[str, Any]:
    extensions: dict[str, Any] = {"code": error.code, "details": error.details}
    return extensions | {"fields": error.fields} if error.fields else extensions


def formatted(error: PicHubError) -> dict[str, Any]:
    """The error as an entry of `errors`."""
    return {"message": error.message, "extensions": extensions_of(error)}


class DomainErrors(SchemaExtension):
    """Puts the domain's errors into GraphQL's form, and hides those that are nobody's business."""

    def on_operation(self) -> Iterator[None]:
        yield
        result = self.execution_context.result
        if isinstance(result, CoreResult | ExecutionResult) and result.errors:
            result.errors = [self._presented(error) for error in result.errors]

    def _presented(self, error: GraphQLError) -> GraphQLError:
        cause = _root_cause(error)
        if isinstance(cause, PicHubError):
            return _with(error, cause.message, extensions_of(cause))
        if cause is None:  # the document or its variables are wrong: graphql-core says how
            return _with(error, error.message, {"code": BadRequest.code, "details": error.message})
        request_id = self.execution_context.context.ctx.request_id
        log.error("request %s failed at %s", request_id, error.path, exc_info=cause)
        details = f"This is our mistake, not yours. The log has more under {request_id}"
        return _with(error, "Internal error", {"code": PicHubError.code, "details": details})


def _root_cause(error: GraphQLError) -> BaseException | None:
    cause: BaseException | None = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause


def _with(error: GraphQLError, message: str, extensions: dict[str, Any]) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )
