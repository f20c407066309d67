# ruff: noqa: S603  (what is started here is named in this folder)
"""Load from wrk, one kind for all servers, and what came of it."""

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
from scripts.benchmarks.processes import Failed
from scripts.benchmarks.servers import Server, Wish

FASTEST = 300
"""Uncached requests a second that no server passes on few cores: so many new addresses are laid out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Requests a second, milliseconds, and processor milliseconds of the server for each request."""

    rate: float
    p50: float
    p99: float
    cpu: float
    cpu_of_main: float


def uncached(server: Server, wish: Wish, *, connections: int, seconds: float) -> Load:
    """Each request asks for what nobody asked for before."""
    paths = server.fresh(wish, int(FASTEST * seconds))
    load, requests = _run(server, paths, connections=connections, seconds=seconds)
    _use(server, wish, paths, requests + connections)
    return load


def _use(server: Server, wish: Wish, paths: Sequence[str], sent: int) -> None:
    count = sent + 1  # wrk tries a script before it begins, and so never sends the first
    if count > len(paths):
        raise Failed(f"{server.name} came to the end of its {len(paths)} addresses")
    server.used(wish, count)


def paths(server: Server, asked: Sequence[str], *, connections: int, seconds: float) -> Load:
    """One of these paths after the other, again and again."""
    load, _ = _run(server, asked, connections=connections, seconds=seconds)
    return load


def uploads(server: Server, path: str, form: tuple[str, Path], *, connections: int, seconds: float) -> Load:
    """The file of a form (its field, and where it lies) again and again."""
    field, file = form
    script = ["-s", str(PEERS / "upload.lua"), server.url("/"), "--", path, field, str(file)]
    server.tree.settle()
    with Wrk(server, script, connections=connections, seconds=seconds) as run:
        load, _ = _seen(server, run)
    return load


def hits(server: Server, wish: Wish, *, connections: int, seconds: float) -> Load:
    """Each request asks for the same."""
    load, _ = _run(server, [server.same(wish)], connections=connections, seconds=seconds)
    return load


def saturated(server: Server, wish: Wish, *, connections: int, seconds: float) -> Load:
    """The same, while four others ask for what nobody asked for before."""
    others = 4
    paths = server.fresh(wish, int(FASTEST * (seconds + 2)))
    with _asking(server, paths, connections=others, seconds=seconds + 2) as busy:
        time.sleep(1)
        load, _ = _run(server, [server.same(wish)], connections=connections, seconds=seconds, calm=False)
        _use(server, wish, paths, int(busy.result()["requests"]) + others)
    return load


def _run(
    server: Server,
    paths: Sequence[str],
    *,
    connections: int,
    seconds: float,
    calm: bool = True,
) -> tuple[Load, int]:
    if calm:
        server.tree.settle()
    with _asking(server, paths, connections=connections, seconds=seconds) as run:
        return _seen(server, run)


def _seen(server: Server, run: "Wrk") -> tuple[Load, int]:
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
def _asking(server: Server, paths: Sequence[str], *, connections: int, seconds: float) -> Iterator["Wrk"]:
    """One of the paths after the other."""
    with NamedTemporaryFile("w", suffix=".paths", delete=False) as file:
        file.write("\n".join(paths) + "\n")
    script = ["-s", str(PEERS / "load.lua"), server.url("/"), "--", file.name]
    try:
        with Wrk(server, script, connections=connections, seconds=seconds) as run:
            yield run
    finally:
        Path(file.name).unlink()


class Wrk:
    """One run of wrk, on one thread; it is ended at the end of the block."""

    def __init__(self, server: Server, script: Sequence[str], *, connections: int, seconds: float) -> None:
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
        """What the script says in the end. Raises Failed where requests failed."""
        output, _ = self._process.communicate()
        try:
            seen: dict[str, float] = json.loads(output.strip().rpartition("\n")[2])
        except ValueError as error:
            raise Failed(f"wrk against {self._server.name}: {output}") from error
        if seen["errors"] or not seen["requests"]:
            raise Failed(f"wrk against {self._server.name}: {seen}")
        return seen

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
