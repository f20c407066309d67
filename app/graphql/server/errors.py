"""How errors look in GraphQL: a message, and `extensions {code, details, fields}` with the codes of the domain."""

import logging
from typing import Any

from graphql import GraphQLError
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError

from app.errors import BadRequest, PicHubError

log = logging.getLogger("pichub.graphql")

TOO_NESTED = "The document is nested too deeply to be read"
TOO_LONG = "A number in the document has too many digits to be read"
INTEGER_CONVERSION = "integer string conversion"
"""In what Python says of a number with thousands of digits, which graphql-core passes on."""

REQUEST_ERROR_STATUS = {
    "BAD_REQUEST": 400,
    "UNAUTHORIZED": 401,
    "FORBIDDEN": 403,
    "PAYLOAD_TOO_LARGE": 413,
    "VALIDATION_ERROR": 422,
    "RATE_LIMIT_EXCEEDED": 429,
    "INTERNAL_ERROR": 500,
    "BUSY": 503,
    "INSUFFICIENT_STORAGE": 507,
}
"""The HTTP status where a request is refused before its operation runs. After that errors stand in an answer of 200."""


def error_extensions(error: PicHubError) -> dict[str, Any]:
    extensions: dict[str, Any] = {"code": error.code, "details": error.details, "params": error.params}
    return extensions | {"fields": error.fields} if error.fields else extensions


def format_error(error: PicHubError) -> dict[str, Any]:
    """The error as an entry of `errors`."""
    return {"message": error.message, "extensions": error_extensions(error)}


def is_request_error(error: GraphQLError) -> bool:
    """Whether nothing was executed for it: the answer then has no `data`."""
    return error.path is None


def present_error(error: GraphQLError, *, request_id: str) -> GraphQLError:
    """An error as the client sees it: the domain's in GraphQL's form, and nothing of what is nobody's business."""
    cause = root_cause(error)
    if isinstance(cause, PicHubError):
        return _with(error, cause.message, error_extensions(cause))
    if cause is None:
        # The document or its variables are wrong, and the message says how; or it is not run at all.
        said = {"code": BadRequest.code, "details": error.message}
        return _with(error, error.message, said | (error.extensions or {}))
    if isinstance(cause, MissingQueryError | CannotGetOperationTypeError | InvalidOperationTypeError):
        told = operation_error(cause)
        return _with(error, told, {"code": BadRequest.code, "details": told})
    if isinstance(cause, RecursionError) and error.path is None:
        return _with(error, TOO_NESTED, {"code": BadRequest.code, "details": TOO_NESTED})
    if isinstance(cause, ValueError) and error.path is None and INTEGER_CONVERSION in str(cause):
        return _with(error, TOO_LONG, {"code": BadRequest.code, "details": TOO_LONG})
    log.error("request %s failed at %s", request_id, error.path, exc_info=cause)
    details = f"This is our mistake, not yours. The log has more under {request_id}"
    masked = {"code": PicHubError.code, "details": details, "requestId": request_id}
    return _with(error, "Internal error", masked)


def operation_error(
    error: MissingQueryError | CannotGetOperationTypeError | InvalidOperationTypeError,
) -> str:
    """What is said where the document has no operation that can be run in this way."""
    match error:
        case MissingQueryError():
            return "The request has no `query`"
        case CannotGetOperationTypeError():
            return error.as_http_error_reason()
        case _:
            return "This operation can't be asked for in this way"


def root_cause(error: GraphQLError) -> BaseException | None:
    """What was raised; None where it is GraphQL's own error: of the document, or of its variables."""
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
