"""Spans for OpenTelemetry, where an endpoint is set to send them to. Elsewhere nothing of it is imported."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Protocol

from app.cancellation import in_thread
from app.settings import BadSetting

Headers = Sequence[tuple[bytes, bytes]]

PATIENCE = 5.0
"""Seconds for the endpoint to take what is sent at once."""
PASSED_ON = {b"traceparent", b"tracestate"}


@dataclass(slots=True)
class Answered:
    """What a request's span is told when it ends."""

    route: str = ""
    status: int = 0


class Tracing(Protocol):
    def request(self, method: str, headers: Headers) -> AbstractContextManager[Answered | None]:
        """A span from here to the end of the block, of the trace that the headers name or of a new one."""

    def span(self, name: str, facts: Mapping[str, str | int]) -> AbstractContextManager[None]:
        """A span within the one that is open."""

    async def close(self) -> None:
        """Sends what was not sent yet."""


class NoTracing:
    """Nothing is traced."""

    def request(self, method: str, headers: Headers) -> AbstractContextManager[None]:  # noqa: ARG002
        return nullcontext()

    def span(self, name: str, facts: Mapping[str, str | int]) -> AbstractContextManager[None]:  # noqa: ARG002
        return nullcontext()

    async def close(self) -> None: ...


class OpenTelemetry:
    """Spans go to the OTLP endpoint, by HTTP, a few seconds after they end. Raises BadSetting."""

    def __init__(self, endpoint: str) -> None:
        check(endpoint)
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        self._provider = TracerProvider(
            resource=Resource.create({"service.name": "pichub"}), shutdown_on_exit=False
        )
        exporter = OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces", timeout=PATIENCE)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("pichub")

    @contextmanager
    def request(self, method: str, headers: Headers) -> Iterator[Answered]:
        from opentelemetry.propagate import extract
        from opentelemetry.trace import SpanKind, Status, StatusCode

        sent = {name.decode(): value.decode("latin-1") for name, value in headers if name in PASSED_ON}
        answered = Answered()
        # No address: it may be signed, and whoever has it could look.
        with self._tracer.start_as_current_span(
            method, context=extract(sent), kind=SpanKind.SERVER, attributes={"http.request.method": method}
        ) as span:
            try:
                yield answered
            finally:
                span.update_name(f"{method} {answered.route}")
                span.set_attributes(
                    {"http.route": answered.route, "http.response.status_code": answered.status}
                )
                if answered.status >= 500:
                    span.set_status(Status(StatusCode.ERROR))

    @contextmanager
    def span(self, name: str, facts: Mapping[str, str | int]) -> Iterator[None]:
        attributes: dict[str, Any] = {f"pichub.{key}": value for key, value in facts.items()}
        with self._tracer.start_as_current_span(name, attributes=attributes):
            yield

    async def close(self) -> None:
        await in_thread(self._provider.shutdown)


def check(endpoint: str) -> None:
    """Raises BadSetting where there is an endpoint to send to and nothing to send with."""
    try:
        found = not endpoint or find_spec("opentelemetry.exporter.otlp.proto.http")
    except ModuleNotFoundError:
        found = None
    if not found:
        raise BadSetting(
            "PICHUB_OTEL_ENDPOINT needs what is not installed: install 'pichub[otel]', or leave it unset"
        )
