# ruff: noqa: S603  (the commands are constants of this file)
"""Two servers and a worker as on three machines: separate data folders, shared engines."""

import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.benchmarks.processes import START_TIMEOUT_SECONDS, ProcessFailed
from scripts.stress_tests.server import PICHUB, StressServer

PUBLIC_URL = "https://pictures.example.org"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running cluster. `token` belongs to the first account."""

    one: StressServer
    two: StressServer
    worker: "WorkerProcess"
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


class WorkerProcess:
    """A `pichub worker` with the settings of a server. Its output goes to the log in its folder."""

    def __init__(self, server: StressServer, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._environ = server.environ | {"PICHUB_DATA_DIR": str(folder / "data")}
        self._process: subprocess.Popen[bytes] | None = None
        self.log = folder / "worker.log"

    def start(self) -> None:
        """Start the worker and wait until it is ready. Raises ProcessFailed."""
        with self.log.open("ab") as written:
            self._process = subprocess.Popen(
                [*PICHUB, "worker"], stdin=subprocess.DEVNULL, stdout=written, stderr=subprocess.STDOUT,
                cwd=self._folder, env=self._environ, start_new_session=True,
            )  # fmt: skip
        end = time.monotonic() + START_TIMEOUT_SECONDS
        while "PicHub's worker runs" not in self.log.read_text():
            if self._process.poll() is not None or time.monotonic() > end:
                raise ProcessFailed(f"The worker did not start: {self.log.read_text()[-2000:]}")
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
                self._process.wait(START_TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


@contextmanager
def cluster(folder: Path, **settings: str) -> Iterator[Cluster]:
    """Run the cluster until the block ends. Both servers start at the same moment, on empty engines if need be."""
    shared = {
        "public_url": PUBLIC_URL, "trusted_proxies": "192.0.2.1", "worker": "external", "metrics": "on",
        "min_free_disk": "1MB", "webhook_allow_networks": "127.0.0.0/8", "transform_workers": "1", **settings,
    }  # fmt: skip
    one, two = (StressServer(folder / name, **shared) for name in ("one", "two"))
    worker = WorkerProcess(one, folder / "worker")
    try:
        with ThreadPoolExecutor() as threads:
            list(threads.map(StressServer.start, (one, two)))
        worker.start()
        yield Cluster(one, two, worker, one.token or two.token)
    finally:
        worker.stop()
        for server in (one, two):
            server.stop()
