"""Load test of event subscriptions: `python -m tests.events.load --subscribers 500 --rate 20 --seconds 30`.

Run `pichub serve`, open the sockets in this process and create albums at the rate. Report whether each subscriber
received all events in order, their lateness, and the memory of the server after the connections were aborted.
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
from tests.events.sockets import EVENTS_SUBSCRIPTION, Socket, connect
from tests.pichub import signed

PING_OPCODE = 9


@dataclass
class SubscriberLog:
    """The cursors received by one subscriber, and the lateness of each event in seconds."""

    cursors: list[str] = field(default_factory=list)
    lateness: list[float] = field(default_factory=list)

    def add(self, event: dict[str, Any], now: float) -> None:
        self.cursors.append(event["cursor"])
        created_at = datetime.fromisoformat(event["data"]["created_at"])
        self.lateness.append(now - created_at.timestamp())


async def receive_events(socket: Socket, count: int) -> SubscriberLog:
    """Receive `count` events. Parse frames without wsproto, which would use more CPU here than the server does."""
    log, data = SubscriberLog(), b""
    while len(log.cursors) < count:
        data += await socket.reader.read(1 << 16)
        now = time.time()
        while (frame := _frame(data)) is not None:
            opcode, body, data = frame
            if opcode == PING_OPCODE:
                socket.writer.write(socket.connection.send(Pong(payload=body)))
                continue
            message = orjson.loads(body)
            assert message["type"] == "next", message
            log.add(message["payload"]["data"]["events"], now)
    return log


def _frame(data: bytes) -> tuple[int, bytes, bytes] | None:
    """Return the opcode and payload of the first frame, and the data after it. None if the frame is incomplete."""
    if len(data) < 4:
        return None
    start, size = 2, data[1]
    if size == 126:
        start, (size,) = 4, struct.unpack(">H", data[2:4])
    if len(data) < start + size:
        return None
    return data[0] & 15, data[start : start + size], data[start + size :]


async def subscribe_many(stack: AsyncExitStack, url: str, token: str, count: int) -> list[Socket]:
    sockets = []
    for _ in range(count):
        socket = await stack.enter_async_context(connect(url))
        await socket.initialize(Authorization=f"Bearer {token}")
        socket.subscribe(EVENTS_SUBSCRIPTION)
        sockets.append(socket)
    return sockets


def _server_proc_folder() -> Path:
    """Return the /proc folder of the server, the only child of this process."""
    (pid,) = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    return Path("/proc", pid)


def memory_megabytes() -> float:
    """Return the resident memory of the server."""
    (kilobytes,) = re.findall(r"VmRSS:\s+(\d+)", (_server_proc_folder() / "status").read_text())
    return int(kilobytes) / 1024


def cpu_seconds() -> float:
    """Return the CPU time used by the server."""
    fields = (_server_proc_folder() / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure(url: str, token: str, subscribers: int, rate: float, seconds: float) -> None:
    count = int(rate * seconds)
    async with connect(url) as socket:  # the first connection builds the GraphQL schema
        await socket.initialize()
    before = memory_megabytes()
    async with AsyncExitStack() as stack, httpx2.AsyncClient(base_url=url, headers=signed(token)) as client:
        sockets = await subscribe_many(stack, url, token, subscribers)
        await asyncio.sleep(2)
        receiving = [asyncio.create_task(receive_events(socket, count)) for socket in sockets]
        started, cpu_before = time.perf_counter(), cpu_seconds()
        for number in range(count):
            await asyncio.sleep(max(0.0, started + number / rate - time.perf_counter()))
            response = await client.post("/v1/albums", json={"name": f"Album {number}"})
            assert response.status_code == 201, response.text
        sent = time.perf_counter() - started
        logs = await asyncio.gather(*receiving)
        delivered = time.perf_counter() - started
        with_subscribers, cpu = memory_megabytes(), cpu_seconds() - cpu_before
    await asyncio.sleep(5)
    orders = {tuple(log.cursors) for log in logs}
    lateness = sorted(each for log in logs for each in log.lateness)
    print(f"{subscribers} subscribers, {count} events in {sent:.1f} s, all delivered after {delivered:.1f} s")
    print(f"server: {cpu:.1f} s of CPU, {cpu / count / subscribers * 1e6:.0f} µs per delivery")
    print(f"all events in the same order: {len(orders) == 1 and len(set(*orders)) == count}")
    print(
        f"server: {before:.0f} MB before, {with_subscribers:.0f} MB with all subscribers, "
        f"{memory_megabytes():.0f} MB after"
    )
    p50, p99 = (lateness[len(lateness) * percent // 100] * 1e3 for percent in (50, 99))
    print(f"lateness: p50 {p50:.0f} ms, p99 {p99:.0f} ms")


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
