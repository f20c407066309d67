"""HTTP and WebSocket as raw bytes over sockets, for requests that no client library sends."""

import os
import socket
import struct
import time
from base64 import b64encode
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from scripts.benchmarks.processes import HOST

TIMEOUT_SECONDS = 12.0
"""Time for a response, on a busy machine."""


@dataclass(frozen=True, slots=True)
class RawResponse:
    """Everything received until the connection ended. `status` is 0 without a status line; `hung` if it did not end."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    hung: bool = False


def request(
    target: str | bytes,
    *,
    method: str = "GET",
    headers: Iterable[tuple[str, str | bytes]] = (),
    body: bytes | None = None,
    token: str = "",
) -> bytes:
    """Return the bytes of a request with `Connection: close`. Nothing is checked or escaped."""
    lines = [method.encode() + b" " + _bytes(target) + b" HTTP/1.1", b"Connection: close"]
    given = {name.lower() for name, _ in headers}
    if "host" not in given:
        lines.append(b"Host: pichub.test")
    if token:
        lines.append(f"Authorization: Bearer {token}".encode())
    if body is not None and not given & {"content-length", "transfer-encoding"}:
        lines.append(f"Content-Length: {len(body)}".encode())
    lines += [name.encode() + b": " + _bytes(value) for name, value in headers]
    return b"\r\n".join([*lines, b"", b""]) + (body or b"")


def exchange(
    port: int, sent: bytes, *, timeout: float = TIMEOUT_SECONDS, half_close: bool = False
) -> RawResponse:
    """Send bytes and return the response."""
    with connect(port) as connection:
        with suppress(
            ConnectionError, TimeoutError
        ):  # the server responded and closed before reading everything
            connection.sendall(sent)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
        return receive(connection, timeout)


def connect(port: int, *, buffer: int = 0) -> socket.socket:
    connection = socket.socket()
    if buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    connection.settimeout(TIMEOUT_SECONDS)
    connection.connect((HOST, port))
    return connection


def receive(connection: socket.socket, timeout: float = TIMEOUT_SECONDS) -> RawResponse:
    """Read until the connection ends or the timeout passes."""
    until, data = time.monotonic() + timeout, bytearray()
    try:
        while True:
            connection.settimeout(max(0.01, until - time.monotonic()))
            chunk = connection.recv(65_536)
            if not chunk:
                break
            data += chunk
    except TimeoutError:
        return _parsed(bytes(data), hung=True)
    except ConnectionError:
        pass
    return _parsed(bytes(data), hung=False)


def is_closed_within(connection: socket.socket, seconds: float) -> bool:
    """Return True if the other end closes the connection in time."""
    return not receive(connection, seconds).hung


def reset(connection: socket.socket) -> None:
    """Reset the connection (RST)."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _parsed(data: bytes, *, hung: bool) -> RawResponse:
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    words = first.split(b" ")
    if len(words) < 2 or not words[1].isdigit():
        return RawResponse(hung=hung, body=data)
    headers = {}
    for line in lines:
        name, _, value = line.partition(b":")
        headers[name.decode("latin-1").lower()] = value.strip().decode("latin-1")
    if headers.get("transfer-encoding") == "chunked":
        body = _unchunked(body)
    return RawResponse(int(words[1]), headers, body, hung)


def _unchunked(body: bytes) -> bytes:
    whole = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size or b"0", 16)
        whole, body = whole + body[:length], body[length + 2 :]
    return whole


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


# WebSocket (RFC 6455)

TEXT, BINARY, CLOSE, PING, PONG, MORE = 1, 2, 8, 9, 10, 0


def frame(
    data: bytes, opcode: int = TEXT, *, final: bool = True, masked: bool = True, length: int = -1
) -> bytes:
    """Return a client frame. `length` overrides the declared length."""
    size = len(data) if length < 0 else length
    mask = os.urandom(4) if masked else b""
    head = bytes((opcode | (0x80 if final else 0),))
    bit = 0x80 if masked else 0
    if size < 126:
        head += bytes((bit | size,))
    elif size < 65_536:
        head += struct.pack(">BH", bit | 126, size)
    else:
        head += struct.pack(">BQ", bit | 127, size)
    if masked:
        data = bytes(byte ^ mask[index % 4] for index, byte in enumerate(data))
    return head + mask + data


def websocket(
    port: int, *, protocol: str = "graphql-transport-ws", path: str = "/graphql", **more: str
) -> socket.socket:
    """Open a connection and request the upgrade; the response is left to read."""
    connection = connect(port)
    headers = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": b64encode(os.urandom(16)).decode(),
        **({"Sec-WebSocket-Protocol": protocol} if protocol else {}),
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: pichub.test\r\n{lines}\r\n".encode())
    return connection
