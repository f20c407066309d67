"""GraphQL form of errors: a message, and `extensions` with `code`, `details`, `params` and `fields`."""

import logging
from typing import Any

from graphql import GraphQLError
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError

from app.errors import BadRequest, PicHubError

log = logging.getLogger("pichub.graphql")

NESTING_ERROR = "The document is nested too deeply"
NUMBER_ERROR = "A number in the document has too many digits"
INTEGER_CONVERSION = "integer string conversion"
"""Part of Python's message about a number with thousands of digits. graphql-core passes the error on."""

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
"""HTTP status of a request that is rejected before its operation runs. Later errors are part of a response with 200."""


def error_extensions(error: PicHubError) -> dict[str, Any]:
    extensions: dict[str, Any] = {"code": error.code, "details": error.details, "params": error.params}
    return extensions | {"fields": error.fields} if error.fields else extensions


def format_error(error: PicHubError) -> dict[str, Any]:
    """Return the error as an entry of `errors`."""
    return {"message": error.message, "extensions": error_extensions(error)}


def is_request_error(error: GraphQLError) -> bool:
    """Return True if the operation was not executed. The response then has no `data`."""
    return error.path is None


def present_error(error: GraphQLError, *, request_id: str) -> GraphQLError:
    """Return the error as clients get it. An unexpected error is logged, and its message is not disclosed."""
    cause = root_cause(error)
    if isinstance(cause, PicHubError):
        return _replace_error(error, cause.message, error_extensions(cause))
    if cause is None:
        # The document or its variables are invalid, and the message says how; or the document is refused.
        params = {"reason": "invalid_operation"}
        extensions = {"code": BadRequest.code, "details": error.message, "params": params}
        return _replace_error(error, error.message, extensions | (error.extensions or {}))
    if isinstance(cause, MissingQueryError | CannotGetOperationTypeError | InvalidOperationTypeError):
        return _bad_request(error, operation_error(cause), reason="invalid_operation")
    if isinstance(cause, RecursionError) and error.path is None:
        return _bad_request(error, NESTING_ERROR, reason="too_deep")
    if isinstance(cause, ValueError) and error.path is None and INTEGER_CONVERSION in str(cause):
        return _bad_request(error, NUMBER_ERROR, reason="number_too_long")
    log.error("request %s failed at %s", request_id, error.path, exc_info=cause)
    extensions = {
        "code": PicHubError.code,
        "details": f"An unexpected error occurred. The server's log has more under {request_id}",
        "params": {"reason": "internal_error", "request_id": request_id},
        "requestId": request_id,
    }
    return _replace_error(error, "Internal error", extensions)


def operation_error(
    error: MissingQueryError | CannotGetOperationTypeError | InvalidOperationTypeError,
) -> str:
    """Return the message for a document without an operation that can run."""
    match error:
        case MissingQueryError():
            return "The request has no `query`"
        case CannotGetOperationTypeError():
            return error.as_http_error_reason()
        case _:
            return "This transport does not support operations of this type"


def root_cause(error: GraphQLError) -> BaseException | None:
    """Return the original exception; None for an error of the document or its variables, which has none."""
    cause: BaseException | None = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause


def _bad_request(error: GraphQLError, message: str, *, reason: str) -> GraphQLError:
    extensions = {"code": BadRequest.code, "details": message, "params": {"reason": reason}}
    return _replace_error(error, message, extensions)


def _replace_error(error: GraphQLError, message: str, extensions: dict[str, Any]) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )
