"""Conditional and range requests (RFC 9110, sections 13 and 14)."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate, parsedate_to_datetime
from typing import Self

from starlette.datastructures import Headers

ETAG = re.compile(r'(?:W/)?("[^"]*")')
RANGE = re.compile(r"bytes=[ \t]*([0-9]{0,1000})-([0-9]{0,1000})[ \t]*", re.IGNORECASE)


class RangeNotSatisfiable(Exception):
    """The range begins after the last byte."""


@dataclass(frozen=True, slots=True)
class Validators:
    """Validators of a representation: `etag` with its quotes, and `modified_at` in whole seconds."""

    etag: str
    modified_at: datetime

    @classmethod
    def of(cls, tag: str, modified_at: datetime) -> Self:
        return cls(f'"{tag}"', modified_at.astimezone(UTC).replace(microsecond=0))

    @property
    def headers(self) -> dict[str, str]:
        return {"ETag": self.etag, "Last-Modified": formatdate(self.modified_at.timestamp(), usegmt=True)}

    def match(self, headers: Headers) -> bool:
        """Return True if the client has this representation, so that the response is 304."""
        tags = headers.getlist("if-none-match")
        if tags:
            header = ", ".join(tags)
            return header.strip() == "*" or self.etag in ETAG.findall(header)
        since = _parse_date(headers.get("if-modified-since"))
        return since is not None and self.modified_at <= since

    def requested_range(self, headers: Headers, size: int) -> range | None:
        """Return the requested bytes; None for all, also for several ranges. Raises RangeNotSatisfiable."""
        match = RANGE.fullmatch(headers.get("range", ""))
        if match is None or not self._matches_if_range(headers.get("if-range")):
            return None
        return _resolve_range(match[1], match[2], size)

    def _matches_if_range(self, condition: str | None) -> bool:
        """Compare If-Range strongly: a weak tag never matches, a date only if it is equal."""
        return condition is None or condition == self.etag or _parse_date(condition) == self.modified_at


def _resolve_range(first: str, last: str, size: int) -> range | None:
    if first:
        start, stop = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    elif last:
        start, stop = max(0, size - int(last)), size
    else:
        return None
    if start >= stop:
        raise RangeNotSatisfiable
    return range(start, stop)


def _parse_date(text: str | None) -> datetime | None:
    """Return None for an invalid date: the condition is then ignored."""
    if not text:
        return None
    try:
        date = parsedate_to_datetime(text)
        return date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
