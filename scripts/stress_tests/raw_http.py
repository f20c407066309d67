"""Bytes as they are, over sockets: what no client library would send."""

import os
import socket
import struct
import time
from base64 import b64encode
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from scripts.benchmarks.processes import HOST

PATIENCE = 12.0
"""Seconds for an answer, on a machine that is busy."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came until the connection ended; `status` 0 where nothing did. `hung` where it did not end."""

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
    """One request, after which the connection ends. Nothing of it is checked or escaped."""
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


def asked(port: int, sent: bytes, *, patience: float = PATIENCE, half_close: bool = False) -> Answer:
    """What is answered to bytes that are sent at once."""
    with connected(port) as connection:
        with suppress(ConnectionError, TimeoutError):  # answered and closed before all was read
            connection.sendall(sent)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
        return heard(connection, patience)


def connected(port: int, *, buffer: int = 0) -> socket.socket:
    connection = socket.socket()
    if buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    connection.settimeout(PATIENCE)
    connection.connect((HOST, port))
    return connection


def heard(connection: socket.socket, patience: float = PATIENCE) -> Answer:
    """Reads to the end of the connection, or of the patience."""
    until, data = time.monotonic() + patience, bytearray()
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
    """Whether the other end ends the connection, whatever it says before."""
    return not heard(connection, seconds).hung


def reset(connection: socket.socket) -> None:
    """Ends it so that the other end's next word fails."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _parsed(data: bytes, *, hung: bool) -> Answer:
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    words = first.split(b" ")
    if len(words) < 2 or not words[1].isdigit():
        return Answer(hung=hung, body=data)
    headers = {}
    for line in lines:
        name, _, value = line.partition(b":")
        headers[name.decode("latin-1").lower()] = value.strip().decode("latin-1")
    if headers.get("transfer-encoding") == "chunked":
        body = _unchunked(body)
    return Answer(int(words[1]), headers, body, hung)


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
    """One frame of a client. `length` may lie."""
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
    """A connection that has asked to speak WebSocket; what was answered is still to be read."""
    connection = connected(port)
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
