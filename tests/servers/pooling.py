"""A pool of transactions before PostgreSQL, as PgBouncer is one: after each, its client has another connection."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

SSL_REQUEST = b"\x04\xd2\x16\x2f"
IDLE = b"Z\0\0\0\x05I"
"""PostgreSQL is ready, and no transaction is open."""


@asynccontextmanager
async def pooled(port: int) -> AsyncIterator[int]:
    """The port on which two connections to the server on this port stand behind each that comes."""
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        serving.add(task)
        ends = [writer]
        try:
            await _serve(port, reader, writer, ends)
        except (OSError, EOFError, asyncio.CancelledError):
            return
        finally:
            serving.discard(task)
            for each in ends:
                each.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        await asyncio.sleep(0)


async def _serve(
    port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ends: list[asyncio.StreamWriter]
) -> None:
    first = await _untyped(reader)
    if first[4:] == SSL_REQUEST:
        writer.write(b"N")
        first = await _untyped(reader)
    behind = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
    ends.extend(far for _, far in behind)
    for number, (near, far) in enumerate(behind):
        far.write(first)
        while (message := await _message(near)) != IDLE:
            if number == 0:
                writer.write(message)
    writer.write(IDLE)
    turn = 0

    async def answer(near: asyncio.StreamReader) -> None:
        nonlocal turn
        with suppress(OSError, EOFError):
            while message := await _message(near):
                if message == IDLE:
                    turn = 1 - turn
                writer.write(message)

    answering = [asyncio.create_task(answer(near)) for near, _ in behind]
    try:
        while (message := await _message(reader))[:1] != b"X":
            behind[turn][1].write(message)
    finally:
        for task in answering:
            task.cancel()
        await asyncio.wait(answering)


async def _untyped(reader: asyncio.StreamReader) -> bytes:
    """The first message of a client has a length and no type."""
    length = await reader.readexactly(4)
    return length + await reader.readexactly(int.from_bytes(length) - 4)


async def _message(reader: asyncio.StreamReader) -> bytes:
    return await reader.readexactly(1) + await _untyped(reader)
