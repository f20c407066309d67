"""Whatever bytes come over a connection, the server answers in a documented form, soon, tells nothing of itself, and
is as it was before when they are gone.

Malformed forms, documents, paths, heads and bodies; WebSockets that do not speak the protocol; connections that stall,
are reset or are never read; headers that pretend; and what Schemathesis makes of both schemas.
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

from scripts.benchmarks.processes import Failed
from scripts.fixtures import sample_images
from scripts.stress_tests import malformed_requests, raw_http, schemathesis
from scripts.stress_tests.malformed_requests import Named
from scripts.stress_tests.options import Asked
from scripts.stress_tests.peak_memory import Peak, watched
from scripts.stress_tests.report import Report
from scripts.stress_tests.response_checks import wrong_with
from scripts.stress_tests.server import Server

STALL = 2.0
"""The server's `stall_timeout`."""
SLACK = 6.0
"""Seconds beyond it for a machine that is busy."""
HANDS = 12
BAD_TOKEN = ("Authorization", "Bearer pchb_pat_bad")
GROWTH = 96.0
"""MB that the first process may be larger by afterwards than when it was warm."""
LEFT_OPEN = 8
"""Descriptors that may be open beyond those of before."""
UNANSWERED = ("HTTP/9", "noise", "a method without end", "nothing of HTTP")
"""Where the connection may be closed without a word."""

LAST_WORD = 10 + 10 + SLACK
"""Seconds for a WebSocket that says nothing: to sign in, and to answer that it is closed."""
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
class Torture:
    asked: Asked
    report: Report
    server: Server
    image: str = ""
    large: str = ""
    sent: int = 0
    slowest: float = 0.0

    @property
    def is_over(self) -> bool:
        """Whether the time that was given is up; looked at between groups."""
        return self.asked.seconds is not None and self.report.seconds > self.asked.seconds

    def prepare(self) -> None:
        """An image to ask for, one that takes long to send, and a server that has done everything once."""
        self.image = self._uploaded(sample_images.jpeg(300, 200))
        self.large = self._uploaded(sample_images.png(1100, 1000))
        for _ in range(3):
            self.is_well()
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
            raise Failed(f"an honest upload was answered with {answer.status_code}: {answer.text}")
        return str(answer.json()["data"]["id"])

    def send(self, named: Iterable[Named]) -> None:
        """Each on a connection of its own, a few at a time; every answer is judged."""
        with ThreadPoolExecutor(HANDS) as hands:
            list(hands.map(lambda each: self.one(*each), named))

    def one(self, name: str, sent: bytes) -> None:
        self.sent += 1
        started = time.monotonic()
        answer = raw_http.asked(self.server.port, sent)
        self.slowest = max(self.slowest, time.monotonic() - started)
        if answer.hung:
            self.report.broke(f"{name}: no end within {raw_http.PATIENCE:g} s after {sent[:200]!r}")
        elif not answer.status:
            self.report.holds(
                name.startswith(UNANSWERED) or b"HTTP/1.1" not in sent[:20_000], f"{name}: no answer"
            )
        elif wrong := wrong_with(answer.status, answer.headers, answer.body):
            self.report.broke(f"{name}: {wrong}")
        if "x-injected" in answer.headers:
            self.report.broke(f"{name}: it puts a header of its own into the answer")
        if "evil.example" in answer.headers.get("location", ""):
            self.report.broke(f"{name}: it is sent on to {answer.headers['location']}")

    def is_well(self) -> None:
        """An honest request over each face is answered as if nothing had been."""
        with httpx2.Client(base_url=self.server.url, headers=self.server.headers, timeout=20) as client:
            answers = [
                client.get("/v1/images"),
                client.get(f"/img/{self.image}?w=50"),
                client.post("/graphql", json={"query": "{ viewer { id } }"}),
                client.post("/v1/upload", files={"image": ("a.png", sample_images.patterned_png())}),
            ]
        statuses = [answer.status_code for answer in answers]
        self.report.holds(statuses == [200] * 4, f"honest requests are answered {statuses}")

    # WebSockets

    def sockets(self) -> None:
        """What is no message of the protocol ends the socket, and nobody's silence keeps one."""
        with ThreadPoolExecutor(16) as hands:
            talked = [hands.submit(self._talked, name, sent) for name, sent in self._frames().items()]
            shaken = [hands.submit(self._shaken, name, given) for name, given in HANDSHAKES.items()]
            for done in (*talked, *shaken):
                done.result()

    def _talked(self, name: str, frames: list[bytes]) -> None:
        self.sent += 1
        with raw_http.websocket(self.server.port) as connection:
            with suppress(ConnectionError):  # closed before all was sent
                for frame in frames:
                    connection.sendall(frame)
            heard = raw_http.heard(connection, LAST_WORD)
        self.report.holds(not heard.hung, f"socket, {name}: it stays open")
        self.report.holds(
            heard.status in {0, 101}, f"socket, {name}: the handshake is answered {heard.status}"
        )
        self._tells_nothing(f"socket, {name}", heard.body)

    def _shaken(self, name: str, given: dict[str, str]) -> None:
        self.sent += 1
        with raw_http.websocket(self.server.port, **given) as connection:
            heard = raw_http.heard(connection, LAST_WORD)
        self.report.holds(not heard.hung, f"handshake, {name}: it stays open")
        self.report.holds(heard.status not in {0, 500}, f"handshake, {name}: {heard.status}")
        self._tells_nothing(f"handshake, {name}", heard.body)

    def _frames(self) -> dict[str, list[bytes]]:
        """What ends a socket, in less time than it may be silent."""
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
        """A thousand on one socket, and a socket that reads nothing of two hundred: the server stays well."""
        count = 100 if self.asked.quick else 1000
        signed = {"type": "connection_init", "payload": {"Authorization": f"Bearer {self.server.token}"}}
        with raw_http.websocket(self.server.port) as connection:
            connection.sendall(raw_http.frame(json.dumps(signed).encode()))
            for index in range(count):
                connection.sendall(raw_http.frame(SUBSCRIBE.replace(b'"1"', b'"%d"' % index)))
                self.sent += 1
            self.is_well()
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
            self.is_well()

    def _tells_nothing(self, name: str, data: bytes) -> None:
        wrong = wrong_with(200, {"content-type": "text/plain"}, data)
        self.report.holds(not wrong, f"{name}: {wrong}")

    # Connections

    def stalls(self) -> None:
        """Who neither sends nor reads is cut off, alone and in crowds."""
        port, token = self.server.port, self.server.token
        many = 20 if self.asked.quick else 200
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
            held = [raw_http.connected(port) for _ in range(many)]
            for connection in held:
                connection.sendall(sent)
            self.sent += many
            until = time.monotonic() + STALL + SLACK
            self.is_well()
            open_still = sum(
                not raw_http.is_closed_within(c, max(0.05, until - time.monotonic())) for c in held
            )
            self.report.holds(
                not open_still, f"{open_still} of {many} connections stay open that send {name}"
            )
            for connection in held:
                connection.close()
        self.drips()
        self.never_read(many)
        self.leave_early(many)

    def drips(self) -> None:
        """A head that comes byte by byte has no more time than one that stops."""
        with raw_http.connected(self.server.port) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nX: ")
            started = time.monotonic()
            with suppress(ConnectionError):
                while time.monotonic() - started < STALL + SLACK:
                    connection.sendall(b"x")
                    time.sleep(0.2)
                self.report.broke("a head may drip for ever")

    def never_read(self, many: int) -> None:
        """Answers that nobody takes are given up, and what they held with them."""
        before = self.server.tree
        sent = raw_http.request(f"/img/{self.large}", token=self.server.token)
        held = []
        for _ in range(many):
            connection = raw_http.connected(self.server.port, buffer=2048)
            connection.sendall(sent)
            held.append(connection)
        self.sent += many
        self.is_well()
        started, watch = time.monotonic(), Peak(before)
        while watch.connections(self.server.port) > LEFT_OPEN:
            if time.monotonic() - started > 3 * STALL + 2 * SLACK:
                self.report.broke(
                    f"{watch.connections(self.server.port)} answers wait for clients that read nothing"
                )
                break
            time.sleep(0.2)
        for connection in held:
            connection.close()

    def leave_early(self, many: int) -> None:
        """Half-closed connections are answered or closed; those reset in the middle of an answer harm nobody else."""
        for target in ("/v1/images", f"/img/{self.image}?w=44"):
            sent = raw_http.request(target, token=self.server.token)
            answer = raw_http.asked(self.server.port, sent, half_close=True)
            self.report.holds(
                not answer.hung and answer.status in {0, 200},
                f"{target}, half closed, is answered {answer.status}",
            )
        for index in range(many):
            for target in (
                f"/img/{self.large}",
                f"/img/{self.image}?w={100 + index}&fm=avif",
                "/v1/openapi.json",
            ):
                connection = raw_http.connected(self.server.port)
                connection.sendall(raw_http.request(target, token=self.server.token))
                if index % 2:
                    connection.recv(10)
                raw_http.reset(connection)
                self.sent += 1
            form = raw_http.request(
                "/v1/upload", method="POST", headers=[malformed_requests.FORM, ("Content-Length", "5000")],
                body=malformed_requests.part("image", b"\x89PNG", filename="a.png"), token=self.server.token,
            )  # fmt: skip
            connection = raw_http.connected(self.server.port)
            connection.sendall(form)
            raw_http.reset(connection)
        self.is_well()

    def grew(self, watch: Peak, memory: float, descriptors: int) -> None:
        """Looks whether the server is again as it was; what is being tidied up may take a while."""
        for _ in range(100):
            if watch.descriptors() <= descriptors + LEFT_OPEN:
                break
            time.sleep(0.2)
        more, open_now = watch.main_memory() - memory, watch.descriptors() - descriptors
        self.report.figure("MB more", round(more, 1))
        self.report.figure("descriptors more", open_now)
        self.report.holds(more <= GROWTH, f"the server grew by {more:.0f} MB")
        self.report.holds(open_now <= LEFT_OPEN, f"{open_now} descriptors more are open than before")


def proxies(asked: Asked, report: Report) -> None:
    """Who pretends to be another is counted as who they are, with trusted proxies and without."""

    def statuses(server: Server, forwarded: Iterable[str]) -> list[int]:
        return [
            raw_http.asked(
                server.port,
                raw_http.request("/v1/images", headers=[BAD_TOKEN, ("X-Forwarded-For", value)]),
            ).status
            for value in forwarded
        ]

    pretended = [f"10.9.{n}.1" for n in range(12)]
    with Server(asked.folder / "open", limit_failures="5/minute").running() as server:
        found = statuses(server, pretended)
        report.holds(found == [401] * 5 + [429] * 7, f"forged X-Forwarded-For, none trusted: {found}")
    trusting = Server(asked.folder / "trusting", limit_failures="5/minute", trusted_proxies="127.0.0.1")
    with trusting.running() as server:
        found = statuses(server, [f"{each}, 203.0.113.7" for each in pretended])
        report.holds(found == [401] * 5 + [429] * 7, f"forged before a trusted proxy's word: {found}")
        found = statuses(server, [f"203.0.113.{n}" for n in range(20, 32)])
        report.holds(found == [401] * 12, f"different clients behind a trusted proxy: {found}")


def run(asked: Asked, report: Report) -> None:
    server = Server(
        asked.folder,
        max_upload_size="4MB",
        min_free_disk="1MB",
        stall_timeout=str(STALL),
        transform_workers="2",
        transform_deadline="4",
        hits_size="8MB",
        worker="apart",
    )
    with server.running(), watched(server.tree) as watch:
        torture = Torture(asked, report, server)
        torture.prepare()
        time.sleep(1)
        memory, descriptors = watch.main_memory(), watch.descriptors()
        _all_groups(torture)
        if not server.is_alive:
            raise Failed("the server is gone")
        torture.is_well()
        torture.grew(watch, memory, descriptors)
        examples = 5 if asked.quick else 30
        made = sum(
            way(server, report, examples=examples, seed=asked.seed, folder=asked.folder / "schemathesis")
            for way in (schemathesis.over_rest, schemathesis.over_graphql)
            if not torture.is_over
        )
        torture.is_well()
        report.holds(server.is_alive, "the server is gone")
        report.holds(not server.tracebacks(), f"{server.tracebacks()} tracebacks in the log")
    proxies(asked, report)
    report.figure("requests of ours", torture.sent)
    report.figure("requests of Schemathesis", made)
    report.figure("slowest", round(torture.slowest, 2))
    report.figure("peak MB", round(watch.memory))
    report.summary = (
        f"{torture.sent:,} requests of ours, {made:,} of Schemathesis, slowest {torture.slowest:.1f} s"
    )


def _all_groups(torture: Torture) -> None:
    server, image = torture.server, torture.image
    token, picture = server.token, sample_images.patterned_png()
    amount = 200 if torture.asked.quick else 3000
    for name, named in {
        "forms": chain(
            malformed_requests.forms(token, picture), malformed_requests.form_maps(token, picture)
        ),
        "documents": malformed_requests.documents(token),
        "paths": malformed_requests.paths(image, token),
        "heads": malformed_requests.heads(image, token),
        "bodies": malformed_requests.bodies(image, token),
        "noise": malformed_requests.noise(torture.asked.seed, amount, image, token),
    }.items():
        if torture.is_over:
            return
        torture.send(named)
        torture.is_well()
        torture.report.say(f"{name}: {torture.sent:,} requests, slowest {torture.slowest:.1f} s")
    for way in (torture.sockets, torture.subscriptions, torture.stalls):
        if torture.is_over:
            return
        way()
        torture.is_well()
        torture.report.say(f"{way.__name__}: {torture.sent:,} requests")
