"""Checks of any response: a documented status in the documented form, without internal details."""

import json
import re
from collections.abc import Mapping
from http import HTTPStatus

from compat_rest.errors import STATUS

FORBIDDEN_STATUSES = {500, 501, 502, 504}
INTERNAL_DETAILS = re.compile(
    rb"Traceback|File \\?\"/|site-packages|/app/[a-z_]+\.py|\.venv|sqlite3|tortoise\.|starlette\.|PIL\.",
    re.IGNORECASE,
)
"""Paths, tracebacks and names of internals, which no response may contain."""
TOKEN_PREFIX = b"pchb_pat_"
"""Tokens are shown once, when they are created, and in no error."""

HTTP_STATUSES = {206, 301, 302, 303, 304, 307, 308, 406, 416, 431}
DOCUMENTED_STATUSES = {200, 201, 202, 204, *STATUS.values()} | HTTP_STATUSES
GRAPHQL_CODES = set(STATUS)


def violation(status: int, headers: Mapping[str, str], body: bytes) -> str | None:
    """Return the violation; None if the response is valid."""
    if status in FORBIDDEN_STATUSES or status not in DOCUMENTED_STATUSES:
        return f"the status {status}: {body[:300]!r}"
    if "text/html" in headers.get("content-type", ""):
        return None  # pages that describe files name them
    if found := INTERNAL_DETAILS.search(body[:100_000]) if _is_text(headers) else None:
        return f"it tells {found[0]!r}: {body[:300]!r}"
    if b'"INTERNAL_ERROR"' in body and status < 500 and b'"errors"' in body:
        return f"an error that nobody foresaw: {body[:300]!r}"
    if status < 400:
        return None
    return (
        f"it tells a token: {body[:300]!r}"
        if TOKEN_PREFIX in body
        else _envelope_violation(status, headers, body)
    )


def _envelope_violation(status: int, headers: Mapping[str, str], body: bytes) -> str | None:
    if not body or headers.get("content-type", "").startswith("text/plain"):
        return None  # a response to HEAD, or uvicorn's own to an unreadable request
    try:
        said = json.loads(body)
        if "errors" in said:
            codes = {error["extensions"]["code"] for error in said["errors"]}
            return None if codes <= GRAPHQL_CODES - {"INTERNAL_ERROR"} else f"the codes {codes}"
        error = said["error"]
        fits = said["success"] is False and said["message"] and error["message"] and error["details"]
    except (ValueError, KeyError, TypeError):
        return f"{status} in another form: {body[:300]!r}"
    wanted = {code for code, number in STATUS.items() if number == status} or {HTTPStatus(status).name}
    if not fits or error["code"] not in wanted:
        return f"{status} in another form: {body[:300]!r}"
    return None


def _is_text(headers: Mapping[str, str]) -> bool:
    kind = headers.get("content-type", "")
    return kind.startswith("text/") or "json" in kind
