# ruff: noqa: S603  (the commands are constants of this folder)
"""Load by wrk, the same for all servers, and its results."""

import json
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Self

from scripts.benchmarks.machine import PEERS, wrk
from scripts.benchmarks.processes import ProcessFailed
from scripts.benchmarks.servers import BenchmarkServer, Workload

MAX_REQUESTS_PER_SECOND = 300
"""Upper bound of uncached requests on few cores: the number of unused URLs to prepare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Requests per second, latency in milliseconds, and the server's CPU milliseconds per request."""

    rate: float
    p50: float
    p99: float
    cpu: float
    cpu_of_main: float


def uncached(server: BenchmarkServer, workload: Workload, *, connections: int, seconds: float) -> Load:
    """Request a new variant each time."""
    paths = server.unused_urls(workload, int(MAX_REQUESTS_PER_SECOND * seconds))
    load, requests = _run(server, paths, connections=connections, seconds=seconds)
    _mark_used(server, workload, paths, requests + connections)
    return load


def _mark_used(server: BenchmarkServer, workload: Workload, paths: Sequence[str], sent: int) -> None:
    count = sent + 1  # wrk calls the script once before it starts and never sends the first request
    if count > len(paths):
        raise ProcessFailed(f"{server.name} came to the end of its {len(paths)} addresses")
    server.mark_used(workload, count)


def paths(server: BenchmarkServer, urls: Sequence[str], *, connections: int, seconds: float) -> Load:
    """Request these paths in turn, repeatedly."""
    load, _ = _run(server, urls, connections=connections, seconds=seconds)
    return load


def uploads(
    server: BenchmarkServer, path: str, form: tuple[str, Path], *, connections: int, seconds: float
) -> Load:
    """Upload a form repeatedly. `form` is the field name and the path of the file."""
    field, file = form
    script = ["-s", str(PEERS / "upload.lua"), server.url("/"), "--", path, field, str(file)]
    server.tree.settle()
    with Wrk(server, script, connections=connections, seconds=seconds) as run:
        load, _ = _measured(server, run)
    return load


def hits(server: BenchmarkServer, workload: Workload, *, connections: int, seconds: float) -> Load:
    """Request the same variant each time."""
    load, _ = _run(server, [server.repeated_url(workload)], connections=connections, seconds=seconds)
    return load


def saturated(server: BenchmarkServer, workload: Workload, *, connections: int, seconds: float) -> Load:
    """Request the same variant while four other connections request new ones."""
    others = 4
    paths = server.unused_urls(workload, int(MAX_REQUESTS_PER_SECOND * (seconds + 2)))
    with _running_wrk(server, paths, connections=others, seconds=seconds + 2) as busy:
        time.sleep(1)
        load, _ = _run(
            server, [server.repeated_url(workload)], connections=connections, seconds=seconds, calm=False
        )
        _mark_used(server, workload, paths, int(busy.result()["requests"]) + others)
    return load


def _run(
    server: BenchmarkServer,
    paths: Sequence[str],
    *,
    connections: int,
    seconds: float,
    calm: bool = True,
) -> tuple[Load, int]:
    if calm:
        server.tree.settle()
    with _running_wrk(server, paths, connections=connections, seconds=seconds) as run:
        return _measured(server, run)


def _measured(server: BenchmarkServer, run: "Wrk") -> tuple[Load, int]:
    cpu, main = server.tree.cpu(), server.tree.main_cpu()
    seen = run.result()
    cpu, main = server.tree.cpu() - cpu, server.tree.main_cpu() - main
    requests = int(seen["requests"])
    load = Load(
        rate=requests / seen["microseconds"] * 1e6,
        p50=seen["p50"] / 1000,
        p99=seen["p99"] / 1000,
        cpu=cpu / requests * 1000,
        cpu_of_main=main / requests * 1000,
    )
    return load, requests


@contextmanager
def _running_wrk(
    server: BenchmarkServer, paths: Sequence[str], *, connections: int, seconds: float
) -> Iterator["Wrk"]:
    """Run wrk on these paths until the block ends."""
    with NamedTemporaryFile("w", suffix=".paths", delete=False) as file:
        file.write("\n".join(paths) + "\n")
    script = ["-s", str(PEERS / "load.lua"), server.url("/"), "--", file.name]
    try:
        with Wrk(server, script, connections=connections, seconds=seconds) as run:
            yield run
    finally:
        Path(file.name).unlink()


class Wrk:
    """A run of wrk on one thread, ended with the block."""

    def __init__(
        self, server: BenchmarkServer, script: Sequence[str], *, connections: int, seconds: float
    ) -> None:
        self._server = server
        headers = [word for header in server.headers for word in ("-H", header)]
        options = ["-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "30s"]
        self._command = [str(wrk()), *options, *headers, *script]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        return self

    def result(self) -> dict[str, float]:
        """Return the script's summary. Raises ProcessFailed if requests failed."""
        output, _ = self._process.communicate()
        try:
            seen: dict[str, float] = json.loads(output.strip().rpartition("\n")[2])
        except ValueError as error:
            raise ProcessFailed(f"wrk against {self._server.name}: {output}") from error
        if seen["errors"] or not seen["requests"]:
            raise ProcessFailed(f"wrk against {self._server.name}: {seen}")
        return seen

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
