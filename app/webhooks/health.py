"""Rules for disabling failing webhooks. Pure functions."""

from datetime import datetime, timedelta

from app.models import AttemptOutcome, DisabledReason

DISABLE_AFTER = timedelta(days=5)


def failing_since(outcome: AttemptOutcome, before: datetime | None, now: datetime) -> datetime | None:
    """Return the time of the first failure since the last success; None after a success."""
    return None if outcome.is_success else before or now


def reason_to_disable(
    outcome: AttemptOutcome, since: datetime | None, now: datetime
) -> DisabledReason | None:
    """Return the reason to disable a webhook after this outcome, given when it began to fail; None to keep it."""
    if outcome is AttemptOutcome.GONE:
        return DisabledReason.GONE
    if since is not None and now - since >= DISABLE_AFTER:
        return DisabledReason.FAILING
    return None
