"""Who neither asks nor listens is not waited for: raw connections to a server whose patience is short."""

import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from functools import partial

import httpx2
import pytest

from app.cli.connections import MAX_HEAD_BYTES
from scripts.fixtures import sample_images
from scripts.stress_tests import malformed_requests, raw_http
from scripts.stress_tests.peak_memory import PeakMemory
from scripts.stress_tests.server import StressServer

PATIENCE = 1.0
SOON = 20.0
"""Seconds, on a machine that is busy."""
AT_ONCE = 5.0
"""Seconds, within which a follower hears of nothing else."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StressServer]:
    folder = tmp_path_factory.mktemp("connections")
    with StressServer(
        folder, stall_timeout=str(PATIENCE), min_free_disk="1", worker="external"
    ).running() as server:
        yield server


@pytest.mark.parametrize(
    "start",
    [b"", b"GET /v1", b"GET / HTTP/1.1\r\nHost: a\r\nX: ", b"\r\n\r\n"],
    ids=["nothing", "half a line", "half a head", "empty lines"],
)
def test_a_head_that_does_not_come_is_not_waited_for(server, start):
    with raw_http.connect(server.port) as connection:
        connection.sendall(start)
        assert raw_http.is_closed_within(connection, SOON)


def is_cut_while_it_drips(connection: socket.socket) -> bool:
    until = time.monotonic() + SOON
    with suppress(ConnectionError):
        while time.monotonic() < until:
            connection.sendall(b"x")
            time.sleep(0.1)
        return False
    return True


def test_a_head_that_drips_has_no_more_time(server):
    with raw_http.connect(server.port) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nX: ")
        assert is_cut_while_it_drips(connection)


def test_what_drips_after_an_answer_has_no_more_time_either(server):
    sent = b"POST /v1/nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"
    with raw_http.connect(server.port) as connection:
        connection.sendall(sent)
        assert is_cut_while_it_drips(connection)


def test_a_head_has_a_largest_size(server):
    fits = raw_http.request("/v1/images", headers=[("X", "y" * (MAX_HEAD_BYTES // 2))], token=server.token)
    assert raw_http.exchange(server.port, fits).status == 200
    beyond = raw_http.request("/v1/images", headers=[("X", "y" * 4_000_000)], token=server.token)
    assert raw_http.exchange(server.port, beyond).status in {
        0,
        431,
    }  # 0 where the rest of it was still under way
    with raw_http.connect(server.port) as connection:
        connection.sendall(beyond[: 4 * MAX_HEAD_BYTES])
        assert raw_http.receive(connection, SOON).status == 431


def test_a_body_of_graphql_that_does_not_come_is_not_waited_for(server):
    answer = raw_http.exchange(
        server.port, malformed_requests.posted(server.token, {"query": "{ viewer { id } }"})[:-5]
    )
    assert answer.status == 400
    assert b"The body did not arrive within 1 s" in answer.body


def test_who_is_slow_and_steady_is_served(server):
    body = (
        malformed_requests.part("image", sample_images.patterned_png(), filename="a.png")
        + malformed_requests.END
    )
    whole = raw_http.request(
        "/v1/upload", method="POST", headers=[malformed_requests.FORM], body=body, token=server.token
    )
    with raw_http.connect(server.port) as connection:
        step = len(whole) // 20 + 1
        for start in range(0, len(whole), step):
            connection.sendall(whole[start : start + step])
            time.sleep(0.1)
        assert raw_http.receive(connection, SOON).status == 200


def test_a_connection_that_is_kept_is_answered_again_and_again(server):
    with httpx2.Client(base_url=server.url, headers=server.headers) as client:
        until = time.monotonic() + 2 * PATIENCE
        while time.monotonic() < until:
            assert client.get("/v1/images").status_code == 200
            time.sleep(0.1)


def test_questions_that_come_together_are_answered_one_after_the_other_each_whole(server):
    *first, last = (
        raw_http.request(path, token=server.token) for path in ("/healthz", "/v1/nothing", "/healthz")
    )
    with raw_http.connect(server.port) as connection:
        connection.sendall(b"".join(first).replace(b"Connection: close\r\n", b"") + last)
        said = b"".join(iter(partial(connection.recv, 65_536), b""))
    assert re.findall(rb"HTTP/1.1 (\d+)", said) == [b"200", b"404", b"200"]
    assert said.count(b"\r\n\r\nok\n") == 2


def test_a_head_whose_body_comes_later_is_sent_at_once(server):
    followed = raw_http.request(
        "/graphql",
        method="POST",
        headers=[("Accept", "text/event-stream"), ("Content-Type", "application/json")],
        body=b'{"query": "subscription { events { id } }"}',
        token=server.token,
    )
    with raw_http.connect(server.port) as connection:
        connection.sendall(followed)
        connection.settimeout(AT_ONCE)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200")


def test_an_answer_that_nobody_takes_is_given_up(server):
    files = {"image": ("a.png", sample_images.png(1100, 1000))}
    uploaded = httpx2.post(f"{server.url}/v1/upload", headers=server.headers, files=files, timeout=30)
    sent = raw_http.request(f"/img/{uploaded.json()['data']['id']}", token=server.token)
    with ExitStack() as held:
        for _ in range(5):
            connection = raw_http.connect(server.port, buffer=2048)
            held.callback(connection.close)
            connection.sendall(sent)
        watch, until = PeakMemory(server.tree), time.monotonic() + 3 * SOON
        while watch.connections(server.port) and time.monotonic() < until:
            time.sleep(0.1)
        assert not watch.connections(server.port)
