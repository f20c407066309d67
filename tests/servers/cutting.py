"""A way to a server on which a connection can be lost at the worst moment, and all of them held up."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Way:
    """Passes bytes on both ways. With `cut_at` set, the next message to the server that has these words in it is passed
    on, and its answer is not: both sides are cut off. While it is `held` connections are taken, and nothing passes.
    """

    port: int
    cut_at: bytes = b""
    here: int = 0
    _answers_end: "set[asyncio.StreamWriter]" = field(default_factory=set)
    _open: asyncio.Event = field(default_factory=asyncio.Event)
    _serving: "set[asyncio.Task[None]]" = field(default_factory=set)

    def __post_init__(self) -> None:
        self._open.set()

    @contextmanager
    def held(self) -> Iterator[None]:
        self._open.clear()
        try:
            yield
        finally:
            self._open.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving = asyncio.create_task(self._serve(reader, writer))
        self._serving.add(serving)
        serving.add_done_callback(self._serving.discard)

    async def close(self) -> None:
        """Cuts all connections off."""
        for serving in self._serving:
            serving.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        await asyncio.sleep(0)  # in which their sockets are closed

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = [writer]
        try:
            await self._open.wait()
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.port)
            ends.append(far_writer)
            async with asyncio.TaskGroup() as group:
                asking = group.create_task(self._ask(reader, far_writer, writer))
                await self._answer(far_reader, writer)
                asking.cancel()
        finally:
            for each in ends:
                each.transport.abort()

    async def _answer(self, far: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await far.read(65536):
                await self._open.wait()
                if writer in self._answers_end:
                    return
                writer.write(data)

    async def _ask(
        self, reader: asyncio.StreamReader, far: asyncio.StreamWriter, back: asyncio.StreamWriter
    ) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                await self._open.wait()
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
        await way.close()
