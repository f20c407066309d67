"""The stress tests detect planted violations."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from threading import Thread

import httpx2
import pytest

from scripts.fixtures import sample_images
from scripts.stress_tests import fuzzed_images, malformed_requests, raw_http, schemathesis
from scripts.stress_tests.options import StressOptions
from scripts.stress_tests.report import StressReport
from scripts.stress_tests.response_checks import violation
from scripts.stress_tests.server import StressServer
from scripts.stress_tests.suites import images, requests

JSON = {"content-type": "application/json"}
REFUSED = {
    "success": False,
    "message": "No",
    "error": {"code": "NOT_FOUND", "message": "No", "details": "None."},
}


def body(said: object) -> bytes:
    return json.dumps(said).encode()


def test_documented_responses_pass() -> None:
    assert violation(200, JSON, b'{"success":true}') is None
    assert violation(404, JSON, body(REFUSED)) is None
    assert violation(416, {"content-type": "text/plain"}, b"") is None
    assert violation(400, JSON, b'{"errors":[{"extensions":{"code":"BAD_REQUEST"}}]}') is None


@pytest.mark.parametrize(
    ("status", "said", "why"),
    [
        (500, b"{}", "the status 500"),
        (418, b"{}", "the status 418"),
        (404, b'{"detail":"Not Found"}', "another form"),
        (400, body(REFUSED), "another form"),
        (404, body(REFUSED | {"message": "pchb_pat_x"}), "a token"),
        (422, b"Traceback (most recent call last)", "it tells"),
        (200, b'{"a":"/srv/app/asgi.py"}', "it tells"),
        (400, b'{"errors":[{"extensions":{"code":"INTERNAL_ERROR"}}]}', "nobody foresaw"),
        (200, b'{"data":null,"errors":[{"extensions":{"code":"INTERNAL_ERROR"}}]}', "nobody foresaw"),
    ],
)
def test_undocumented_responses_are_found(status: int, said: bytes, why: str) -> None:
    assert why in str(violation(status, JSON, said))


def test_fuzzed_images_are_reproducible() -> None:
    def some(seed: int) -> list[tuple[str, bytes]]:
        rng = Random(seed)
        return [fuzzed_images.mutated(rng) for _ in range(20)]

    assert some(5) == some(5) != some(6)


@pytest.fixture
def test(tmp_path: Path) -> images.ImagesTest:
    options = StressOptions(folder=tmp_path, seed=1, quick=True)
    return images.ImagesTest(options, StressReport("images", 1), StressServer(tmp_path))


CASE = fuzzed_images.FuzzedImage("00001 planted", b"bytes", "a.png", "image/png")


def answer(content: bytes, kind: str, status: int = 200) -> httpx2.Response:
    return httpx2.Response(
        status, content=content, headers={"content-type": kind, "x-content-type-options": "nosniff"}
    )


def test_result_of_another_format_is_found(test: images.ImagesTest) -> None:
    test.check_result(CASE, "fm=png", answer(sample_images.patterned_png(), "image/png"))
    assert not test.report.failures
    test.check_result(CASE, "", answer(sample_images.patterned_png(), "image/jpeg"))
    test.check_result(CASE, "fm=webp", answer(sample_images.patterned_png(), "image/png"))
    test.check_result(CASE, "", answer(b"<script>", "image/png"))
    test.check_result(
        CASE,
        "",
        httpx2.Response(200, content=sample_images.patterned_png(), headers={"content-type": "image/png"}),
    )
    assert len(test.report.failures) == 4
    assert (test.options.folder / "failing" / "00001-planted").read_bytes() == b"bytes"


def test_late_and_missing_responses_are_found(
    test: images.ImagesTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost() -> httpx2.Response:
        raise httpx2.ReadError("gone")

    assert test.timed_request(CASE, "", lost) is None
    monkeypatch.setattr(images, "MAX_RESPONSE_SECONDS", -1.0)
    test.timed_request(CASE, "", lambda: answer(b"", "image/png"))
    assert [text.rpartition(": ")[2].split()[0] for text in test.report.failures] == [
        "ReadError('gone')",
        "it",
    ]


def test_leftover_upload_files_are_found(tmp_path: Path) -> None:
    (tmp_path / "storage" / ".own").mkdir(parents=True)
    assert images.leftover_files(tmp_path) == []
    (tmp_path / "storage" / ".own" / "upload-0123").touch()
    assert images.leftover_files(tmp_path) == ["storage/.own/upload-0123"]


@contextmanager
def answering(said: bytes, *, close: bool = True) -> Iterator[int]:
    """Listen on a port that responds to one request with these bytes."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with listening.accept()[0] as connection:
                connection.recv(65_536)
                connection.sendall(said)
                if not close:
                    connection.recv(1)

        serving = Thread(target=serve, daemon=True)
        serving.start()
        yield listening.getsockname()[1]
        serving.join(5)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"HTTP/1.1 500 Oh\r\n\r\n", "the status 500"),
        (b"HTTP/1.1 200 OK\r\nX-Injected: yes\r\n\r\n", "a header of its own"),
        (b"HTTP/1.1 307 Go\r\nLocation: http://evil.example/\r\n\r\n", "sent on"),
        (b"", "no answer"),
    ],
)
def test_bad_responses_are_found(tmp_path: Path, said: bytes, why: str) -> None:
    server = StressServer(tmp_path)
    test = requests.RequestsTest(StressOptions(folder=tmp_path, seed=1), StressReport("requests", 1), server)
    with answering(said) as server.port:
        test.one("planted", raw_http.request("/"))
    assert [why in text for text in test.report.failures] == [True]


def test_hanging_response_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raw_http, "TIMEOUT_SECONDS", 0.2)
    server = StressServer(tmp_path)
    with answering(b"HTTP/1.1 200 OK\r\n\r\n", close=False) as server.port:
        assert raw_http.exchange(server.port, raw_http.request("/"), timeout=0.2).hung


def test_responses_to_schemathesis_are_checked(tmp_path: Path) -> None:
    def interaction(status: int, said: bytes) -> dict[str, object]:
        return {
            "response": {
                "status_code": status,
                "headers": {"content-type": ["application/json"]},
                "content": said.decode(),
            }
        }

    recorder = {
        "label": "GET /x",
        "interactions": {"a": interaction(200, b"{}"), "b": interaction(500, b"{}"), "c": {"response": None}},
        "checks": {"a": [{"status": "failure", "name": "planted"}, {"status": "success", "name": "fine"}]},
    }
    file, report = tmp_path / "report.ndjson", StressReport("requests", 1)
    file.write_text(json.dumps({"ScenarioFinished": {"recorder": recorder}}) + "\n")
    assert schemathesis.check_interactions(file, report, with_checks=True) == 3
    assert [word in " ".join(report.failures) for word in ("planted", "status 500", "no answer")] == [
        True
    ] * 3
    assert len(report.failures) == 3


def test_malformed_requests_match_their_names() -> None:
    named = dict(malformed_requests.heads("img_1", "token"))
    assert b"Host" not in named["no host"]
    assert len(named["ten megabytes of header"]) > 10_000_000
    assert raw_http.frame(b"a" * 200, masked=False)[:4] == b"\x81\x7e\0\xc8"
