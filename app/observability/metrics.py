"""What this process has done since it started, in numbers that Prometheus reads."""

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
"""Of the page: Prometheus' text format, the version that all who scrape understand."""
DEADLINE = 1.0
"""Seconds that a figure may take to be read."""
REMEMBERED = 5.0
"""Seconds for which figures stand that were asked of the database: whoever scrapes must not be able to load it."""
SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Transformed(StrEnum):
    """What came of a request for a variant."""

    RENDERED = "rendered"
    STORED = "stored"
    JOINED = "joined"
    BUSY = "busy"
    DEADLINE = "deadline"
    FAILED = "failed"


class Kind(NamedTuple):
    """What a request was. `operation` is a route's template, or GraphQL's kind of operation."""

    face: str
    method: str
    operation: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that stands somewhere already, and is read when the page is asked for: counting it costs nothing.

    What `read` gives as None is left out, and so is what it can't give. `is_total` where it only ever grows.

    Figure("pichub_subscriptions", "Who follows events", lambda: feed.followers)
    """

    name: str
    about: str
    read: Callable[[], Awaitable[float | None] | float | None]
    is_total: bool = False


class Metrics:
    """Counts where it is `on`. Labels are words of a closed set: never who, never an address."""

    def __init__(self, *, on: bool) -> None:
        self._on = on
        self._figures: Sequence[Figure] = ()
        self._known: dict[str, tuple[float, float | None]] = {}
        self._reading: asyncio.Task[list[tuple[Figure, float]]] | None = None

    def show(self, figures: Sequence[Figure]) -> None:
        """Has these figures on its page too."""
        self._figures = figures

    def answered(self, kind: Kind, status: str, seconds: float | None) -> None:
        """Counts a request. `seconds` is None where its length says nothing, as that of a stream."""
        if self._on:
            self._counted.requests.labels(*kind, status).inc()
            if seconds is not None:
                self._counted.request_seconds.labels(kind.face, kind.operation).observe(seconds)

    def transformed(self, outcome: Transformed) -> None:
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
        """For where there is one: without, nothing is said of it."""
        if self._on:
            self._counted.redis_up.set(up)

    def redis_fell_back(self, use: str) -> None:
        if self._on:
            self._counted.redis_fallbacks.labels(use).inc()

    async def page(self) -> bytes:
        """All of it, as it is now."""
        from prometheus_client import generate_latest

        counted = self._counted
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read_all())
        counted.figures.values = await asyncio.shield(self._reading)
        return generate_latest(counted.registry)

    async def _read_all(self) -> list[tuple[Figure, float]]:
        values = await asyncio.gather(*map(self._read, self._figures))
        return [(f, v) for f, v in zip(self._figures, values, strict=True) if v is not None]

    async def _read(self, figure: Figure) -> float | None:
        until, value = self._known.get(figure.name, (-math.inf, None))
        if time.monotonic() < until:
            return value
        try:
            found = figure.read()
            if not isinstance(found, Awaitable):
                return found
            async with asyncio.timeout(DEADLINE):
                value = await found
        except Exception as error:  # what can't be told now must not keep the rest from being told
            log.debug("%s could not be read: %s", figure.name, error)
            value = None
        self._known[figure.name] = time.monotonic() + REMEMBERED, value
        return value

    @cached_property
    def _counted(self) -> "_Counted":
        return _Counted()


class _Looked:
    """Figures, as they were read for this page."""

    values: Sequence[tuple[Figure, float]] = ()

    def collect(self) -> "Iterator[Metric]":
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        for figure, value in self.values:
            family: Any = CounterMetricFamily if figure.is_total else GaugeMetricFamily
            yield family(figure.name, figure.about, value=value)


class _Counted:
    """In a registry of its own: the package's global one is everybody's."""

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
        from prometheus_client import (  # not while the server starts
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
