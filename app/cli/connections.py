"""How long a connection is waited for where nobody above can know: before a request is there, and when it is answered.

Bodies and streams are watched by those who read and write them.
"""

import asyncio
import socket
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 64 * 1024
"""Bytes of a request's line and headers, to the next piece that arrives: the parser itself keeps whatever comes."""

HEAD_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
)

KEEPALIVE_OPTIONS = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}
"""After how many seconds of silence the other end is asked whether it is there, how often, and how many times."""


def set_tcp_timeouts(listening: socket.socket, seconds: float) -> None:
    """Has the system cut connections whose other end takes nothing for so long, or has vanished, where it can."""
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in {"TCP_USER_TIMEOUT": int(seconds * 1000), **KEEPALIVE_OPTIONS}.items():
        if option := getattr(socket, name, None):
            listening.setsockopt(socket.IPPROTO_TCP, option, value)


HEAD = b"HTTP/1."
"""What uvicorn's head of an answer begins with."""


class CoalescingTransport:
    """A transport that sends the head of an answer together with what follows at once, mostly the whole body.

    uvicorn writes both by themselves: a system call, a packet and a wake of the other end more, which is a tenth of a
    picture from memory. What else a transport does is done by the one that was given, with no head left behind.
    """

    __slots__ = ("_given", "_head", "_soon")

    def __init__(self, given: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._given = given
        self._soon = loop.call_soon
        self._head = b""

    def __getattr__(self, name: str) -> Any:
        self.flush()
        return getattr(self._given, name)

    def write(self, data: bytes) -> None:
        """The head waits for no longer than the event loop's round."""
        if self._head:
            self._given.writelines((self._head, data))
            self._head = b""
        elif data.startswith(HEAD):
            self._head = data
            self._soon(self.flush)
        else:
            self._given.write(data)

    def flush(self) -> None:
        """Sends a head that still waits."""
        if self._head:
            self._given.write(self._head)
            self._head = b""


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's own, that closes where no whole head of a request comes within the setting `stall_timeout`."""

    _waiting: asyncio.TimerHandle | None = None
    _is_in_head = False
    _head = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(CoalescingTransport(transport, self.loop))  # type: ignore[arg-type]
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if (
            self.transport.is_closing() or self.transport.get_protocol() is not self
        ):  # it speaks WebSocket now
            return
        if self._is_in_head:
            self._head += len(data)
            if self._head > MAX_HEAD_BYTES:
                self.transport.write(HEAD_TOO_LARGE)
                self.transport.close()
                return
        if self.cycle is None or self.cycle.response_complete:
            self._wait_for_head()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_in_head, self._head = True, 0

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._is_in_head = False
        self._stop_waiting()

    def _wait_for_head(self) -> None:
        """From the first byte of it, and from the first of all: whoever drips has no more time."""
        if self._waiting is None:
            seconds = self.app_state["services"].settings.stall_timeout
            self._waiting = self.loop.call_later(seconds, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
