"""The media types of requests and answers, as GraphQL over HTTP says: graphql.github.io/graphql-over-http/draft"""

from collections.abc import Iterator
from dataclasses import dataclass

from cross_web import HTTPException
from starlette.requests import Request

JSON = "application/json"
GRAPHQL_RESPONSE = "application/graphql-response+json"
SINGLE_RESULT_TYPES = (GRAPHQL_RESPONSE, JSON)
STREAM_TYPES = ("text/event-stream", "multipart/mixed")

REQUEST_TYPES = (JSON, "multipart/form-data")
"""What a body may be."""


@dataclass(frozen=True, slots=True)
class AcceptRange:
    """One range of an Accept header: `application/*;q=0.5`."""

    range: str
    quality: float

    def matches(self, media_type: str) -> bool:
        kind, _, _ = media_type.partition("/")
        return self.range in {media_type, f"{kind}/*", "*/*"}

    @property
    def specificity(self) -> int:
        return 2 - self.range.count("*")


def media_type(request: Request) -> str:
    """The type of the answer that is one document. Raises HTTPException where Accept takes no answer of ours."""
    accepted = list(_accepted(request))
    chosen = max(
        SINGLE_RESULT_TYPES, key=lambda each: (_quality(each, accepted), -_rank(each, accepted), each == JSON)
    )
    if _quality(chosen, accepted):
        return chosen
    if any(_quality(each, accepted) for each in STREAM_TYPES):
        return JSON
    raise HTTPException(406, f"Accept must take one of {', '.join(SINGLE_RESULT_TYPES + STREAM_TYPES)}")


def accepts_single_result(request: Request) -> bool:
    """Whether Accept takes more than streams."""
    accepted = list(_accepted(request))
    return any(_quality(each, accepted) for each in SINGLE_RESULT_TYPES)


def _accepted(request: Request) -> Iterator[AcceptRange]:
    header = ",".join(request.headers.getlist("accept")) or "*/*"
    for entry in header.lower().split(","):
        name, *parameters = (part.strip() for part in entry.split(";"))
        weights = [part[2:].strip() for part in parameters if part.startswith("q=")]
        yield AcceptRange(name, _number(weights[-1]) if weights else 1.0)


def _quality(media_type: str, accepted: list[AcceptRange]) -> float:
    """What the most exact range that covers the type says of it; 0 where none does."""
    covering = [each for each in accepted if each.matches(media_type)]
    return max(covering, key=lambda each: each.specificity).quality if covering else 0.0


def _rank(media_type: str, accepted: list[AcceptRange]) -> int:
    """Of types that are as welcome as each other the one that was named first is taken."""
    return next((place for place, each in enumerate(accepted) if each.range == media_type), len(accepted))


def _number(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0
