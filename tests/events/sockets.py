"""A client of graphql-transport-ws for tests: frames by wsproto over a plain socket, so that it can misbehave."""

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

EVENTS = "subscription ($types: [EventType!], $albumId: ID, $after: String) { events(types: $types, albumId: $albumId, after: $after) { __typename id cursor type data } }"  # noqa: E501


class Closed(Exception):
    """The server closed the socket, with this code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


class Rejected(Exception):
    """The server did not take the handshake."""

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
        """The next message, parsed. Raises Closed, Rejected, TimeoutError."""
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
                            raise Closed(code, reason or "")
                        case RejectConnection(status_code=status):
                            raise Rejected(status)
                        case AcceptConnection():
                            return event
                data = await self.reader.read(65536)
                if not data:
                    raise Closed(1006, "cut")
                self.connection.receive_data(data)

    async def ready(self, **payload: object) -> None:
        """Signs in. Raises Closed."""
        self.send({"type": "connection_init", "payload": payload})
        assert (await self.receive())["type"] == "connection_ack"

    def subscribe(self, query: str = EVENTS, *, id: str = "1", **variables: object) -> None:
        self.send({"id": id, "type": "subscribe", "payload": {"query": query, "variables": variables}})

    async def event(self, *, within: float = 5.0) -> dict[str, Any]:
        """The next event of the subscription."""
        message = await self.receive(within=within)
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        event: dict[str, Any] = message["payload"]["data"]["events"]
        return event

    def cut(self) -> None:
        """Ends the connection without a word."""
        self.writer.transport.abort()


@asynccontextmanager
async def connected(
    url: str, *, subprotocol: str = "graphql-transport-ws", headers: dict[str, str] | None = None
) -> AsyncIterator[Socket]:
    """An open socket to a server's /graphql. Raises Rejected."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    socket = Socket(reader, writer)
    extra = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    request = Request(host=address.netloc, target="/graphql", subprotocols=[subprotocol], extra_headers=extra)
    writer.write(socket.connection.send(request))
    try:
        await socket.receive()
        yield socket
    finally:
        socket.cut()


@asynccontextmanager
async def following(url: str, token: str, **variables: object) -> AsyncIterator[Socket]:
    """A socket that has subscribed to events, as the bearer of this token."""
    async with connected(url) as socket:
        await socket.ready(Authorization=f"Bearer {token}")
        socket.subscribe(**variables)
        yield socket
