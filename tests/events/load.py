"""Many who follow the same events: `python -m tests.events.load --subscribers 500 --rate 20 --seconds 30`.

Runs `pichub serve`, opens the sockets from this process, makes albums at the rate, and reports whether all got all in
order, how late, and what is left in the server when the sockets have been closed hard.
"""

import argparse
import asyncio
import os
import re
import struct
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
import orjson
from wsproto.events import Pong

from tests.cli.test_commands import run, serving, token_of
from tests.events.sockets import EVENTS, Socket, connected
from tests.pichub import signed

PING = 9


@dataclass
class Listener:
    """One subscriber: the cursors that it was given, and how late each was, in seconds."""

    cursors: list[str] = field(default_factory=list)
    lateness: list[float] = field(default_factory=list)

    def hear(self, event: dict[str, Any], now: float) -> None:
        self.cursors.append(event["cursor"])
        made = datetime.fromisoformat(event["data"]["created_at"])
        self.lateness.append(now - made.timestamp())


async def listen(socket: Socket, count: int) -> Listener:
    """Hears `count` events. Frames are cut by hand: wsproto would cost this process more than the server's."""
    listener, data = Listener(), b""
    while len(listener.cursors) < count:
        data += await socket.reader.read(1 << 16)
        now = time.time()
        while (frame := _frame(data)) is not None:
            kind, body, data = frame
            if kind == PING:
                socket.writer.write(socket.connection.send(Pong(payload=body)))
                continue
            message = orjson.loads(body)
            assert message["type"] == "next", message
            listener.hear(message["payload"]["data"]["events"], now)
    return listener


def _frame(data: bytes) -> tuple[int, bytes, bytes] | None:
    """(opcode, payload, what comes after it) of the first frame; None where it is not whole."""
    if len(data) < 4:
        return None
    start, size = 2, data[1]
    if size == 126:
        start, (size,) = 4, struct.unpack(">H", data[2:4])
    if len(data) < start + size:
        return None
    return data[0] & 15, data[start : start + size], data[start + size :]


async def subscribed(stack: AsyncExitStack, url: str, token: str, count: int) -> list[Socket]:
    sockets = []
    for _ in range(count):
        socket = await stack.enter_async_context(connected(url))
        await socket.ready(Authorization=f"Bearer {token}")
        socket.subscribe(EVENTS)
        sockets.append(socket)
    return sockets


def _server() -> Path:
    """What the machine tells of the server, the one child of this process."""
    (pid,) = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    return Path("/proc", pid)


def memory() -> float:
    """The server's resident megabytes."""
    (kilobytes,) = re.findall(r"VmRSS:\s+(\d+)", (_server() / "status").read_text())
    return int(kilobytes) / 1024


def worked() -> float:
    """Seconds for which the server has kept a core busy."""
    fields = (_server() / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure(url: str, token: str, subscribers: int, rate: float, seconds: float) -> None:
    count = int(rate * seconds)
    async with connected(url) as socket:  # GraphQL is built by then
        await socket.ready()
    before = memory()
    async with AsyncExitStack() as stack, httpx2.AsyncClient(base_url=url, headers=signed(token)) as client:
        sockets = await subscribed(stack, url, token, subscribers)
        await asyncio.sleep(2)
        listening = [asyncio.create_task(listen(socket, count)) for socket in sockets]
        began, worked_before = time.perf_counter(), worked()
        for number in range(count):
            await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
            answer = await client.post("/v1/albums", json={"name": f"Album {number}"})
            assert answer.status_code == 201, answer.text
        sent = time.perf_counter() - began
        heard = await asyncio.gather(*listening)
        done, at_work, work = time.perf_counter() - began, memory(), worked() - worked_before
    await asyncio.sleep(5)
    same = {tuple(listener.cursors) for listener in heard}
    late = sorted(each for listener in heard for each in listener.lateness)
    print(f"{subscribers} subscribers, {count} events in {sent:.1f} s, all delivered after {done:.1f} s")
    print(f"server: {work:.1f} s of CPU, {work / count / subscribers * 1e6:.0f} µs a delivery")
    print(f"one and the same order for all: {len(same) == 1 and len(set(*same)) == count}")
    print(f"server: {before:.0f} MB before, {at_work:.0f} MB with all of them, {memory():.0f} MB after")
    print(
        f"lateness: p50 {late[len(late) // 2] * 1e3:.0f} ms, p99 {late[len(late) * 99 // 100] * 1e3:.0f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--subscribers", type=int, default=500)
    parser.add_argument("--rate", type=float, default=20)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        token = token_of(run("migrate", PICHUB_DATA_DIR=folder).stdout)
        with serving(Path(folder), PICHUB_LIMIT_API="off") as (_, url):
            for _ in range(options.rounds):
                asyncio.run(measure(url, token, options.subscribers, options.rate, options.seconds))


if __name__ == "__main__":
    main()
