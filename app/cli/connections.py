"""Timeouts of connections: before a request is complete, and after its response.

Bodies and streams have timeouts where they are read and written.
"""

import asyncio
import socket

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 64 * 1024
"""Maximum size of request line and headers, checked as data arrives: the parser itself has no limit."""

HEAD_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
)

KEEPALIVE_OPTIONS = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}
"""TCP keepalive: seconds of silence before the first probe, interval, and number of probes."""


def set_tcp_timeouts(listening: socket.socket, seconds: float) -> None:
    """Make the system close connections whose peer accepts no data for this time, or has vanished."""
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in {"TCP_USER_TIMEOUT": int(seconds * 1000), **KEEPALIVE_OPTIONS}.items():
        if option := getattr(socket, name, None):
            listening.setsockopt(socket.IPPROTO_TCP, option, value)


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's protocol, closing connections without a complete request head within `stall_timeout`."""

    _waiting: asyncio.TimerHandle | None = None
    _is_in_head = False
    _head = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.transport.is_closing() or self.transport.get_protocol() is not self:  # switched to WebSocket
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
        """Start the timeout with the first byte, and with the connection: slow senders get no more time."""
        if self._waiting is None:
            seconds = self.app_state["services"].settings.stall_timeout
            self._waiting = self.loop.call_later(seconds, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
