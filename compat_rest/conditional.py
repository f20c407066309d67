"""What the client has already and which part it wants (RFC 9110, chapters 13 and 14)."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate, parsedate_to_datetime

from starlette.datastructures import Headers

ETAG = re.compile(r'(?:W/)?("[^"]*")')
RANGE = re.compile(r"bytes=[ \t]*([0-9]{0,1000})-([0-9]{0,1000})[ \t]*", re.IGNORECASE)


class RangeNotSatisfiable(Exception):
    """The range begins behind the last byte."""


@dataclass(frozen=True, slots=True)
class Validators:
    """What tells one state of a thing from another: `etag` with its quotes, and `modified_at` to the second."""

    etag: str
    modified_at: datetime

    @classmethod
    def of(cls, tag: str, modified_at: datetime) -> "Validators":
        return cls(f'"{tag}"', modified_at.astimezone(UTC).replace(microsecond=0))

    @property
    def headers(self) -> dict[str, str]:
        return {"ETag": self.etag, "Last-Modified": formatdate(self.modified_at.timestamp(), usegmt=True)}

    def match(self, headers: Headers) -> bool:
        """Whether the client says that it has this very state: 304 is then all it needs."""
        tags = headers.getlist("if-none-match")
        if tags:
            header = ", ".join(tags)
            return header.strip() == "*" or self.etag in ETAG.findall(header)
        since = _parse_date(headers.get("if-modified-since"))
        return since is not None and self.modified_at <= since

    def requested_range(self, headers: Headers, size: int) -> range | None:
        """The bytes that are asked for; None is all of them, also where several ranges are. Raises Unsatisfiable."""
        match = RANGE.fullmatch(headers.get("range", ""))
        if match is None or not self._allow_part(headers.get("if-range")):
            return None
        return _resolve_range(match[1], match[2], size)

    def _allow_part(self, condition: str | None) -> bool:
        """If-Range compares strongly: a weak tag never holds, a date only where it is this one."""
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
    """None for what is no date: such a condition does not count."""
    if not text:
        return None
    try:
        date = parsedate_to_datetime(text)
        return date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
