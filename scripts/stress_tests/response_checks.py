"""What an answer may be, whatever was sent: a documented status, in the documented form, that tells nothing of ours."""

import json
import re
from collections.abc import Mapping
from http import HTTPStatus

from compat_rest.errors import STATUS

NEVER = {500, 501, 502, 504}
OURS = re.compile(
    rb"Traceback|File \\?\"/|site-packages|/app/[a-z_]+\.py|\.venv|sqlite3|tortoise\.|starlette\.|PIL\.",
    re.IGNORECASE,
)
"""What stands in no answer: paths, tracebacks and names of what we are made of."""
TOKEN = b"pchb_pat_"
"""Told once, where it is made, and in no error."""

OF_HTTP = {206, 301, 302, 303, 304, 307, 308, 406, 416, 431}
DOCUMENTED = {200, 201, 202, 204, *STATUS.values()} | OF_HTTP
OF_GRAPHQL = set(STATUS)


def wrong_with(status: int, headers: Mapping[str, str], body: bytes) -> str | None:
    """What breaks a promise; None where nothing does."""
    if status in NEVER or status not in DOCUMENTED:
        return f"the status {status}: {body[:300]!r}"
    if "text/html" in headers.get("content-type", ""):
        return None  # pages of ours speak of files and say so
    if found := OURS.search(body[:100_000]) if _is_text(headers) else None:
        return f"it tells {found[0]!r}: {body[:300]!r}"
    if b'"INTERNAL_ERROR"' in body and status < 500 and b'"errors"' in body:
        return f"an error that nobody foresaw: {body[:300]!r}"
    if status < 400:
        return None
    return f"it tells a token: {body[:300]!r}" if TOKEN in body else _wrong_envelope(status, headers, body)


def _wrong_envelope(status: int, headers: Mapping[str, str], body: bytes) -> str | None:
    if not body or headers.get("content-type", "").startswith("text/plain"):
        return None  # an answer to HEAD, or what uvicorn says where no request could be read
    try:
        said = json.loads(body)
        if "errors" in said:
            codes = {error["extensions"]["code"] for error in said["errors"]}
            return None if codes <= OF_GRAPHQL - {"INTERNAL_ERROR"} else f"the codes {codes}"
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
