"""From what happened on the network to the word for it. What each means, for people."""

from app.models import AttemptOutcome
from app.outbound.post import Blocked, NotSent, TimedOut

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
    """What an answer's status means: 2xx alone is success."""
    if status == 410:
        return AttemptOutcome.GONE
    return {2: AttemptOutcome.DELIVERED, 3: AttemptOutcome.REDIRECTED}.get(
        status // 100, AttemptOutcome.REFUSED
    )


def outcome_of_failure(failure: NotSent) -> AttemptOutcome:
    """What it means that there was no answer."""
    match failure:
        case Blocked():
            return AttemptOutcome.BLOCKED
        case TimedOut():
            return AttemptOutcome.TIMED_OUT
    return AttemptOutcome.UNREACHABLE
