"""Retry schedule. Pure functions."""

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
"""Delay before each attempt, from the previous one, as recommended by Standard Webhooks."""
JITTER = 0.1
"""Maximum random extension of a delay, so that joint failures are not retried together."""
MAX_RETRY_AFTER = timedelta(hours=24)


def next_attempt(
    attempts: int, now: datetime, *, retry_after: str | None, random: Callable[[], float]
) -> datetime | None:
    """Return the time of the next attempt; None after the last.

    `retry_after` is that header of the response: it can delay an attempt, never advance it. `random` returns 0 to 1.
    """
    if attempts >= len(RETRY_DELAYS):
        return None
    wait = RETRY_DELAYS[attempts] * (1 + JITTER * random())
    return now + max(wait, _parse_retry_after(retry_after, now))


def _parse_retry_after(retry_after: str | None, now: datetime) -> timedelta:
    """Parse seconds or a date, up to a day; zero if it is invalid."""
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
    """Return (attempt, delay before it, time since the event) for the documentation."""
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
