"""Webhook receivers for tests: HTTP servers on free ports of this machine, with responses set by the test."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from app.client_address import parse_networks

LOOPBACK = parse_networks("127.0.0.0/8")
"""Networks to allow, as requests to private addresses are blocked by default."""


@dataclass(frozen=True)
class ReceivedRequest:
    """A request; `at` is its time on the clock of the event loop, in seconds."""

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
    """A server that records requests. It responds with the raw bytes of `response`, or those `responder` returns.

    With `keep_open` it leaves connections open after the response.
    """

    url: str = ""
    response: bytes = b"HTTP/1.1 204 No Content\r\n\r\n"
    responder: Callable[[ReceivedRequest], Awaitable[bytes]] | None = None
    keep_open: bool = False
    requests: list[ReceivedRequest] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def respond_with(self, status: int, body: str = "", **headers: str) -> None:
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body.encode())}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.response = ("\r\n".join(lines) + "\r\n\r\n" + body).encode()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            pairs = (line.split(": ", 1) for line in head[1:] if line)
            headers = {name.lower(): value for name, value in pairs}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            target = head[0].split(" ")[1]
            request = ReceivedRequest(target, headers, body, asyncio.get_running_loop().time())
            self.requests.append(request)
            self.arrived.set()
            writer.write(await self.responder(request) if self.responder else self.response)
            await writer.drain()
            if self.keep_open:
                await asyncio.Event().wait()
        with suppress(ConnectionError):
            writer.close()
            await writer.wait_closed()

    async def wait_for(self, number: int, *, within: float = 10) -> None:
        """Wait until this many requests have arrived. Raises TimeoutError after `within` seconds."""
        async with asyncio.timeout(within):
            while len(self.requests) < number:
                self.arrived.clear()
                await self.arrived.wait()


@asynccontextmanager
async def run_receiver(
    responder: Callable[[ReceivedRequest], Awaitable[bytes]] | None = None,
) -> AsyncIterator[Receiver]:
    """Run a receiver until the block ends, which also cancels requests in progress."""
    receiver = Receiver(responder=responder)
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(receiver.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        task.add_done_callback(lambda _: writer.close())

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    try:
        yield receiver
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def hang(_: ReceivedRequest) -> bytes:
    """Never respond."""
    await asyncio.Event().wait()
    raise AssertionError
