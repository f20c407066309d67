"""Any bytes over a connection get a documented response, soon and without internal details, and do no harm.

Malformed forms, documents, paths, headers and bodies; WebSockets that break the protocol; connections that stall, are
reset or are never read; forged headers; and the requests that Schemathesis generates from both schemas.
"""

import json
import socket
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain

import httpx2

from scripts.benchmarks.processes import ProcessFailed
from scripts.fixtures import sample_images
from scripts.stress_tests import malformed_requests, raw_http, schemathesis
from scripts.stress_tests.malformed_requests import Named
from scripts.stress_tests.options import StressOptions
from scripts.stress_tests.peak_memory import PeakMemory, watching_peak
from scripts.stress_tests.report import StressReport
from scripts.stress_tests.response_checks import violation
from scripts.stress_tests.server import StressServer

STALL_SECONDS = 2.0
"""The server's `stall_timeout`."""
SLACK_SECONDS = 6.0
"""Allowance for a busy machine."""
CONCURRENT_REQUESTS = 12
BAD_TOKEN = ("Authorization", "Bearer pchb_pat_bad")
MAX_GROWTH_MB = 96.0
"""Allowed growth of the first process over its size after warm-up."""
MAX_OPEN_CONNECTIONS = 8
"""Allowed number of additional open descriptors."""
MAY_BE_UNANSWERED = ("HTTP/9", "noise", "a method without end", "nothing of HTTP")
"""Requests after which the connection may close without a response."""

MAX_CLOSE_SECONDS = 10 + 10 + SLACK_SECONDS
"""For a silent WebSocket: the time to sign in, and to complete the closing handshake."""
HANDSHAKES: dict[str, dict[str, str]] = {
    "no protocol": {"protocol": ""},
    "another protocol": {"protocol": "graphql-ws"},
    "a protocol without end": {"protocol": "x" * 60_000},
    "another address": {"path": "/nothing"},
    "an address under /v1": {"path": "/v1/images"},
    "version 0": {"Sec_WebSocket_Version": "0"},
    "a key that is none": {"Sec_WebSocket_Key": "x"},
    "a foreign origin": {"Origin": "http://evil.example"},
}

SUBSCRIBE = json.dumps(
    {"id": "1", "type": "subscribe", "payload": {"query": "subscription { events { __typename } }"}}
).encode()
INIT = b'{"type":"connection_init"}'


@dataclass
class RequestsTest:
    options: StressOptions
    report: StressReport
    server: StressServer
    image: str = ""
    large: str = ""
    sent: int = 0
    slowest: float = 0.0

    @property
    def is_over(self) -> bool:
        """Return True when the time limit has passed; checked between groups."""
        return self.options.seconds is not None and self.report.seconds > self.options.seconds

    def prepare(self) -> None:
        """Upload a small and a large image, and warm up every code path."""
        self.image = self._uploaded(sample_images.jpeg(300, 200))
        self.large = self._uploaded(sample_images.png(1100, 1000))
        for _ in range(3):
            self.check_health()
        self.send(malformed_requests.documents(self.server.token))
        self.report.figure("to warm up", self.sent)

    def _uploaded(self, picture: bytes) -> str:
        answer = httpx2.post(
            f"{self.server.url}/v1/upload",
            headers=self.server.headers,
            files={"image": ("a.png", picture)},
            timeout=30,
        )
        if answer.status_code != 200:
            raise ProcessFailed(f"an honest upload was answered with {answer.status_code}: {answer.text}")
        return str(answer.json()["data"]["id"])

    def send(self, named: Iterable[Named]) -> None:
        """Send each request on its own connection, a few at a time, and check every response."""
        with ThreadPoolExecutor(CONCURRENT_REQUESTS) as hands:
            list(hands.map(lambda each: self.one(*each), named))

    def one(self, name: str, sent: bytes) -> None:
        self.sent += 1
        started = time.monotonic()
        answer = raw_http.exchange(self.server.port, sent)
        self.slowest = max(self.slowest, time.monotonic() - started)
        if answer.hung:
            self.report.failure(f"{name}: no end within {raw_http.TIMEOUT_SECONDS:g} s after {sent[:200]!r}")
        elif not answer.status:
            self.report.check(
                name.startswith(MAY_BE_UNANSWERED) or b"HTTP/1.1" not in sent[:20_000], f"{name}: no answer"
            )
        elif wrong := violation(answer.status, answer.headers, answer.body):
            self.report.failure(f"{name}: {wrong}")
        if "x-injected" in answer.headers:
            self.report.failure(f"{name}: it puts a header of its own into the answer")
        if "evil.example" in answer.headers.get("location", ""):
            self.report.failure(f"{name}: it is sent on to {answer.headers['location']}")

    def check_health(self) -> None:
        """Check that valid requests work through each interface."""
        with httpx2.Client(base_url=self.server.url, headers=self.server.headers, timeout=20) as client:
            answers = [
                client.get("/v1/images"),
                client.get(f"/img/{self.image}?w=50"),
                client.post("/graphql", json={"query": "{ viewer { id } }"}),
                client.post("/v1/upload", files={"image": ("a.png", sample_images.patterned_png())}),
            ]
        statuses = [answer.status_code for answer in answers]
        self.report.check(statuses == [200] * 4, f"honest requests are answered {statuses}")

    # WebSockets

    def sockets(self) -> None:
        """Check that invalid messages close the socket and that silent clients do not keep it open."""
        with ThreadPoolExecutor(16) as hands:
            talked = [
                hands.submit(self._websocket_exchange, name, sent) for name, sent in self._frames().items()
            ]
            shaken = [hands.submit(self._handshake, name, given) for name, given in HANDSHAKES.items()]
            for done in (*talked, *shaken):
                done.result()

    def _websocket_exchange(self, name: str, frames: list[bytes]) -> None:
        self.sent += 1
        with raw_http.websocket(self.server.port) as connection:
            with suppress(ConnectionError):  # closed before everything was sent
                for frame in frames:
                    connection.sendall(frame)
            heard = raw_http.receive(connection, MAX_CLOSE_SECONDS)
        self.report.check(not heard.hung, f"socket, {name}: it stays open")
        self.report.check(
            heard.status in {0, 101}, f"socket, {name}: the handshake is answered {heard.status}"
        )
        self._check_private(f"socket, {name}", heard.body)

    def _handshake(self, name: str, given: dict[str, str]) -> None:
        self.sent += 1
        with raw_http.websocket(self.server.port, **given) as connection:
            heard = raw_http.receive(connection, MAX_CLOSE_SECONDS)
        self.report.check(not heard.hung, f"handshake, {name}: it stays open")
        self.report.check(heard.status not in {0, 500}, f"handshake, {name}: {heard.status}")
        self._check_private(f"handshake, {name}", heard.body)

    def _frames(self) -> dict[str, list[bytes]]:
        """Return frames that must close a socket before the idle timeout."""
        frame, signed = (
            raw_http.frame,
            json.dumps(
                {"type": "connection_init", "payload": {"Authorization": f"Bearer {self.server.token}"}}
            ).encode(),
        )
        closed = frame(b"\x03\xe8", raw_http.CLOSE)
        return {
            "silence": [],
            "half a frame": [frame(INIT)[:5]],
            "a strange opcode": [frame(INIT, 3)],
            "a reserved bit": [bytes((0xC1,)) + frame(INIT)[1:]],
            "no mask": [frame(INIT, masked=False)],
            "a size that lies": [frame(b"x", length=2**62)],
            "oversize": [frame(b"x" * 200_000)],
            "oversize in pieces": [
                frame(b"x" * 1000, final=False),
                *[frame(b"x" * 1000, 0, final=False)] * 200,
            ],
            "a ping that is too long": [frame(b"x" * 200, raw_http.PING)],
            "pings": [frame(b"x", raw_http.PING)] * 2000,
            "a piece of nothing": [frame(b"x", raw_http.MORE)],
            "text that is no UTF-8": [frame(b"\xff\xfe")],
            "bytes": [frame(INIT, raw_http.BINARY)],
            "no JSON": [frame(b"{")],
            "deep JSON": [frame(b"[" * 60_000)],
            "a list": [frame(b"[]")],
            "no type": [frame(b"{}")],
            "a strange type": [frame(b'{"type":"x"}')],
            "init twice": [frame(INIT), frame(INIT)],
            "init of a list": [frame(b'{"type":"connection_init","payload":[]}')],
            "a token that is a number": [frame(b'{"type":"connection_init","payload":{"Authorization":1}}')],
            "a token that does not hold": [frame(INIT[:-1] + b',"payload":{"Authorization":"Bearer x"}}')],
            "subscribe before init": [frame(SUBSCRIBE)],
            "the same id twice": [frame(signed), frame(SUBSCRIBE), frame(SUBSCRIBE)],
            "an id of NUL": [frame(signed), frame(SUBSCRIBE.replace(b'"1"', b'"\\u0000"')), closed],
            "a query that is a number": [
                frame(signed),
                frame(b'{"id":"1","type":"subscribe","payload":{"query":1}}'),
            ],
            "a query of nothing": [
                frame(signed),
                frame(b'{"id":"1","type":"subscribe","payload":{"query":""}}'),
                closed,
            ],
            "complete of nobody's": [frame(signed), *[frame(b'{"id":"x","type":"complete"}')] * 500, closed],
            "a close that is none": [frame(b"\x00", raw_http.CLOSE)],
            "a close of a strange code": [frame(b"\x00\x01x", raw_http.CLOSE)],
            "a close and more": [closed, frame(INIT)],
        }

    def subscriptions(self) -> None:
        """A thousand subscriptions on one socket, and two hundred on a socket that is never read."""
        count = 100 if self.options.quick else 1000
        signed = {"type": "connection_init", "payload": {"Authorization": f"Bearer {self.server.token}"}}
        with raw_http.websocket(self.server.port) as connection:
            connection.sendall(raw_http.frame(json.dumps(signed).encode()))
            for index in range(count):
                connection.sendall(raw_http.frame(SUBSCRIBE.replace(b'"1"', b'"%d"' % index)))
                self.sent += 1
            self.check_health()
        with suppress(ConnectionError), raw_http.websocket(self.server.port) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            connection.sendall(raw_http.frame(json.dumps(signed).encode()))
            for index in range(200):
                query = b"query { __schema { types { name fields { name description } } } }"
                connection.sendall(
                    raw_http.frame(
                        SUBSCRIBE.replace(b'"1"', b'"%d"' % index).replace(
                            b"subscription { events { __typename } }", query
                        )
                    )
                )
            self.check_health()

    def _check_private(self, name: str, data: bytes) -> None:
        wrong = violation(200, {"content-type": "text/plain"}, data)
        self.report.check(not wrong, f"{name}: {wrong}")

    # Connections

    def stalls(self) -> None:
        """Check that clients that neither send nor read are disconnected, alone and in large numbers."""
        port, token = self.server.port, self.server.token
        many = 20 if self.options.quick else 200
        starts: dict[str, bytes] = {
            "nothing": b"",
            "half a line": b"GET /v1",
            "half a head": b"GET / HTTP/1.1\r\nHost: a\r\nX: ",
            "empty lines": b"\r\n\r\n",
            "half a body of JSON": raw_http.request("/v1/albums", method="POST", body=b"{}", token=token)[:-1],
            "half a body of GraphQL": malformed_requests.posted(token, {"query": "{ a }"})[:-5],
            "half a form": raw_http.request(
                "/v1/upload", method="POST", headers=[malformed_requests.FORM, ("Content-Length", "5000")],
                body=malformed_requests.part("image", b"\x89PNG", filename="a.png"), token=token,
            ),
            "half a chunk": raw_http.request(
                "/v1/albums", method="POST", headers=[("Transfer-Encoding", "chunked")], body=b"ff\r\nx", token=token
            ),
            "a body that nobody reads": raw_http.request(
                "/v1/nothing", method="POST", headers=[("Content-Length", "100000")], body=b"x"
            ).replace(b"Connection: close", b"X: y"),
        }  # fmt: skip
        for name, sent in starts.items():
            held = [raw_http.connect(port) for _ in range(many)]
            for connection in held:
                connection.sendall(sent)
            self.sent += many
            until = time.monotonic() + STALL_SECONDS + SLACK_SECONDS
            self.check_health()
            open_still = sum(
                not raw_http.is_closed_within(c, max(0.05, until - time.monotonic())) for c in held
            )
            self.report.check(
                not open_still, f"{open_still} of {many} connections stay open that send {name}"
            )
            for connection in held:
                connection.close()
        self.slow_requests()
        self.unread_responses(many)
        self.early_disconnects(many)

    def slow_requests(self) -> None:
        """Check that a request head sent byte by byte gets no more time than one that stops."""
        with raw_http.connect(self.server.port) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nX: ")
            started = time.monotonic()
            with suppress(ConnectionError):
                while time.monotonic() - started < STALL_SECONDS + SLACK_SECONDS:
                    connection.sendall(b"x")
                    time.sleep(0.2)
                self.report.failure("a head may drip for ever")

    def unread_responses(self, many: int) -> None:
        """Check that unread responses are abandoned and their resources freed."""
        before = self.server.tree
        sent = raw_http.request(f"/img/{self.large}", token=self.server.token)
        held = []
        for _ in range(many):
            connection = raw_http.connect(self.server.port, buffer=2048)
            connection.sendall(sent)
            held.append(connection)
        self.sent += many
        self.check_health()
        started, watch = time.monotonic(), PeakMemory(before)
        while watch.connections(self.server.port) > MAX_OPEN_CONNECTIONS:
            if time.monotonic() - started > 3 * STALL_SECONDS + 2 * SLACK_SECONDS:
                self.report.failure(
                    f"{watch.connections(self.server.port)} answers wait for clients that read nothing"
                )
                break
            time.sleep(0.2)
        for connection in held:
            connection.close()

    def early_disconnects(self, many: int) -> None:
        """Check that half-closed connections are served or closed, and that resets affect no other client."""
        for target in ("/v1/images", f"/img/{self.image}?w=44"):
            sent = raw_http.request(target, token=self.server.token)
            answer = raw_http.exchange(self.server.port, sent, half_close=True)
            self.report.check(
                not answer.hung and answer.status in {0, 200},
                f"{target}, half closed, is answered {answer.status}",
            )
        for index in range(many):
            for target in (
                f"/img/{self.large}",
                f"/img/{self.image}?w={100 + index}&fm=avif",
                "/v1/openapi.json",
            ):
                connection = raw_http.connect(self.server.port)
                connection.sendall(raw_http.request(target, token=self.server.token))
                if index % 2:
                    connection.recv(10)
                raw_http.reset(connection)
                self.sent += 1
            form = raw_http.request(
                "/v1/upload", method="POST", headers=[malformed_requests.FORM, ("Content-Length", "5000")],
                body=malformed_requests.part("image", b"\x89PNG", filename="a.png"), token=self.server.token,
            )  # fmt: skip
            connection = raw_http.connect(self.server.port)
            connection.sendall(form)
            raw_http.reset(connection)
        self.check_health()

    def check_growth(self, watch: PeakMemory, memory: float, descriptors: int) -> None:
        """Check that memory and descriptors return to their level, allowing time for clean-up."""
        for _ in range(100):
            if watch.descriptors() <= descriptors + MAX_OPEN_CONNECTIONS:
                break
            time.sleep(0.2)
        more, open_now = watch.main_memory() - memory, watch.descriptors() - descriptors
        self.report.figure("MB more", round(more, 1))
        self.report.figure("descriptors more", open_now)
        self.report.check(more <= MAX_GROWTH_MB, f"the server grew by {more:.0f} MB")
        self.report.check(
            open_now <= MAX_OPEN_CONNECTIONS, f"{open_now} descriptors more are open than before"
        )


def proxies(options: StressOptions, report: StressReport) -> None:
    """Check that forged client addresses are ignored, with and without trusted proxies."""

    def statuses(server: StressServer, forwarded: Iterable[str]) -> list[int]:
        return [
            raw_http.exchange(
                server.port,
                raw_http.request("/v1/images", headers=[BAD_TOKEN, ("X-Forwarded-For", value)]),
            ).status
            for value in forwarded
        ]

    pretended = [f"10.9.{n}.1" for n in range(12)]
    with StressServer(options.folder / "open", limit_auth_failures="5/minute").running() as server:
        found = statuses(server, pretended)
        report.check(found == [401] * 5 + [429] * 7, f"forged X-Forwarded-For, none trusted: {found}")
    trusting = StressServer(
        options.folder / "trusting", limit_auth_failures="5/minute", trusted_proxies="127.0.0.1"
    )
    with trusting.running() as server:
        found = statuses(server, [f"{each}, 203.0.113.7" for each in pretended])
        report.check(found == [401] * 5 + [429] * 7, f"forged before a trusted proxy's word: {found}")
        found = statuses(server, [f"203.0.113.{n}" for n in range(20, 32)])
        report.check(found == [401] * 12, f"different clients behind a trusted proxy: {found}")


def run(options: StressOptions, report: StressReport) -> None:
    server = StressServer(
        options.folder,
        max_upload_size="4MB",
        min_free_disk="1MB",
        stall_timeout=str(STALL_SECONDS),
        transform_workers="2",
        transform_deadline="4",
        response_cache_size="8MB",
        worker="external",
    )
    with server.running(), watching_peak(server.tree) as watch:
        test = RequestsTest(options, report, server)
        test.prepare()
        time.sleep(1)
        memory, descriptors = watch.main_memory(), watch.descriptors()
        _all_groups(test)
        if not server.is_alive:
            raise ProcessFailed("the server is gone")
        test.check_health()
        test.check_growth(watch, memory, descriptors)
        examples = 5 if options.quick else 30
        made = sum(
            way(server, report, examples=examples, seed=options.seed, folder=options.folder / "schemathesis")
            for way in (schemathesis.check_rest, schemathesis.check_graphql)
            if not test.is_over
        )
        test.check_health()
        report.check(server.is_alive, "the server is gone")
        report.check(not server.tracebacks(), f"{server.tracebacks()} tracebacks in the log")
    proxies(options, report)
    report.figure("requests of ours", test.sent)
    report.figure("requests of Schemathesis", made)
    report.figure("slowest", round(test.slowest, 2))
    report.figure("peak MB", round(watch.memory))
    report.summary = f"{test.sent:,} requests of ours, {made:,} of Schemathesis, slowest {test.slowest:.1f} s"


def _all_groups(test: RequestsTest) -> None:
    server, image = test.server, test.image
    token, picture = server.token, sample_images.patterned_png()
    amount = 200 if test.options.quick else 3000
    for name, named in {
        "forms": chain(
            malformed_requests.forms(token, picture), malformed_requests.form_maps(token, picture)
        ),
        "documents": malformed_requests.documents(token),
        "paths": malformed_requests.paths(image, token),
        "heads": malformed_requests.heads(image, token),
        "bodies": malformed_requests.bodies(image, token),
        "noise": malformed_requests.noise(test.options.seed, amount, image, token),
    }.items():
        if test.is_over:
            return
        test.send(named)
        test.check_health()
        test.report.say(f"{name}: {test.sent:,} requests, slowest {test.slowest:.1f} s")
    for way in (test.sockets, test.subscriptions, test.stalls):
        if test.is_over:
            return
        way()
        test.check_health()
        test.report.say(f"{way.__name__}: {test.sent:,} requests")
