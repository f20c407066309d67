"""What this process has done since it started, in numbers that Prometheus reads."""

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Of the page: Prometheus' text format, the version that all who scrape understand."""


class Metrics:
    """Counts where it is `on`. Labels are words of a closed set: never who, never an address."""

    def __init__(self, *, on: bool) -> None:
        self._on = on

    def webhook_attempted(self, outcome: str, seconds: float) -> None:
        if self._on:
            self._counted.attempts.labels(outcome).inc()
            self._counted.attempt_seconds.observe(seconds)

    def webhook_disabled(self, reason: str) -> None:
        if self._on:
            self._counted.disabled.labels(reason).inc()

    def redis_is(self, *, up: bool) -> None:
        """For where there is one: without, nothing is said of it."""
        if self._on:
            self._counted.redis_up.set(up)

    def redis_fell_back(self, use: str) -> None:
        if self._on:
            self._counted.redis_fallbacks.labels(use).inc()

    def page(self) -> bytes:
        """All of it, as it is now."""
        from prometheus_client import generate_latest

        return generate_latest(self._counted.registry)

    @cached_property
    def _counted(self) -> "_Counted":
        return _Counted()


class _Counted:
    """In a registry of its own: the package's global one is everybody's."""

    registry: "CollectorRegistry"
    attempts: "Counter"
    attempt_seconds: "Histogram"
    disabled: "Counter"

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Histogram  # not while the server starts

        self.registry = of = CollectorRegistry()
        self.attempts = Counter(
            "pichub_webhook_attempts", "Attempts to deliver to webhooks", ["outcome"], registry=of
        )
        self.attempt_seconds = Histogram(
            "pichub_webhook_attempt_seconds", "How long attempts to deliver took", registry=of
        )
        self.disabled = Counter(
            "pichub_webhooks_disabled", "Webhooks that were disabled", ["reason"], registry=of
        )

    @cached_property
    def redis_up(self) -> "Gauge":
        from prometheus_client import Gauge

        return Gauge("pichub_redis_up", "Whether Redis answers", registry=self.registry)

    @cached_property
    def redis_fallbacks(self) -> "Counter":
        from prometheus_client import Counter

        return Counter(
            "pichub_redis_fallbacks", "What was done without Redis", ["use"], registry=self.registry
        )
