"""When a webhook is disabled. Pure: what is known of it comes in."""

from datetime import datetime, timedelta

from app.models import AttemptOutcome, DisabledReason

DISABLE_AFTER = timedelta(days=5)


def failing_since(outcome: AttemptOutcome, before: datetime | None, now: datetime) -> datetime | None:
    """Since when nothing has come through; None where something just did."""
    return None if outcome.is_success else before or now


def reason_to_disable(
    outcome: AttemptOutcome, since: datetime | None, now: datetime
) -> DisabledReason | None:
    """Whether a webhook that has been failing since then must be disabled after this outcome, and why."""
    if outcome is AttemptOutcome.GONE:
        return DisabledReason.GONE
    if since is not None and now - since >= DISABLE_AFTER:
        return DisabledReason.FAILING
    return None
