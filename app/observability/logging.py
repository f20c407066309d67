"""Log format, and the request that a log line belongs to."""

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


_asked: ContextVar[RequestInfo | None] = ContextVar("pichub_asked", default=None)


@contextmanager
def request_context(asked: RequestInfo) -> Iterator[None]:
    """Mark log lines within the block, and within tasks started in it, with the request's id."""
    token = _asked.set(asked)
    try:
        yield
    finally:
        _asked.reset(token)


def bind(*, account_id: str | None = None, operation: str | None = None) -> None:
    """Add facts to the current request, if there is one."""
    asked = _asked.get()
    if asked is not None:
        asked.account_id = account_id or asked.account_id
        asked.operation = operation or asked.operation


def masked(text: str) -> str:
    """Return the text without passwords in URLs."""
    return URL_PASSWORD.sub("", text) if "@" in text else text


class TextFormatter(logging.Formatter):
    """Text format: time, level, logger, message, request id."""

    def format(self, record: logging.LogRecord) -> str:
        asked = _asked.get()
        head = f"{_time(record)} {record.levelname} {record.name}: {_one_line(record.getMessage())}"
        return masked(head + (f" request={asked.id}" if asked else "") + _trouble(self, record, "\n"))


class JsonFormatter(logging.Formatter):
    """JSON format, one object per line. A record's `facts` are added to it."""

    def format(self, record: logging.LogRecord) -> str:
        asked = _asked.get()
        line: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": masked(record.getMessage()),
        }
        if asked:
            line["request_id"] = asked.id
        line |= getattr(record, "facts", {})
        if trouble := _trouble(self, record, ""):
            line["exception"] = masked(trouble)
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


def log_failure(log: logging.Logger, error: Exception, what: str) -> None:
    """Log a failure: with a traceback if it is unexpected, in one line if an engine is unavailable."""
    if isinstance(error, Busy):
        log.warning("%s: %s", what, error)
    else:
        log.error("%s", what, exc_info=error)


def _time(record: logging.LogRecord) -> str:
    seconds, rest = divmod(record.created, 1)
    return f"{_second(int(seconds))}.{int(rest * 1000):03}Z"


@lru_cache(maxsize=1)
def _second(seconds: int) -> str:
    """Cached for all lines of a second."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _one_line(message: str) -> str:
    """Escape line breaks, so that a message can't forge a log line."""
    return (
        message
        if message.isprintable()
        else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in message)
    )


def _trouble(formatter: logging.Formatter, record: logging.LogRecord, before: str) -> str:
    if not record.exc_info:
        return ""
    return before + formatter.formatException(record.exc_info)
