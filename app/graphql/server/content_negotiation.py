"""Content negotiation by the GraphQL over HTTP specification (graphql.github.io/graphql-over-http/draft)."""

from collections.abc import Iterator
from dataclasses import dataclass

from cross_web import HTTPException
from starlette.requests import Request

JSON = "application/json"
GRAPHQL_RESPONSE = "application/graphql-response+json"
SINGLE_RESULT_TYPES = (GRAPHQL_RESPONSE, JSON)
STREAM_TYPES = ("text/event-stream", "multipart/mixed")

REQUEST_TYPES = (JSON, "multipart/form-data")
"""Supported media types of request bodies."""


@dataclass(frozen=True, slots=True)
class AcceptRange:
    """One range of an Accept header, such as `application/*;q=0.5`."""

    range: str
    quality: float

    def matches(self, media_type: str) -> bool:
        kind, _, _ = media_type.partition("/")
        return self.range in {media_type, f"{kind}/*", "*/*"}

    @property
    def specificity(self) -> int:
        return 2 - self.range.count("*")


def response_type(request: Request) -> str:
    """Return the media type of a single result.

    Of types with equal quality, the one listed first in Accept is chosen. Raises HTTPException (406) if Accept allows
    no supported type.
    """
    accepted = list(_accepted(request))
    chosen = max(
        SINGLE_RESULT_TYPES, key=lambda each: (_quality(each, accepted), -_rank(each, accepted), each == JSON)
    )
    if _quality(chosen, accepted):
        return chosen
    if any(_quality(each, accepted) for each in STREAM_TYPES):
        return JSON
    raise HTTPException(406, f"Accept must allow one of {', '.join(SINGLE_RESULT_TYPES + STREAM_TYPES)}")


def accepts_single_result(request: Request) -> bool:
    """Return True if Accept allows a single result, not only streams."""
    accepted = list(_accepted(request))
    return any(_quality(each, accepted) for each in SINGLE_RESULT_TYPES)


def _accepted(request: Request) -> Iterator[AcceptRange]:
    header = ",".join(request.headers.getlist("accept")) or "*/*"
    for entry in header.lower().split(","):
        name, *parameters = (part.strip() for part in entry.split(";"))
        qualities = [part[2:].strip() for part in parameters if part.startswith("q=")]
        yield AcceptRange(name, _number(qualities[-1]) if qualities else 1.0)


def _quality(media_type: str, accepted: list[AcceptRange]) -> float:
    """Return the quality given by the most specific matching range; 0 if none matches."""
    matching = [each for each in accepted if each.matches(media_type)]
    return max(matching, key=lambda each: each.specificity).quality if matching else 0.0


def _rank(media_type: str, accepted: list[AcceptRange]) -> int:
    """Return the position of a type in Accept; types that are not listed by name come last."""
    return next((index for index, each in enumerate(accepted) if each.range == media_type), len(accepted))


def _number(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0
