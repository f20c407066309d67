"""Client of graphql-transport-ws for tests: wsproto over a plain socket, so that tests can break the protocol."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import wsproto
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Message,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)

EVENTS_SUBSCRIPTION = "subscription ($types: [EventType!], $albumId: ID, $after: String) { events(types: $types, albumId: $albumId, after: $after) { __typename id cursor type data } }"  # noqa: E501


class SocketClosed(Exception):
    """The server closed the socket, with this code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


class HandshakeRejected(Exception):
    """The server rejected the handshake with this status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass
class Socket:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    connection: wsproto.WSConnection = field(
        default_factory=lambda: wsproto.WSConnection(wsproto.ConnectionType.CLIENT)
    )
    text: str = ""

    def send(self, message: object) -> None:
        self.send_text(json.dumps(message))

    def send_text(self, text: str) -> None:
        self.writer.write(self.connection.send(Message(data=text)))

    def send_bytes(self, data: bytes) -> None:
        self.writer.write(self.connection.send(BytesMessage(data=data)))

    async def receive(self, *, within: float = 5.0) -> Any:
        """Return the next message, parsed. Raises SocketClosed, HandshakeRejected, TimeoutError."""
        async with asyncio.timeout(within):
            while True:
                for event in self.connection.events():
                    match event:
                        case TextMessage(data=data, message_finished=finished):
                            self.text += data
                            if finished:
                                message, self.text = json.loads(self.text), ""
                                return message
                        case Ping():
                            self.writer.write(self.connection.send(event.response()))
                        case CloseConnection(code=code, reason=reason):
                            raise SocketClosed(code, reason or "")
                        case RejectConnection(status_code=status):
                            raise HandshakeRejected(status)
                        case AcceptConnection():
                            return event
                data = await self.reader.read(65536)
                if not data:
                    raise SocketClosed(1006, "connection lost")
                self.connection.receive_data(data)

    async def initialize(self, **payload: object) -> None:
        """Initialize the connection with this payload. Raises SocketClosed."""
        self.send({"type": "connection_init", "payload": payload})
        assert (await self.receive())["type"] == "connection_ack"

    def subscribe(self, query: str = EVENTS_SUBSCRIPTION, *, id: str = "1", **variables: object) -> None:
        self.send({"id": id, "type": "subscribe", "payload": {"query": query, "variables": variables}})

    async def next_event(self, *, within: float = 5.0) -> dict[str, Any]:
        """Return the next event of the subscription."""
        message = await self.receive(within=within)
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        event: dict[str, Any] = message["payload"]["data"]["events"]
        return event

    def abort(self) -> None:
        """Close the connection without a close frame."""
        self.writer.transport.abort()


@asynccontextmanager
async def connect(
    url: str, *, subprotocol: str = "graphql-transport-ws", headers: dict[str, str] | None = None
) -> AsyncIterator[Socket]:
    """Open a socket to /graphql of a server. Raises HandshakeRejected."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    socket = Socket(reader, writer)
    extra_headers = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    request = Request(
        host=parts.netloc, target="/graphql", subprotocols=[subprotocol], extra_headers=extra_headers
    )
    writer.write(socket.connection.send(request))
    try:
        await socket.receive()
        yield socket
    finally:
        socket.abort()


@asynccontextmanager
async def subscribe_to_events(url: str, token: str, **variables: object) -> AsyncIterator[Socket]:
    """Open a socket and subscribe to events with this token."""
    async with connect(url) as socket:
        await socket.initialize(Authorization=f"Bearer {token}")
        socket.subscribe(**variables)
        yield socket
