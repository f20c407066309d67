from datetime import UTC, datetime, timedelta

import pytest

from app.models import AttemptOutcome, DisabledReason
from app.outbound.results import Blocked, TimedOut, Unreachable
from app.webhooks.health import failing_since, reason_to_disable
from app.webhooks.outcomes import DESCRIPTIONS, outcome_of_failure, outcome_of_status
from app.webhooks.schedule import RETRY_DELAYS, next_attempt

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def delay(attempts: int, retry_after: str | None = None, random: float = 0.0) -> timedelta | None:
    at = next_attempt(attempts, NOW, retry_after=retry_after, random=lambda: random)
    return None if at is None else at - NOW


def test_the_schedule_has_ten_attempts_over_three_days() -> None:
    assert [delay(attempts) for attempts in range(11)] == [*RETRY_DELAYS, None]
    assert sum(RETRY_DELAYS, timedelta()) == timedelta(hours=75, minutes=35, seconds=5)


def test_jitter_adds_at_most_a_tenth() -> None:
    assert delay(2, random=0.0) == timedelta(minutes=5)
    assert delay(2, random=1.0) == timedelta(minutes=5, seconds=30)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("60", timedelta(minutes=1)),
        (" 60 ", timedelta(minutes=1)),
        ("2", timedelta(seconds=5)),
        ("0", timedelta(seconds=5)),
        ("99999999999999999999", timedelta(hours=24)),
        ("Sun, 01 Mar 2026 12:10:00 GMT", timedelta(minutes=10)),
        ("Sun, 01 Mar 2026 11:00:00 GMT", timedelta(seconds=5)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", timedelta(hours=24)),
        ("Sun, 01 Mar 2026 12:10:00", timedelta(minutes=10)),
        ("-5", timedelta(seconds=5)),
        ("soon", timedelta(seconds=5)),
        ("٣", timedelta(seconds=5)),
        ("Sun, 99 Mar 2026 99:99:99 GMT", timedelta(seconds=5)),
        ("", timedelta(seconds=5)),
    ],
)
def test_retry_after_only_delays_and_by_at_most_a_day(header: str, expected: timedelta) -> None:
    assert delay(1, header) == expected


def test_retry_after_does_not_lengthen_the_schedule() -> None:
    assert delay(len(RETRY_DELAYS), "60") is None


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, "delivered"),
        (204, "delivered"),
        (299, "delivered"),
        (301, "redirected"),
        (304, "redirected"),
        (400, "refused"),
        (410, "gone"),
        (429, "refused"),
        (503, "refused"),
        (999, "refused"),
    ],
)
def test_only_2xx_is_success(status: int, outcome: str) -> None:
    assert outcome_of_status(status) == outcome
    assert outcome_of_status(status).is_success == (outcome == "delivered")


def test_each_connection_failure_has_an_outcome() -> None:
    assert [outcome_of_failure(kind("")) for kind in (Blocked, TimedOut, Unreachable)] == [
        "blocked",
        "timed_out",
        "unreachable",
    ]
    assert set(DESCRIPTIONS) == set(AttemptOutcome)


def test_failing_since_is_the_first_failure_after_a_success() -> None:
    earlier = NOW - timedelta(days=1)
    assert failing_since(AttemptOutcome.REFUSED, None, NOW) == NOW
    assert failing_since(AttemptOutcome.TIMED_OUT, earlier, NOW) == earlier
    assert failing_since(AttemptOutcome.DELIVERED, earlier, NOW) is None


def test_five_days_of_failure_or_one_410_disable() -> None:
    assert reason_to_disable(AttemptOutcome.REFUSED, NOW - timedelta(days=5, seconds=-1), NOW) is None
    assert reason_to_disable(AttemptOutcome.REFUSED, NOW - timedelta(days=5), NOW) is DisabledReason.FAILING
    assert reason_to_disable(AttemptOutcome.GONE, NOW, NOW) is DisabledReason.GONE
    assert reason_to_disable(AttemptOutcome.DELIVERED, None, NOW) is None
