"""Traces are sent to the endpoint of the settings, without credentials."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from app.observability import tracing
from app.settings import BadSetting
from scripts.fixtures import sample_images
from tests.cli.test_commands import run
from tests.pichub import house

TRACE = "0af7651916cd43dd8448eb211c80319c"


class Collector(http.server.ThreadingHTTPServer):
    """An OTLP collector over HTTP."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert self.path == "/v1/traces"
                collector.bodies.append(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def spans(self) -> list[Span]:
        return [
            span
            for body in self.bodies
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


async def test_a_trace_has_the_request_and_its_render(tmp_path: Path, collector: Collector) -> None:
    async with house(tmp_path, otel_endpoint=collector.url) as home:
        image = await home.upload(sample_images.jpeg(64, 48))
        await home.client.get(
            f"/img/{image['id']}?w=20&sig=hunter2", headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
        )
    spans = {span.name: span for span in collector.spans}
    assert set(spans) == {"POST /v1/upload", "identify", "GET /img/{path:path}", "render"}
    request, render = spans["GET /img/{path:path}"], spans["render"]
    assert request.trace_id.hex() == render.trace_id.hex() == TRACE
    assert render.parent_span_id == request.span_id
    assert spans["identify"].parent_span_id == spans["POST /v1/upload"].span_id
    facts = {
        attribute.key: attribute.value.string_value or attribute.value.int_value
        for attribute in request.attributes
    }
    assert facts == {
        "http.request.method": "GET",
        "http.route": "/img/{path:path}",
        "http.response.status_code": 200,
    }
    assert all(b"hunter2" not in body and home.token.encode() not in body for body in collector.bodies)


async def test_an_unreachable_endpoint_fails_no_request(tmp_path: Path) -> None:
    async with house(tmp_path, otel_endpoint="http://127.0.0.1:9") as home:
        assert (await home.client.get("/v1/images", headers=home.headers)).status_code == 200


def test_an_endpoint_without_the_extra_is_a_bad_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(tracing, "find_spec", missing)
    with pytest.raises(BadSetting, match=r"install 'pichub\[otel\]'"):
        tracing.require_packages("http://127.0.0.1:4318")
    tracing.require_packages("")


def test_an_invalid_endpoint_is_reported_in_one_line(tmp_path: Path) -> None:
    done = run("serve", PICHUB_OTEL_ENDPOINT="collector:4318", PICHUB_DATA_DIR=str(tmp_path / "data"))
    assert done.returncode == 1
    assert done.stderr.startswith("pichub: PICHUB_OTEL_ENDPOINT must be a URL")
