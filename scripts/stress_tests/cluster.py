# ruff: noqa: S603  (what is started here is named in this file)
"""Two servers and a worker as on three machines: each has a folder of its own, and nothing is shared but engines."""

import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.benchmarks.processes import PATIENCE, Failed
from scripts.stress_tests.server import PICHUB, Server

PUBLIC_URL = "https://pictures.example.org"


@dataclass(frozen=True, slots=True)
class Cluster:
    """All of it runs. `token` is the first account's, which one of the two has made."""

    one: Server
    two: Server
    worker: "Worker"
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


class Worker:
    """A `pichub worker` with the settings of a server. What it writes is in its folder's log."""

    def __init__(self, server: Server, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._environ = server.environ | {"PICHUB_DATA_DIR": str(folder / "data")}
        self._process: subprocess.Popen[bytes] | None = None
        self.log = folder / "worker.log"

    def start(self) -> None:
        """Returns when it works. Raises Failed."""
        with self.log.open("ab") as written:
            self._process = subprocess.Popen(
                [*PICHUB, "worker"], stdin=subprocess.DEVNULL, stdout=written, stderr=subprocess.STDOUT,
                cwd=self._folder, env=self._environ, start_new_session=True,
            )  # fmt: skip
        end = time.monotonic() + PATIENCE
        while "PicHub's worker runs" not in self.log.read_text():
            if self._process.poll() is not None or time.monotonic() > end:
                raise Failed(f"The worker did not start: {self.log.read_text()[-2000:]}")
            time.sleep(0.02)

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def tracebacks(self) -> int:
        return self.log.read_text(errors="replace").count("Traceback (most recent call last)")

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


@contextmanager
def cluster(folder: Path, **settings: str) -> Iterator[Cluster]:
    """The three, until the block ends. Both servers start at the same moment, where there may be nothing yet."""
    shared = {
        "public_url": PUBLIC_URL, "trusted_proxies": "192.0.2.1", "worker": "apart", "metrics": "on",
        "min_free_disk": "1MB", "webhook_allow_networks": "127.0.0.0/8", "transform_workers": "1", **settings,
    }  # fmt: skip
    one, two = (Server(folder / name, **shared) for name in ("one", "two"))
    worker = Worker(one, folder / "worker")
    try:
        with ThreadPoolExecutor() as threads:
            list(threads.map(Server.start, (one, two)))
        worker.start()
        yield Cluster(one, two, worker, one.token or two.token)
    finally:
        worker.stop()
        for server in (one, two):
            server.stop()
