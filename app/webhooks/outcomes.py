"""Outcomes of attempts, and their descriptions."""

from app.models import AttemptOutcome
from app.outbound.results import Blocked, NotSent, TimedOut

DESCRIPTIONS = {
    AttemptOutcome.DELIVERED: "The receiver answered with a status of 2xx.",
    AttemptOutcome.REFUSED: "The receiver answered with another status.",
    AttemptOutcome.REDIRECTED: "The receiver answered with a status of 3xx; redirects are not followed.",
    AttemptOutcome.GONE: "The receiver answered 410: it wants nothing more, and the webhook was disabled.",
    AttemptOutcome.TIMED_OUT: "There was no answer within 10 seconds.",
    AttemptOutcome.UNREACHABLE: "The name was not found, nobody listened, or the connection was broken off.",
    AttemptOutcome.BLOCKED: "The address is not a public one, so nothing was sent.",
    AttemptOutcome.FAILED: "Something went wrong on our side; the log has more.",
}


def outcome_of_status(status: int) -> AttemptOutcome:
    """Return the outcome for a response's status: only 2xx is success."""
    if status == 410:
        return AttemptOutcome.GONE
    return {2: AttemptOutcome.DELIVERED, 3: AttemptOutcome.REDIRECTED}.get(
        status // 100, AttemptOutcome.REFUSED
    )


def outcome_of_failure(failure: NotSent) -> AttemptOutcome:
    """Return the outcome for a request without a response."""
    match failure:
        case Blocked():
            return AttemptOutcome.BLOCKED
        case TimedOut():
            return AttemptOutcome.TIMED_OUT
    return AttemptOutcome.UNREACHABLE
