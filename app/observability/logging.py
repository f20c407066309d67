"""Log formats, and the request of a log line."""

import json
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from app.errors import Busy
from app.settings import Settings

URL_PASSWORD = re.compile(r"(?<=://)[^\s/@]+@")
"""User and password in a URL, which clients quote in exceptions."""


@dataclass(slots=True)
class RequestInfo:
    """The current request. Code that learns more about it adds it here."""

    id: str
    account_id: str | None = None
    operation: str | None = None


_current_request: ContextVar[RequestInfo | None] = ContextVar("pichub_request", default=None)


@contextmanager
def request_context(info: RequestInfo) -> Iterator[None]:
    """Mark log lines within the block, and within tasks started in it, with the request's id."""
    token = _current_request.set(info)
    try:
        yield
    finally:
        _current_request.reset(token)


def bind(*, account_id: str | None = None, operation: str | None = None) -> None:
    """Add facts to the current request, if there is one."""
    info = _current_request.get()
    if info is not None:
        info.account_id = account_id or info.account_id
        info.operation = operation or info.operation


def mask_passwords(text: str) -> str:
    """Return the text without passwords in URLs."""
    return URL_PASSWORD.sub("", text) if "@" in text else text


class TextFormatter(logging.Formatter):
    """Text format: time, level, logger, message, request id."""

    def format(self, record: logging.LogRecord) -> str:
        info = _current_request.get()
        head = f"{_timestamp(record)} {record.levelname} {record.name}: {_one_line(record.getMessage())}"
        return mask_passwords(head + (f" request={info.id}" if info else "") + _traceback(self, record, "\n"))


class JsonFormatter(logging.Formatter):
    """JSON format, one object per line. A record's `facts` are added to it."""

    def format(self, record: logging.LogRecord) -> str:
        info = _current_request.get()
        line: dict[str, Any] = {
            "time": _timestamp(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": mask_passwords(record.getMessage()),
        }
        if info:
            line["request_id"] = info.id
        line |= getattr(record, "facts", {})
        if traceback := _traceback(self, record, ""):
            line["exception"] = mask_passwords(traceback)
        return json.dumps(line, ensure_ascii=False, default=str)


FORMATS = {"text": TextFormatter, "json": JsonFormatter}


def set_up(settings: Settings) -> None:
    """Set up logging to standard error according to the settings. For commands, which own their process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(FORMATS[settings.log_format]())
    # Information that no format uses need not be collected.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel("DEBUG" if settings.log_level == "debug" else "WARNING")
    logging.getLogger("pichub").setLevel(settings.log_level.upper())
    # It logs failed pre-connections with a traceback; callers report failures themselves.
    logging.getLogger("asyncpg.pool").setLevel("ERROR")


def log_failure(log: logging.Logger, error: Exception, message: str) -> None:
    """Log a failure: with a traceback if it is unexpected, in one line if an engine is unavailable."""
    if isinstance(error, Busy):
        log.warning("%s: %s", message, error)
    else:
        log.error("%s", message, exc_info=error)


def _timestamp(record: logging.LogRecord) -> str:
    seconds, rest = divmod(record.created, 1)
    return f"{_second(int(seconds))}.{int(rest * 1000):03}Z"


@lru_cache(maxsize=1)
def _second(seconds: int) -> str:
    """Format a second. Cached, since many lines share it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _one_line(message: str) -> str:
    """Escape line breaks, so that a message can't forge a log line."""
    return (
        message
        if message.isprintable()
        else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in message)
    )


def _traceback(formatter: logging.Formatter, record: logging.LogRecord, prefix: str) -> str:
    return prefix + formatter.formatException(record.exc_info) if record.exc_info else ""
