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
    from prometheus_client import Counter, Gauge, Metric

log = logging.getLogger("pichub.metrics")

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus text format, in the version that every scraper supports."""
DEADLINE_SECONDS = 1.0
"""Maximum time to read a value."""
CACHE_SECONDS = 5.0
"""Lifetime of values queried from the database: frequent scrapes must not load it."""
DURATION_BUCKETS_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


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

        MetricSource("pichub_subscriptions", "Active subscriptions", lambda: feed.subscribers)

    None values and failed reads are omitted. `is_total` marks counters.
    """

    name: str
    description: str
    read: Callable[[], Awaitable[float | None] | float | None]
    is_total: bool = False


class Metrics:
    """Counters, if `enabled`. Labels have a closed set of values, never accounts or addresses."""

    def __init__(self, *, enabled: bool) -> None:
        self._is_enabled = enabled
        self._sources: Sequence[MetricSource] = ()
        self._cached: dict[str, tuple[float, float | None]] = {}
        self._reading: asyncio.Task[list[tuple[MetricSource, float]]] | None = None

    def add_sources(self, sources: Sequence[MetricSource]) -> None:
        """Include these values in the output."""
        self._sources = sources

    def count_request(self, kind: RequestKind, status: str, seconds: float | None) -> None:
        """Count a request. `seconds` is None for streams: their duration is not recorded."""
        if self._is_enabled:
            self._collectors.requests.labels(*kind, status).inc()
            if seconds is not None:
                self._collectors.request_seconds.labels(kind.face, kind.operation).observe(seconds)

    def count_transform(self, outcome: TransformOutcome) -> None:
        if self._is_enabled:
            self._collectors.transforms.labels(outcome.value).inc()

    def count_upload(self, size: int) -> None:
        if self._is_enabled:
            self._collectors.uploads.inc()
            self._collectors.upload_bytes.inc(size)

    def count_webhook_attempt(self, outcome: str, seconds: float) -> None:
        if self._is_enabled:
            self._collectors.attempts.labels(outcome).inc()
            self._collectors.attempt_seconds.observe(seconds)

    def count_disabled_webhook(self, reason: str) -> None:
        if self._is_enabled:
            self._collectors.disabled.labels(reason).inc()

    def set_redis_up(self, *, up: bool) -> None:
        """Record the availability of Redis, if there is one."""
        if self._is_enabled:
            self._collectors.redis_up.set(up)

    def count_redis_fallback(self, use: str) -> None:
        if self._is_enabled:
            self._collectors.redis_fallbacks.labels(use).inc()

    async def render(self) -> bytes:
        """Return all metrics in the text format."""
        from prometheus_client import generate_latest

        collectors = self._collectors
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read_all())
        collectors.sources.values = await asyncio.shield(self._reading)
        return generate_latest(collectors.registry)

    async def _read_all(self) -> list[tuple[MetricSource, float]]:
        values = await asyncio.gather(*map(self._read, self._sources))
        return [(s, v) for s, v in zip(self._sources, values, strict=True) if v is not None]

    async def _read(self, source: MetricSource) -> float | None:
        until, value = self._cached.get(source.name, (-math.inf, None))
        if time.monotonic() < until:
            return value
        try:
            current = source.read()
            if not isinstance(current, Awaitable):
                return current
            async with asyncio.timeout(DEADLINE_SECONDS):
                value = await current
        except Exception as error:  # one unavailable value must not hide the others
            log.debug("%s could not be read: %s", source.name, error)
            value = None
        self._cached[source.name] = time.monotonic() + CACHE_SECONDS, value
        return value

    @cached_property
    def _collectors(self) -> "_Collectors":
        return _Collectors()


class _SourceCollector:
    """Values of the sources, read before each output."""

    values: Sequence[tuple[MetricSource, float]] = ()

    def collect(self) -> "Iterator[Metric]":
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        for source, value in self.values:
            family: Any = CounterMetricFamily if source.is_total else GaugeMetricFamily
            yield family(source.name, source.description, value=value)


class _Collectors:
    """Counters and histograms in their own registry: the default registry of the package is global."""

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
        registry = self.registry = CollectorRegistry()
        self.requests = Counter(
            "pichub_requests",
            "Requests, except for images served from memory",
            ["face", "method", "operation", "status"],
            registry=registry,
        )
        self.request_seconds = Histogram(
            "pichub_request_seconds",
            "Duration of requests to the last byte, except for streams",
            ["face", "operation"],
            registry=registry,
            buckets=DURATION_BUCKETS_SECONDS,
        )
        self.transforms = Counter(
            "pichub_transforms", "Requests for variants by outcome", ["outcome"], registry=registry
        )
        self.uploads = Counter("pichub_uploads", "Uploaded images", registry=registry)
        self.upload_bytes = Counter("pichub_upload_bytes", "Size of uploaded images", registry=registry)
        self.attempts = Counter(
            "pichub_webhook_attempts", "Webhook delivery attempts by outcome", ["outcome"], registry=registry
        )
        self.attempt_seconds = Histogram(
            "pichub_webhook_attempt_seconds", "Duration of webhook delivery attempts", registry=registry
        )
        self.disabled = Counter(
            "pichub_webhooks_disabled", "Webhooks disabled by reason", ["reason"], registry=registry
        )
        self.sources = _SourceCollector()
        registry.register(self.sources)
        ProcessCollector(registry=registry)
        GCCollector(registry=registry)

    @cached_property
    def redis_up(self) -> "Gauge":
        from prometheus_client import Gauge

        return Gauge("pichub_redis_up", "1 if Redis responds, else 0", registry=self.registry)

    @cached_property
    def redis_fallbacks(self) -> "Counter":
        from prometheus_client import Counter

        return Counter(
            "pichub_redis_fallbacks", "Operations done without Redis", ["use"], registry=self.registry
        )
