"""Error responses by code, and headers of all responses."""

from collections.abc import Collection, Mapping

import orjson
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.errors import (
    Busy,
    ChecksumMismatch,
    Gone,
    Invalid,
    InvalidParameter,
    Locked,
    MissingScope,
    NotFound,
    OverQuota,
    PicHubError,
    RateLimited,
    TooLarge,
    Unauthorized,
    UnknownVersion,
    UnsupportedFormat,
    WrongOffset,
)
from app.settings import Settings
from app.webhooks.examples import IMAGE_ID
from compat_rest import tus
from compat_rest.errors import CODE, STATUS, error_response, http_error_response, internal_error_response
from compat_rest.openapi.schemas import Schema, ref


def _header(description: str, type: str, example: object) -> Schema:
    return {"description": description, "schema": {"type": type}, "example": example}


RATE_LIMIT_HEADERS: Mapping[str, Schema] = {
    "X-RateLimit-Limit": _header("Limit of the window that is closest to exhaustion.", "integer", 60),
    "X-RateLimit-Remaining": _header("Remaining requests in that window.", "integer", 45),
    "X-RateLimit-Reset": _header(
        "Time at which that window is full again, in Unix seconds.", "integer", 1640995200
    ),
    "RateLimit": _header(
        "Remaining allowance, as in the IETF draft; `t` is the number of seconds until the reset.",
        "string",
        '"api";r=45;t=30',
    ),
    "RateLimit-Policy": _header(
        "All rate limits that counted the request.", "string", '"api";q=60;w=60, "api-1-hour";q=1000;w=3600'
    ),
}
REQUEST_ID: Schema = _header("Id of the request, as in the server's log.", "string", "9f2c4e6a8b0d1f35")
ERROR_HEADERS: Mapping[str, Schema] = {
    "Retry-After": _header("Number of seconds to wait before retrying.", "integer", 12),
    "WWW-Authenticate": {
        "description": "Supported authentication scheme.",
        "schema": {"const": "Bearer"},
        "example": "Bearer",
    },
}
HEADERS: Mapping[str, Schema] = {**RATE_LIMIT_HEADERS, "X-Request-Id": REQUEST_ID, **ERROR_HEADERS}

ERROR_DESCRIPTIONS: Mapping[str, str] = {
    "BAD_REQUEST": "The request can't be parsed: invalid JSON or multipart, or a parameter out of range.",
    "UNAUTHORIZED": "The token is missing, unknown, revoked or expired.",
    "FORBIDDEN": "The token lacks a scope, named in the details; or you may see the object, but not change it.",
    "NOT_FOUND": "The object does not exist, or you may not see it.",
    "METHOD_NOT_ALLOWED": "The method is not supported here; the header Allow lists the supported ones.",
    "CONFLICT": "The chunk does not continue the upload; get its current offset.",
    "GONE": "The upload has expired: it received nothing for 24 hours.",
    "PRECONDITION_FAILED": "The header Tus-Resumable is missing, or not 1.0.0.",
    "PAYLOAD_TOO_LARGE": "The file or the body is too large.",
    "UNSUPPORTED_MEDIA_TYPE": "The file is not JPG, PNG, WebP or GIF, according to its content.",
    "VALIDATION_ERROR": "A field is invalid; or the image is corrupt or has too many pixels.",
    "LOCKED": "Another request is using this upload; retry after Retry-After.",
    "CHECKSUM_MISMATCH": "The received bytes do not match their checksum and were discarded.",
    "RATE_LIMIT_EXCEEDED": "Too many requests; retry after Retry-After.",
    "INTERNAL_ERROR": "Unexpected server error. The details have the request id, as in the server's log.",
    "BUSY": "The server is overloaded; retry after Retry-After.",
    "INSUFFICIENT_STORAGE": "The account's quota is exhausted, or the disk is full.",
}


def error_responses(settings: Settings) -> dict[str, Schema]:
    """Return the error responses, by code."""
    examples = _examples(settings)
    return {
        code: {
            "description": ERROR_DESCRIPTIONS[code],
            "headers": {name: header_ref(name) for name in _headers(examples[code])},
            "content": {
                "application/json": {
                    "schema": ref("Error"),
                    "example": orjson.loads(bytes(examples[code].body)),
                }
            },
        }
        for code in STATUS
    }


def error_refs(codes: Collection[str]) -> Schema:
    """Return references to the responses of these codes, by status."""
    return {
        str(status): {"$ref": f"#/components/responses/{code}"}
        for code, status in STATUS.items()
        if code in codes
    }


def header_ref(name: str) -> Schema:
    return {"$ref": f"#/components/headers/{name}"}


def text_headers(descriptions: Mapping[str, str]) -> dict[str, Schema]:
    return {name: {"description": text, "schema": {"type": "string"}} for name, text in descriptions.items()}


def rate_limit_headers() -> dict[str, Schema]:
    """Return the headers of responses to counted requests."""
    return {name: header_ref(name) for name in (*RATE_LIMIT_HEADERS, "X-Request-Id")}


def _headers(response: Response) -> list[str]:
    return [*(name for name in ERROR_HEADERS if name in response.headers), "X-Request-Id"]


def _examples(settings: Settings) -> dict[str, Response]:
    """Return an example response for each code, as the server sends it."""
    errors = (
        InvalidParameter("page", "0", "an integer from 1"),
        Unauthorized(),
        MissingScope("images:write", ["images:read"]),
        NotFound("image", IMAGE_ID),
        TooLarge(limit=settings.max_upload_size, actual=settings.max_upload_size * 3 // 2),
        UnsupportedFormat(),
        WrongOffset(offset=8_388_608, sent=0),
        Gone(
            "The upload has expired",
            "No data arrived for {hours} hours, and the upload was removed. Start a new one",
            reason="upload_expired",
            hours=24,
        ),
        UnknownVersion("Tus-Resumable", None, tus.VERSION),
        Locked("The image of this upload is being processed; try again in a second", reason="processing"),
        ChecksumMismatch("sha1"),
        Invalid.field("name", "required", "This field is required."),
        RateLimited(policy="api", key="", limit=60, period=60, remaining=0, retry_after=12),
        Busy("All workers are busy and the queue is full; try again in a second", reason="queue_full"),
        OverQuota(
            "Your account uses {used:size} of its quota of {quota:size}. Delete something first.",
            reason="over_quota",
            used=5_261_334_937,
            quota=5_368_709_120,
        ),
    )
    wrong_method = HTTPException(405, headers={"Allow": "DELETE, GET, HEAD, PATCH"})
    return {
        **{error.code: error_response(error) for error in errors},
        CODE[405]: http_error_response(wrong_method, path=f"/v1/images/{IMAGE_ID}", method="PUT"),
        PicHubError.code: internal_error_response(REQUEST_ID["example"]),
    }
