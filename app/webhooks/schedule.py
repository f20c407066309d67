"""When an attempt follows another. Pure: the time and the randomness come in."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

RETRY_DELAYS = (
    timedelta(),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""What is waited before each attempt, counted from the one before: those that Standard Webhooks recommends."""
JITTER = 0.1
"""The part of a wait by which it may grow, so that what failed together does not come back together."""
MAX_RETRY_AFTER = timedelta(hours=24)


def next_attempt(
    attempts: int, now: datetime, *, retry_after: str | None, random: Callable[[], float]
) -> datetime | None:
    """When to try again after so many attempts; None where the schedule is over.

    `retry_after` is that header of the answer: an attempt may come later for it, never sooner. `random` gives 0 to 1.
    """
    if attempts >= len(RETRY_DELAYS):
        return None
    wait = RETRY_DELAYS[attempts] * (1 + JITTER * random())
    return now + max(wait, _parse_retry_after(retry_after, now))


def _parse_retry_after(retry_after: str | None, now: datetime) -> timedelta:
    """What the header asks to wait, in seconds or until a date, up to a day; nothing where it can't be read."""
    text = (retry_after or "").strip()
    is_number = text.isascii() and text.isdigit()
    wait = timedelta(seconds=int(text[:9])) if is_number else _until(text, now)
    return min(max(wait, timedelta()), MAX_RETRY_AFTER)


def _until(date: str, now: datetime) -> timedelta:
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, TypeError, IndexError, OverflowError):
        return timedelta()
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now


def table() -> list[tuple[int, str, str]]:
    """(attempt, what is waited before it, the time since the event) for the documentation."""
    rows, since = [], timedelta()
    for number, wait in enumerate(RETRY_DELAYS, start=1):
        since += wait
        rows.append((number, _format_duration(wait) or "at once", _format_duration(since) or "at once"))
    return rows


def _format_duration(time: timedelta) -> str:
    hours, rest = divmod(int(time.total_seconds()), 3600)
    minutes, seconds = divmod(rest, 60)
    parts = ((hours, "h"), (minutes, "min"), (seconds, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number)
