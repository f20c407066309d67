"""Prometheus metrics of this process."""

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric

log = logging.getLogger("pichub.metrics")

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus text format, in the version that every scraper supports."""
DEADLINE_SECONDS = 1.0
"""Maximum time to read a value."""
CACHE_SECONDS = 5.0
"""Lifetime of values queried from the database: frequent scrapes must not load it."""
SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class TransformOutcome(StrEnum):
    """Result of a request for a variant."""

    RENDERED = "rendered"
    STORED = "stored"
    JOINED = "joined"
    BUSY = "busy"
    DEADLINE = "deadline"
    FAILED = "failed"


class RequestKind(NamedTuple):
    """Kind of a request. `operation` is the route's template, or the type of the GraphQL operation."""

    face: str
    method: str
    operation: str


@dataclass(frozen=True, slots=True)
class MetricSource:
    """A value that exists elsewhere and is read on scrape, so that counting costs nothing.

        Figure("pichub_subscriptions", "Active subscriptions", lambda: feed.subscribers)

    None values and failed reads are omitted. `is_total` marks counters.
    """

    name: str
    about: str
    read: Callable[[], Awaitable[float | None] | float | None]
    is_total: bool = False


class Metrics:
    """Counts if enabled with `on`. Labels have a closed set of values, never accounts or addresses."""

    def __init__(self, *, on: bool) -> None:
        self._on = on
        self._figures: Sequence[MetricSource] = ()
        self._known: dict[str, tuple[float, float | None]] = {}
        self._reading: asyncio.Task[list[tuple[MetricSource, float]]] | None = None

    def show(self, figures: Sequence[MetricSource]) -> None:
        """Add these values to the page."""
        self._figures = figures

    def answered(self, kind: RequestKind, status: str, seconds: float | None) -> None:
        """Count a request. `seconds` is None for streams, whose duration means nothing."""
        if self._on:
            self._counted.requests.labels(*kind, status).inc()
            if seconds is not None:
                self._counted.request_seconds.labels(kind.face, kind.operation).observe(seconds)

    def transformed(self, outcome: TransformOutcome) -> None:
        if self._on:
            self._counted.transforms.labels(outcome.value).inc()

    def uploaded(self, size: int) -> None:
        if self._on:
            self._counted.uploads.inc()
            self._counted.upload_bytes.inc(size)

    def webhook_attempted(self, outcome: str, seconds: float) -> None:
        if self._on:
            self._counted.attempts.labels(outcome).inc()
            self._counted.attempt_seconds.observe(seconds)

    def webhook_disabled(self, reason: str) -> None:
        if self._on:
            self._counted.disabled.labels(reason).inc()

    def redis_is(self, *, up: bool) -> None:
        """Record the availability of Redis, if there is one."""
        if self._on:
            self._counted.redis_up.set(up)

    def redis_fell_back(self, use: str) -> None:
        if self._on:
            self._counted.redis_fallbacks.labels(use).inc()

    async def page(self) -> bytes:
        """Return the current page."""
        from prometheus_client import generate_latest

        counted = self._counted
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read_all())
        counted.figures.values = await asyncio.shield(self._reading)
        return generate_latest(counted.registry)

    async def _read_all(self) -> list[tuple[MetricSource, float]]:
        values = await asyncio.gather(*map(self._read, self._figures))
        return [(f, v) for f, v in zip(self._figures, values, strict=True) if v is not None]

    async def _read(self, figure: MetricSource) -> float | None:
        until, value = self._known.get(figure.name, (-math.inf, None))
        if time.monotonic() < until:
            return value
        try:
            found = figure.read()
            if not isinstance(found, Awaitable):
                return found
            async with asyncio.timeout(DEADLINE_SECONDS):
                value = await found
        except Exception as error:  # one unavailable value must not hide the others
            log.debug("%s could not be read: %s", figure.name, error)
            value = None
        self._known[figure.name] = time.monotonic() + CACHE_SECONDS, value
        return value

    @cached_property
    def _counted(self) -> "_Counted":
        return _Counted()


class _Looked:
    """Values read for this page."""

    values: Sequence[tuple[MetricSource, float]] = ()

    def collect(self) -> "Iterator[Metric]":
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        for figure, value in self.values:
            family: Any = CounterMetricFamily if figure.is_total else GaugeMetricFamily
            yield family(figure.name, figure.about, value=value)


class _Counted:
    """In a separate registry: the package's default one is global."""

    registry: "CollectorRegistry"
    requests: "Counter"
    request_seconds: "Histogram"
    transforms: "Counter"
    uploads: "Counter"
    upload_bytes: "Counter"
    attempts: "Counter"
    attempt_seconds: "Histogram"
    disabled: "Counter"

    def __init__(self) -> None:
        from prometheus_client import (  # not during the start of the server
            CollectorRegistry,
            Counter,
            GCCollector,
            Histogram,
            ProcessCollector,
            disable_created_metrics,
        )

        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = of = CollectorRegistry()
        self.requests = Counter(
            "pichub_requests",
            "Requests that were answered, but for pictures answered from memory",
            ["face", "method", "operation", "status"],
            registry=of,
        )
        self.request_seconds = Histogram(
            "pichub_request_seconds",
            "How long requests took to their last byte, streams aside",
            ["face", "operation"],
            registry=of,
            buckets=SECONDS,
        )
        self.transforms = Counter(
            "pichub_transforms", "What came of requests for variants", ["outcome"], registry=of
        )
        self.uploads = Counter("pichub_uploads", "Files that became images", registry=of)
        self.upload_bytes = Counter("pichub_upload_bytes", "Bytes of files that became images", registry=of)
        self.attempts = Counter(
            "pichub_webhook_attempts", "Attempts to deliver to webhooks", ["outcome"], registry=of
        )
        self.attempt_seconds = Histogram(
            "pichub_webhook_attempt_seconds", "How long attempts to deliver took", registry=of
        )
        self.disabled = Counter(
            "pichub_webhooks_disabled", "Webhooks that were disabled", ["reason"], registry=of
        )
        self.figures = _Looked()
        of.register(self.figures)
        ProcessCollector(registry=of)
        GCCollector(registry=of)

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
