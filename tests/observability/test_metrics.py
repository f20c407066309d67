"""Metrics, as parsed by Prometheus' own client."""

from prometheus_client.parser import text_string_to_metric_families

from app.observability.metrics import Metrics


def samples(page: bytes) -> dict[tuple[str, ...], float]:
    """Return the values by name and label values."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
    }


async def test_attempts_are_counted_by_outcome_and_timed() -> None:
    metrics = Metrics(enabled=True)
    for outcome, seconds in (("delivered", 0.02), ("delivered", 0.3), ("timed_out", 10.2)):
        metrics.count_webhook_attempt(outcome, seconds)
    values = samples(await metrics.render())
    assert values["pichub_webhook_attempts_total", "delivered"] == 2
    assert values["pichub_webhook_attempts_total", "timed_out"] == 1
    assert values["pichub_webhook_attempt_seconds_count",] == 3
    assert values["pichub_webhook_attempt_seconds_sum",] == 10.52
    within = {
        le: values["pichub_webhook_attempt_seconds_bucket", le] for le in ("0.025", "0.5", "10.0", "+Inf")
    }
    assert within == {"0.025": 1, "0.5": 2, "10.0": 2, "+Inf": 3}


async def test_disabled_webhooks_are_counted_by_reason() -> None:
    metrics = Metrics(enabled=True)
    metrics.count_disabled_webhook("gone")
    assert samples(await metrics.render())["pichub_webhooks_disabled_total", "gone"] == 1


async def test_instances_count_separately() -> None:
    first, second = Metrics(enabled=True), Metrics(enabled=True)
    first.count_disabled_webhook("gone")
    assert ("pichub_webhooks_disabled_total", "gone") not in samples(await second.render())


async def test_nothing_is_counted_when_disabled() -> None:
    metrics = Metrics(enabled=False)
    metrics.count_webhook_attempt("delivered", 0.1)
    metrics.count_disabled_webhook("gone")
    values = samples(await metrics.render())
    assert values["pichub_webhook_attempt_seconds_count",] == 0
    assert ("pichub_webhooks_disabled_total", "gone") not in values


async def test_redis_is_reported_if_there_is_one() -> None:
    metrics = Metrics(enabled=True)
    assert ("pichub_redis_up",) not in samples(await metrics.render())
    metrics.set_redis_up(up=True)
    assert samples(await metrics.render())["pichub_redis_up",] == 1
    metrics.set_redis_up(up=False)
    for _ in range(3):
        metrics.count_redis_fallback("limits")
    values = samples(await metrics.render())
    assert values["pichub_redis_up",] == 0
    assert values["pichub_redis_fallbacks_total", "limits"] == 3
