"""Server side of the worker processes: start, messages, termination."""

import asyncio
import os
import pickle
import select
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from app.imaging.workers.framing import DISMISS, HIRE, LENGTH, ORDER, pack

ROOT = Path(__file__).parents[3]
BOOT = "import sys; sys.path.insert(0, sys.argv.pop(1)); from app.imaging.workers.process import main; main()"
"""A new interpreter, not a fork of the server, which has threads, sockets and a `__main__` that must not run
again.
"""

HUGE_PAGES_ENV = ("env", "GLIBC_TUNABLES=glibc.malloc.hugetlb=1")
"""Use huge pages for pixels if the system allows: clearing small pages took a third of the time of decoding a WebP
and a twentieth of a PNG. C libraries other than glibc ignore it.
"""

STOP_TIMEOUT_SECONDS = 10.0
"""Time for a process to start, or to end after it was killed, on a busy machine."""


class WorkerLost(Exception):
    """The worker process has ended."""


class ImageWorker:
    """A worker process at the other end of a channel."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pid: int) -> None:
        self.pid = pid
        self._reader = reader
        self._writer = writer
        self._hang_up = select.poll()
        self._hang_up.register(writer.get_extra_info("socket").fileno(), 0)  # only that it is closed matters

    @classmethod
    async def connect(cls, channel: socket.socket) -> Self:
        """Return the worker spawned for this channel once it sends its process id.

        Raises WorkerLost, TimeoutError.
        """
        channel.setblocking(False)
        try:
            worker = cls(*await asyncio.open_unix_connection(sock=channel), pid=0)
        except BaseException:
            channel.close()
            raise
        try:
            async with asyncio.timeout(STOP_TIMEOUT_SECONDS):
                worker.pid = await worker.receive()
        except BaseException:
            await worker.wait_exited()
            raise
        return worker

    @property
    def is_alive(self) -> bool:
        """Return True if the process exists; asks the system, as the loop may not have noticed yet."""
        return not self._writer.is_closing() and not self._hang_up.poll(0)

    async def send(self, message: Any) -> None:
        try:
            self._writer.write(pack(message))
            await self._writer.drain()
        except ConnectionError as error:
            raise WorkerLost from error

    async def receive(self) -> Any:
        try:
            (length,) = LENGTH.unpack(await self._reader.readexactly(LENGTH.size))
            return pickle.loads(await self._reader.readexactly(length))  # noqa: S301  (from our own worker)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise WorkerLost from error

    def kill(self) -> None:
        """Kill a worker whose fork server is lost: while the channel is open, the process id is valid."""
        if self.is_alive and self.pid:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    async def wait_closed(self) -> None:
        """Wait until the process has ended, so that it writes nothing more."""
        with suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(STOP_TIMEOUT_SECONDS):
                while await self._reader.read(65_536):
                    pass

    async def wait_exited(self) -> None:
        """Close our end of the channel."""
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()


class ForkServer:
    """Handle of the fork server, started with the first worker, and again if it is lost."""

    def __init__(self, *, memory: int) -> None:
        self._memory = memory
        self._process: subprocess.Popen[bytes] | None = None
        self._orders: socket.socket | None = None

    async def spawn(self) -> ImageWorker:
        """Spawn a worker. Raises OSError, WorkerLost or TimeoutError if the machine can't start one."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._send_command(HIRE, 0, theirs)
            except ConnectionError:
                await self.close()
                self._send_command(HIRE, 0, theirs)
        return await ImageWorker.connect(ours)

    async def terminate(self, worker: ImageWorker) -> None:
        """Kill a worker and wait until it is gone."""
        try:
            self._send_command(DISMISS, worker.pid)
        except ConnectionError:
            worker.kill()
        try:
            await worker.wait_closed()
        finally:
            await worker.wait_exited()

    async def close(self) -> None:
        """End the fork server, which ends all its workers first."""
        process, orders, self._process, self._orders = self._process, self._orders, None, None
        if process is None or orders is None:
            return
        try:
            with suppress(TimeoutError, ConnectionError):
                await _wait_closed(orders)
        finally:
            orders.close()
            process.kill()
            process.wait()

    def _send_command(self, verb: bytes, pid: int, channel: socket.socket | None = None) -> None:
        orders = self._orders or (self._start() if verb == HIRE else None)
        if orders is None:
            raise ConnectionError("The nursery is closed")
        socket.send_fds(orders, [ORDER.pack(verb, pid)], [channel.fileno()] if channel else [])

    def _start(self) -> socket.socket:
        self._orders, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-P", "-c", BOOT, str(ROOT), str(theirs.fileno()), str(self._memory)]
            self._process = subprocess.Popen(  # noqa: S603  (our own program)
                [*HUGE_PAGES_ENV, *command], pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL
            )
        return self._orders


async def _wait_closed(orders: socket.socket) -> None:
    """Close the command socket and wait until the fork server and its workers have ended."""
    orders.shutdown(socket.SHUT_WR)
    orders.setblocking(False)
    async with asyncio.timeout(STOP_TIMEOUT_SECONDS):
        while await asyncio.get_running_loop().sock_recv(orders, 1):
            pass
