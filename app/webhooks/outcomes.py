"""From what happened on the network to the word for it. What each means, for people."""

from app.models import Outcome
from app.outbound.post import Blocked, NotSent, TimedOut

ABOUT = {
    Outcome.DELIVERED: "The receiver answered with a status of 2xx.",
    Outcome.REFUSED: "The receiver answered with another status.",
    Outcome.REDIRECTED: "The receiver answered with a status of 3xx; redirects are not followed.",
    Outcome.GONE: "The receiver answered 410: it wants nothing more, and the webhook was disabled.",
    Outcome.TIMED_OUT: "There was no answer within 10 seconds.",
    Outcome.UNREACHABLE: "The name was not found, nobody listened, or the connection was broken off.",
    Outcome.BLOCKED: "The address is not a public one, so nothing was sent.",
    Outcome.FAILED: "Something went wrong on our side; the log has more.",
}


def of_status(status: int) -> Outcome:
    """What an answer's status means: 2xx alone is success."""
    if status == 410:
        return Outcome.GONE
    return {2: Outcome.DELIVERED, 3: Outcome.REDIRECTED}.get(status // 100, Outcome.REFUSED)


def of_failure(failure: NotSent) -> Outcome:
    """What it means that there was no answer."""
    match failure:
        case Blocked():
            return Outcome.BLOCKED
        case TimedOut():
            return Outcome.TIMED_OUT
    return Outcome.UNREACHABLE
