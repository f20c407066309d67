"""What a line of the log looks like, and for which request it was written."""

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

SIGN_IN = re.compile(r"(?<=://)[^\s/@]+@")
"""User and password in a URL, as clients of engines quote it in what they raise."""


@dataclass(slots=True)
class Asked:
    """The request that is being answered. Whoever learns more of it notes it here."""

    id: str
    account_id: str | None = None
    operation: str | None = None


_asked: ContextVar[Asked | None] = ContextVar("pichub_asked", default=None)


@contextmanager
def answering(asked: Asked) -> Iterator[None]:
    """Lines written from here to the end of the block, by tasks that begin here too, carry the request's id."""
    token = _asked.set(asked)
    try:
        yield
    finally:
        _asked.reset(token)


def note(*, account_id: str | None = None, operation: str | None = None) -> None:
    """Adds to what is known of the request that is being answered, if one is."""
    asked = _asked.get()
    if asked is not None:
        asked.account_id = account_id or asked.account_id
        asked.operation = operation or asked.operation


def masked(text: str) -> str:
    """The text without the sign-ins of URLs."""
    return SIGN_IN.sub("", text) if "@" in text else text


class Text(logging.Formatter):
    """A line for people: time, level, logger, message, and the request's id at its end."""

    def format(self, record: logging.LogRecord) -> str:
        asked = _asked.get()
        head = f"{_time(record)} {record.levelname} {record.name}: {_one_line(record.getMessage())}"
        return masked(head + (f" request={asked.id}" if asked else "") + _trouble(self, record, "\n"))


class Json(logging.Formatter):
    """An object for programs, in one line. What a record has as `facts` stands beside the message."""

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


FORMATS = {"text": Text, "json": Json}


def set_up(settings: Settings) -> None:
    """Lets this process log to its standard error, as the settings say. For commands, which own their process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(FORMATS[settings.log_format]())
    # What no line says need not be asked for at each.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel("DEBUG" if settings.log_level == "debug" else "WARNING")
    logging.getLogger("pichub").setLevel(settings.log_level.upper())
    # That it could not connect ahead of need, with a traceback each time: who needs a connection says so in a line.
    logging.getLogger("asyncpg.pool").setLevel("ERROR")


def failed(log: logging.Logger, error: Exception, what: str) -> None:
    """Says that something failed: where, if that is nobody's fault but ours, and in a line, if an engine is away."""
    if isinstance(error, Busy):
        log.warning("%s: %s", what, error)
    else:
        log.error("%s", what, exc_info=error)


def _time(record: logging.LogRecord) -> str:
    seconds, rest = divmod(record.created, 1)
    return f"{_second(int(seconds))}.{int(rest * 1000):03}Z"


@lru_cache(maxsize=1)
def _second(seconds: int) -> str:
    """Written once for all lines of a second."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _one_line(message: str) -> str:
    """Who may put words into a message must not be able to begin a line with them."""
    return (
        message
        if message.isprintable()
        else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in message)
    )


def _trouble(formatter: logging.Formatter, record: logging.LogRecord, before: str) -> str:
    if not record.exc_info:
        return ""
    return before + formatter.formatException(record.exc_info)
