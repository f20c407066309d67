"""A real S3 store, SeaweedFS, on this machine; or the one that PICHUB_TEST_STORAGE_URL names."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode, urlsplit
from urllib.request import urlopen

BUCKET = "pictures"
ACCESS_KEY, SECRET_KEY = "seaweed", "not-a-secret-outside-of-this-machine"
CONFIG = """{"identities": [{
  "name": "pichub", "credentials": [{"accessKey": "%s", "secretKey": "%s"}],
  "actions": ["Admin", "Read", "Write", "List", "Tagging"]}]}"""
PORTS = ("s3", "master", "filer", "volume", "admin")
OFF = ("webdav=false", "admin.ui=false", "master.telemetry=false", "s3.port.iceberg=0", "s3.port.lance=0")


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

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        endpoint = urlsplit(self.url).query.removeprefix("endpoint=").replace("%3A", ":").replace("%2F", "/")
        deadline = time.monotonic() + 30
        while not _is_ready(endpoint.partition("&")[0]):
            assert self.process.poll() is None, "SeaweedFS ended at its start"
            assert time.monotonic() < deadline, "SeaweedFS did not start"
            time.sleep(0.05)

    def stop(self) -> None:
        """At once, as a crash would: a graceful stop takes half a minute."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It takes connections, and does not answer."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


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
    with TemporaryDirectory(prefix="pichub-seaweed-") as name:
        folder = Path(name)
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
        store = Seaweed(f"s3://{BUCKET}?{query}", command=command)
        try:
            store.start()
            yield store
        finally:
            store.stop()


def free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _is_ready(endpoint: str) -> bool:
    try:
        with urlopen(f"{endpoint}/status", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
