"""Results and errors of outgoing requests."""

from dataclasses import dataclass

INVALID_URL = "This must be a URL such as https://example.org/hook."
MAX_EXCERPT_BYTES = 1_024
"""Characters of a response to keep."""


class NotSent(Exception):
    """There is no response; the text has the reason."""


class Blocked(NotSent):
    """The address is not allowed."""


class Unreachable(NotSent):
    """The name does not resolve, or the connection was refused or broken."""


class TimedOut(NotSent):
    """No response before the deadline."""


class InvalidUrl(ValueError):
    """The text is not a URL that can be called; it says what is wrong."""


@dataclass(frozen=True, slots=True)
class OutboundResponse:
    """The response. `retry_after` is that header verbatim, `excerpt` the beginning of the body as text."""

    status: int
    retry_after: str | None
    excerpt: str
