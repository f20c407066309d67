"""A way to a server on which a connection can be lost at the worst moment."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Way:
    """Passes bytes on both ways. With `cut_at` set, the next message to the server that has these words in it is passed
    on, and its answer is not: both sides are cut off.
    """

    port: int
    cut_at: bytes = b""
    here: int = 0
    _answers_end: "set[asyncio.StreamWriter]" = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.port)
        there = asyncio.create_task(self._ask(reader, far_writer, writer))
        with suppress(ConnectionError):
            while data := await far_reader.read(65536):
                if writer in self._answers_end:
                    break
                writer.write(data)
        for each in (writer, far_writer):
            each.transport.abort()
        await there

    async def _ask(
        self, reader: asyncio.StreamReader, far: asyncio.StreamWriter, back: asyncio.StreamWriter
    ) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                if self.cut_at and self.cut_at in data:
                    self.cut_at = b""
                    self._answers_end.add(back)
                far.write(data)
        far.close()


@asynccontextmanager
async def way_to(port: int) -> AsyncIterator[Way]:
    way = Way(port)
    server = await asyncio.start_server(way.serve, "127.0.0.1", 0)
    way.here = server.sockets[0].getsockname()[1]
    try:
        yield way
    finally:
        server.close()
