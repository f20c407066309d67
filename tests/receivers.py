"""Those who receive webhooks: real servers on free ports of this machine, that do as a test tells them."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from app.client_address import networks

HERE = networks("127.0.0.0/8")
"""What the guard must allow, so that it reaches these."""


@dataclass(frozen=True)
class Received:
    target: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """Keeps what it gets, and answers with `answer`, raw bytes; or with what `answers` says of each request."""

    url: str = ""
    answer: bytes = b"HTTP/1.1 204 No Content\r\n\r\n"
    answers: Callable[[Received], Awaitable[bytes]] | None = None
    lingers: bool = False
    received: list[Received] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def says(self, status: int, body: str = "", **headers: str) -> None:
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body.encode())}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.answer = ("\r\n".join(lines) + "\r\n\r\n" + body).encode()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            pairs = (line.split(": ", 1) for line in head[1:] if line)
            headers = {name.lower(): value for name, value in pairs}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            target = head[0].split(" ")[1]
            request = Received(target, headers, body, asyncio.get_running_loop().time())
            self.received.append(request)
            self.arrived.set()
            writer.write(await self.answers(request) if self.answers else self.answer)
            await writer.drain()
            if self.lingers:  # keeps the connection open, and says no more
                await asyncio.Event().wait()
        with suppress(ConnectionError):
            writer.close()
            await writer.wait_closed()

    async def count(self, number: int, *, within: float = 10) -> None:
        """Waits until so many requests have come."""
        async with asyncio.timeout(within):
            while len(self.received) < number:
                self.arrived.clear()
                await self.arrived.wait()


@asynccontextmanager
async def receiving(answers: Callable[[Received], Awaitable[bytes]] | None = None) -> AsyncIterator[Receiver]:
    """A receiver that listens until the block ends; requests that hang in it are cut off then."""
    receiver = Receiver(answers=answers)
    running: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(receiver.serve(reader, writer))
        running.add(task)
        task.add_done_callback(running.discard)
        task.add_done_callback(lambda _: writer.close())

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    try:
        yield receiver
    finally:
        server.close()
        for task in list(running):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def hang(_: Received) -> bytes:
    """An answer that never comes."""
    await asyncio.Event().wait()
    raise AssertionError
