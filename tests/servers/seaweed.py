"""A real S3 store, SeaweedFS, on this machine; or the one that PICHUB_TEST_STORAGE_URL names."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import uuid4

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

BUCKET, READY = "pictures", "ready"
ACCESS_KEY, SECRET_KEY = "seaweed", "not-a-secret-outside-of-this-machine"
CONFIG = """{"identities": [{
  "name": "pichub", "credentials": [{"accessKey": "%s", "secretKey": "%s"}],
  "actions": ["Admin", "Read", "Write", "List", "Tagging"]}]}"""
PORTS = ("s3", "master", "filer", "volume", "admin")
OFF = ("webdav=false", "admin.ui=false", "master.telemetry=false", "s3.port.iceberg=0", "s3.port.lance=0")


ATTEMPTS = 3
"""Starts that may fail, as another took one of its ports."""


class EndedAtStart(Exception):
    """It did not come up."""


@dataclass
class Seaweed:
    """An S3 store. `started` makes one that can be stopped, on the port that it had, and started again."""

    url: str
    access_key: str = ACCESS_KEY
    secret_key: str = SECRET_KEY
    command: list[str] = field(default_factory=list)
    process: "subprocess.Popen[bytes] | None" = None

    def under(self, prefix: str) -> str:
        """The storage URL of a prefix of its own."""
        place, _, query = self.url.partition("?")
        return f"{place.rstrip('/')}/{prefix}?{query}"

    def settings(self, prefix: str = "") -> dict[str, str]:
        """Settings by which a house keeps its pictures here, under a prefix of its own."""
        return {
            "storage_url": self.under(prefix or f"house-{uuid4().hex}"),
            "s3_access_key": self.access_key,
            "s3_secret_key": self.secret_key,
        }

    @property
    def pid(self) -> int:
        """Of its first process."""
        assert self.process
        return self.process.pid

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        deadline = time.monotonic() + 30
        while not self._is_ready():
            if self.process.poll() is not None:
                raise EndedAtStart
            assert time.monotonic() < deadline, "SeaweedFS did not start"
            time.sleep(0.05)

    def _is_ready(self) -> bool:
        """Whether it has made its bucket, and found what it kept there: it answers long before."""
        options = dict(parse_qsl(urlsplit(self.url).query))
        keys = {"access_key_id": self.access_key, "secret_access_key": self.secret_key}
        once = {"max_retries": 0, "retry_timeout": timedelta(seconds=1)}
        store = S3Store(BUCKET, **options, **keys, client_options={"allow_http": True}, retry_config=once)  # type: ignore[arg-type]
        with suppress(BaseError):
            if was_there := obstore.list(store, READY).collect():
                obstore.get(store, was_there[0]["path"]).bytes()
            obstore.put(store, f"{READY}/{uuid4().hex}", b"ready")
            return True
        return False

    def stop(self) -> None:
        """At once, as a crash would: a graceful stop takes half a minute."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def hang(self) -> None:
        """From now on it takes connections and answers nothing."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It takes connections, and does not answer."""
        self.hang()
        try:
            yield
        finally:
            self.go_on()


@contextmanager
def seaweed() -> Iterator[Seaweed]:
    """A store for as long as the block lasts: one that runs already, or one of its own."""
    url = os.environ.get("PICHUB_TEST_STORAGE_URL")
    if url:
        yield Seaweed(url, os.environ["PICHUB_S3_ACCESS_KEY"], os.environ["PICHUB_S3_SECRET_KEY"])
        return
    with started() as store:
        yield store


@contextmanager
def started() -> Iterator[Seaweed]:
    """A store of its own."""
    for attempt in range(ATTEMPTS):
        with TemporaryDirectory(prefix="pichub-seaweed-") as folder, ExitStack() as at_the_end:
            store = _laid_out(Path(folder))
            at_the_end.callback(store.stop)
            try:
                store.start()
            except EndedAtStart:
                if attempt < ATTEMPTS - 1:
                    continue
                raise
            yield store
            return


def _laid_out(folder: Path) -> Seaweed:
    """A store in a folder, not started yet."""
    (folder / "s3.json").write_text(CONFIG % (ACCESS_KEY, SECRET_KEY))
    (folder / "logs").mkdir()
    ports = free_ports(2 * len(PORTS))
    command = [
        str(Path(sys.executable).with_name("weed")),
        f"-logdir={folder / 'logs'}",
        "mini",
        f"-dir={folder / 'data'}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        f"-bucket={BUCKET}",
        f"-s3.config={folder / 's3.json'}",
        *(f"-{option}" for option in OFF),
        *(f"-{each}.port={port}" for each, port in zip(PORTS, ports, strict=False)),
        *(f"-{each}.port.grpc={port}" for each, port in zip(PORTS, ports[len(PORTS) :], strict=True)),
    ]
    query = urlencode({"endpoint": f"http://127.0.0.1:{ports[0]}", "region": "us-east-1"}, safe=":/")
    return Seaweed(f"s3://{BUCKET}?{query}", command=command)


def free_ports(count: int) -> list[int]:
    """Not of those that the system gives to connections, which would soon have one of them."""
    found: list[int] = []
    with ExitStack() as held:
        for port in random.sample(range(16_000, 32_000), 1_000):
            with suppress(OSError):
                held.enter_context(socket.socket()).bind(("127.0.0.1", port))
                found.append(port)
            if len(found) == count:
                break
    return found
