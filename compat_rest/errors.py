"""Error responses: HTTP statuses of the error codes, and exception handlers."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from app.errors import MAX_FACT_LENGTH, Busy, Locked, PicHubError, RateLimited, Unauthorized, excerpt
from compat_rest import present

STATUS = {
    "BAD_REQUEST": 400,
    "UNAUTHORIZED": 401,
    "FORBIDDEN": 403,
    "NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "CONFLICT": 409,
    "GONE": 410,
    "PRECONDITION_FAILED": 412,
    "PAYLOAD_TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "VALIDATION_ERROR": 422,
    "LOCKED": 423,
    "RATE_LIMIT_EXCEEDED": 429,
    "CHECKSUM_MISMATCH": 460,
    "INTERNAL_ERROR": 500,
    "BUSY": 503,
    "INSUFFICIENT_STORAGE": 507,
}
CODE = {status: code for code, status in STATUS.items()}


async def handle_error(_: Request, error: Any) -> Response:
    """Handle a PicHubError."""
    return error_response(error)


def error_response(error: PicHubError) -> Response:
    """Return the documented response."""
    return present.failure(
        STATUS[error.code],
        error.code,
        error.message,
        error.details,
        fields=error.fields,
        params=error.params,
        headers=_headers(error),
    )


async def handle_http_error(request: Request, error: Any) -> Response:
    """Handle an HTTPException of Starlette, raised before any route runs."""
    return http_error_response(error, path=request.url.path, method=request.method)


def http_error_response(error: HTTPException, *, path: str, method: str) -> Response:
    """Return the response to an HTTPException, with the details that Starlette does not provide."""
    status = HTTPStatus(error.status_code)
    headers = dict(error.headers or {})
    if "Allow" in headers:  # Starlette joins a set, whose order differs between processes
        headers["Allow"] = ", ".join(sorted(headers["Allow"].split(", ")))
    details, facts = error.detail, dict[str, Any]()
    if status == HTTPStatus.NOT_FOUND:
        facts = {"path": path[:MAX_FACT_LENGTH]}
        details = f"There is nothing at {excerpt(path)}"
    elif status == HTTPStatus.METHOD_NOT_ALLOWED:
        facts = {"allowed": headers.get("Allow"), "method": method[:MAX_FACT_LENGTH]}
        details = f"Allowed methods are {headers.get('Allow')}; you sent {excerpt(method)}"
    code = CODE.get(status, status.name)
    params = {"reason": code.lower(), **facts}
    return present.failure(status, code, status.phrase, details, params=params, headers=headers)


def internal_error_response(request_id: str) -> Response:
    """Return the response to an unexpected error, which the log has under the same request id."""
    return present.failure(
        STATUS[PicHubError.code],
        PicHubError.code,
        "Internal error",
        f"An unexpected error occurred. The server's log has more under {request_id}",
        params={"reason": "internal_error", "request_id": request_id},
    )


exception_handlers: dict[Any, Any] = {PicHubError: handle_error, HTTPException: handle_http_error}


def _headers(error: PicHubError) -> Mapping[str, str]:
    match error:
        case Unauthorized():
            return {"WWW-Authenticate": "Bearer"}
        case Busy() | RateLimited() | Locked():
            return {"Retry-After": str(error.retry_after)}
    return {}
