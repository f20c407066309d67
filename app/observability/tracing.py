"""OpenTelemetry tracing, if an endpoint is set. Otherwise nothing of it is imported."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Protocol

from app.cancellation import in_thread
from app.settings import BadSetting

Headers = Sequence[tuple[bytes, bytes]]

FLUSH_TIMEOUT_SECONDS = 5.0
"""Time for the endpoint to accept a batch."""
TRACE_HEADERS = {b"traceparent", b"tracestate"}


@dataclass(slots=True)
class SpanResult:
    """Attributes of a request's span when it ends."""

    route: str = ""
    status: int = 0


class Tracing(Protocol):
    def request(self, method: str, headers: Headers) -> AbstractContextManager[SpanResult | None]:
        """Open a span for a request, in the trace of its headers or a new one."""

    def span(self, name: str, facts: Mapping[str, str | int]) -> AbstractContextManager[None]:
        """Open a child span."""

    async def close(self) -> None:
        """Flush pending spans."""


class NoTracing:
    """Tracing is disabled."""

    def request(self, method: str, headers: Headers) -> AbstractContextManager[None]:  # noqa: ARG002
        return nullcontext()

    def span(self, name: str, facts: Mapping[str, str | int]) -> AbstractContextManager[None]:  # noqa: ARG002
        return nullcontext()

    async def close(self) -> None: ...


class OpenTelemetry:
    """Export spans to the OTLP endpoint over HTTP, in batches. Raises BadSetting."""

    def __init__(self, endpoint: str) -> None:
        require_packages(endpoint)
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        self._provider = TracerProvider(
            resource=Resource.create({"service.name": "pichub"}), shutdown_on_exit=False
        )
        exporter = OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces", timeout=FLUSH_TIMEOUT_SECONDS)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("pichub")

    @contextmanager
    def request(self, method: str, headers: Headers) -> Iterator[SpanResult]:
        from opentelemetry.propagate import extract
        from opentelemetry.trace import SpanKind, Status, StatusCode

        carrier = {name.decode(): value.decode("latin-1") for name, value in headers if name in TRACE_HEADERS}
        result = SpanResult()
        # Without the URL, whose signature would grant access.
        with self._tracer.start_as_current_span(
            method, context=extract(carrier), kind=SpanKind.SERVER, attributes={"http.request.method": method}
        ) as span:
            try:
                yield result
            finally:
                span.update_name(f"{method} {result.route}")
                span.set_attributes({"http.route": result.route, "http.response.status_code": result.status})
                if result.status >= 500:
                    span.set_status(Status(StatusCode.ERROR))

    @contextmanager
    def span(self, name: str, facts: Mapping[str, str | int]) -> Iterator[None]:
        attributes: dict[str, Any] = {f"pichub.{key}": value for key, value in facts.items()}
        with self._tracer.start_as_current_span(name, attributes=attributes):
            yield

    async def close(self) -> None:
        await in_thread(self._provider.shutdown)


def require_packages(endpoint: str) -> None:
    """Raise BadSetting if an endpoint is set but the packages are missing."""
    try:
        is_usable = not endpoint or find_spec("opentelemetry.exporter.otlp.proto.http") is not None
    except ModuleNotFoundError:
        is_usable = False
    if not is_usable:
        raise BadSetting("PICHUB_OTEL_ENDPOINT requires the extra: install 'pichub[otel]', or unset it")
