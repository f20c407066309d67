"""What every answer says: the errors by code, and the headers that tell what is left of a limit."""

from collections.abc import Collection, Mapping
from http import HTTPStatus

import orjson
from starlette.responses import Response

from app.errors import (
    Busy,
    ChecksumMismatch,
    FieldError,
    Gone,
    Invalid,
    InvalidParameter,
    Locked,
    MissingScope,
    NotFound,
    OutOfStorage,
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
from compat_rest import present, tus
from compat_rest.errors import CODE, DETAILS, STATUS, internal_error_response, error_response
from compat_rest.openapi.schemas import Schema, ref

RATE_LIMIT_HEADERS: Mapping[str, Schema] = {
    "X-RateLimit-Limit": {
        "description": "How many there may be in the window with the least left.",
        "schema": {"type": "integer"},
        "example": 60,
    },
    "X-RateLimit-Remaining": {
        "description": "How many more there may be in it.",
        "schema": {"type": "integer"},
        "example": 45,
    },
    "X-RateLimit-Reset": {
        "description": "When all of them are back, in Unix seconds.",
        "schema": {"type": "integer"},
        "example": 1640995200,
    },
    "RateLimit": {
        "description": "The same as the IETF's draft has it, with the seconds to go.",
        "schema": {"type": "string"},
        "example": '"api";r=45;t=30',
    },
    "RateLimit-Policy": {
        "description": "All windows that were counted in.",
        "schema": {"type": "string"},
        "example": '"api";q=60;w=60, "api-1-hour";q=1000;w=3600',
    },
}
REQUEST_ID: Schema = {
    "description": "Under which the log has more, where something went wrong on our side.",
    "schema": {"type": "string"},
    "example": "9f2c4e6a8b0d1f35",
}
ERROR_HEADERS: Mapping[str, Schema] = {
    "Retry-After": {
        "description": "Seconds after which it is worth asking again.",
        "schema": {"type": "integer"},
        "example": 12,
    },
    "WWW-Authenticate": {"description": "What to send.", "schema": {"const": "Bearer"}, "example": "Bearer"},
}
HEADERS: Mapping[str, Schema] = {**RATE_LIMIT_HEADERS, "X-Request-Id": REQUEST_ID, **ERROR_HEADERS}

ERROR_DESCRIPTIONS: Mapping[str, str] = {
    "BAD_REQUEST": "The request can't be read: broken JSON or multipart, or a parameter that is out of range.",
    "UNAUTHORIZED": "There is no token, or it is unknown, revoked or expired.",
    "FORBIDDEN": "The token lacks a scope, which details name; or you may see the thing, and not change it.",
    "NOT_FOUND": "There is no such thing, or it is not yours to see: the two are not told apart.",
    "METHOD_NOT_ALLOWED": "This address does not take this method; the header Allow names those that it takes.",
    "CONFLICT": "The bytes of an upload do not begin where those before them end: ask where it stands.",
    "GONE": "The upload has expired: no byte came for a day.",
    "PRECONDITION_FAILED": "The request speaks another version of tus than 1.0.0, or does not say which.",
    "PAYLOAD_TOO_LARGE": "The file or the body is larger than is taken.",
    "UNSUPPORTED_MEDIA_TYPE": "The bytes are not JPG, PNG, WebP or GIF, whatever the name of the file says.",
    "VALIDATION_ERROR": "The request was read, and a field of it is wrong; or the image is corrupt or too large.",
    "LOCKED": "Another request is finishing this upload; Retry-After says when to come back.",
    "CHECKSUM_MISMATCH": "The bytes do not have the checksum that came with them, and were not kept.",
    "RATE_LIMIT_EXCEEDED": "There were too many requests; Retry-After says when to go on.",
    "INTERNAL_ERROR": "Our mistake. The answer has the id under which the log says more.",
    "BUSY": "All workers are taken, and so are the places to wait; Retry-After says when to come back.",
    "INSUFFICIENT_STORAGE": "The account's quota is used up, or the disk is full.",
}


def error_responses(settings: Settings) -> dict[str, Schema]:
    """The answer of each code, by the code."""
    answers = _examples(settings)
    return {
        code: {
            "description": ERROR_DESCRIPTIONS[code],
            "headers": {name: header_ref(name) for name in _headers(answers[code])},
            "content": {
                "application/json": {
                    "schema": ref("Error"),
                    "example": orjson.loads(bytes(answers[code].body)),
                }
            },
        }
        for code in STATUS
    }


def error_refs(codes: Collection[str]) -> Schema:
    """Those of the errors that an operation may have, by status."""
    return {
        str(status): {"$ref": f"#/components/responses/{code}"}
        for code, status in STATUS.items()
        if code in codes
    }


def header_ref(name: str) -> Schema:
    return {"$ref": f"#/components/headers/{name}"}


def rate_limit_headers() -> dict[str, Schema]:
    """Those of an answer that was counted."""
    return {name: header_ref(name) for name in (*RATE_LIMIT_HEADERS, "X-Request-Id")}


def _headers(answer: Response) -> list[str]:
    return [*(name for name in ERROR_HEADERS if name in answer.headers), "X-Request-Id"]


def _examples(settings: Settings) -> dict[str, Response]:
    """An answer of each code, as it is given."""
    given = (
        InvalidParameter("page", "0", "a whole number from 1"),
        Unauthorized(),
        MissingScope("images:write", ["images:read"]),
        NotFound("image", IMAGE_ID),
        TooLarge(limit=settings.max_upload_size, actual=settings.max_upload_size * 3 // 2),
        UnsupportedFormat(),
        WrongOffset(offset=8_388_608, sent=0),
        Gone(
            "The upload has expired",
            "No byte came for 24 hours, and what had come is removed. Begin a new one",
        ),
        UnknownVersion("Tus-Resumable", None, tus.VERSION),
        Locked("The image of this upload is being processed; try again in a second"),
        ChecksumMismatch("sha1"),
        Invalid({"name": [FieldError("required", "This field is required.")]}),
        RateLimited(policy="api", key="", limit=60, period=60, remaining=0, retry_after=12),
        Busy("All workers are busy and the queue is full; try again in a second"),
        OutOfStorage("Your account uses 4.9GB of its quota of 5GB. Delete something first."),
    )
    wrong_method = present.failure(
        405,
        CODE[405],
        HTTPStatus.METHOD_NOT_ALLOWED.phrase,
        DETAILS[405].format(allowed="DELETE, GET, HEAD, PATCH", method="'PUT'"),
    )
    return {
        **{error.code: error_response(error) for error in given},
        CODE[405]: wrong_method,
        PicHubError.code: internal_error_response(REQUEST_ID["example"]),
    }
