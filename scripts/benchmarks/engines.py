# ruff: noqa: S603  (the commands are constants of this folder)
"""One workload on SQLite and a folder, on PostgreSQL, Valkey and S3, and there with two servers.

Servers, engines and wrk share one machine, so CPU time per request says more than requests per second.
"""

import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree

from scripts.benchmarks import lists, load
from scripts.benchmarks.lists import (
    CONCURRENT_UPLOADS,
    CONNECTIONS,
    LIMITS,
    PICHUB,
    ListDurations,
    SeededPicHub,
)
from scripts.benchmarks.load import Load
from scripts.benchmarks.processes import ProcessFailed, ProcessTree, free_port, running, wait_until_ready
from scripts.benchmarks.report import BenchmarkReport
from scripts.benchmarks.servers import BenchmarkServer
from scripts.stress_tests.engines import Engines, running_engines

ROWS = 10_000
WARM_UP_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineLoads:
    """Loads of all servers together; `engines` is the engines' CPU milliseconds per request."""

    load: Load
    engines: float


Kind = Callable[[BenchmarkServer, int, float], Load]
"""Load one server over a number of connections for a number of seconds."""


def measure(folder: Path, photo: Path, report: BenchmarkReport, *, times: ListDurations) -> None:
    work = folder / "engines"
    rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    seeded = lists.seeded_pichub(work / "sqlite", photo, ROWS)
    with closing(sqlite3.connect(seeded.folder / "data" / "pichub.db")) as db:
        ((image_id,),) = db.execute("SELECT id FROM images ORDER BY created_at DESC LIMIT 1").fetchall()
    kinds = _workloads(str(image_id), photo)
    with running_engines() as shared:
        _copy_to_engines(seeded, shared)
        trees = [ProcessTree(pid) for pid in shared.pids]
        here = [seeded.folder / "data"]
        there = [work / "one", work / "two"]
        environ = {f"PICHUB_{name.upper()}": value for name, value in shared.settings.items()}
        environ["PICHUB_WORKER"] = "external"
        seen: dict[str, dict[str, list[EngineLoads]]] = {}
        for _ in range(times.rounds):
            for name, data, given in (
                ("SQLite and a folder", here, {"PICHUB_WORKER": "external"}),
                ("the three engines", there[:1], environ),
                ("the same, two servers", there, environ),
            ):
                with _servers(work, data, given, seeded.token) as started:
                    for kind, (connections, ask) in kinds.items():
                        found = _measured(started, trees, connections, times.seconds, ask)
                        seen.setdefault(kind, {}).setdefault(name, []).append(found)
    head = ["what", "on", "requests/s", "p50 ms", "p99 ms", "CPU ms", "of the engines"]
    table: list[list[object]] = []
    for kind, names in seen.items():
        for name, each in names.items():
            middle = sorted(each, key=lambda one: one.load.rate)[len(each) // 2]
            found = middle.load
            table.append([kind, name, found.rate, found.p50, found.p99, found.cpu, middle.engines])
    report.table(f"{ROWS:,} images; {CONNECTIONS} connections, {CONCURRENT_UPLOADS} for uploads", head, table)


def _workloads(image_id: str, photo: Path) -> Mapping[str, tuple[int, Kind]]:
    def of(path: str) -> Kind:
        def ask(server: BenchmarkServer, connections: int, seconds: float) -> Load:
            lists.request_once(server, path)
            return load.paths(server, [path], connections=connections, seconds=seconds)

        return ask

    def upload(server: BenchmarkServer, connections: int, seconds: float) -> Load:
        return load.uploads(server, "/v1/upload", ("image", photo), connections=connections, seconds=seconds)

    return {
        "newest 20, REST": (CONNECTIONS, of("/v1/images?per_page=20")),
        "newest 20, GraphQL": (CONNECTIONS, of(lists.graphql_url(lists.NEWEST))),
        "a variant again": (CONNECTIONS, of(f"/img/{image_id}.webp?w=300")),
        "upload of 2 MP": (CONCURRENT_UPLOADS, upload),
    }


def _copy_to_engines(seeded: SeededPicHub, shared: Engines) -> None:
    """Copy with the public commands `copy-database` and `copy-storage`."""
    data = seeded.folder / "data"
    environ = {
        f"PICHUB_{name.upper()}": value for name, value in shared.settings.items() if name.startswith("s3")
    }
    for command in (
        ["copy-database", f"sqlite:///{data / 'pichub.db'}", shared.database],
        ["copy-storage", str(data / "storage"), shared.settings["storage_url"]],
    ):
        env = LIMITS | environ | {"PICHUB_DATA_DIR": str(seeded.folder / "copying")}
        done = subprocess.run([PICHUB[0], *command], env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ProcessFailed(f"pichub {command[0]}: {done.stderr}")


@contextmanager
def _servers(
    work: Path, folders: Sequence[Path], environ: Mapping[str, str], token: str
) -> Iterator[list[BenchmarkServer]]:
    with ExitStack() as stack:
        started = []
        for folder in folders:
            port = free_port()
            command = [*PICHUB, "--data-dir", folder, "--port", str(port)]
            env = {**LIMITS, **environ}
            log = work / f"{port}.log"
            tree = stack.enter_context(running(command, log=log, cwd=work, env=env))
            wait_until_ready(port, "/")
            wait_until_ready(port, lists.graphql_url("{ viewer { id } }"))
            headers = (f"Authorization: Bearer {token}",)
            started.append(BenchmarkServer("PicHub", port, tree, lists.no_address, headers=headers))
        yield started


def _measured(
    servers: Sequence[BenchmarkServer],
    trees: Sequence[ProcessTree],
    connections: int,
    seconds: float,
    ask: Kind,
) -> EngineLoads:
    """Load all servers at once, each over its share of the connections."""
    each = connections // len(servers)
    with ThreadPoolExecutor(len(servers)) as threads:
        list(threads.map(lambda server: ask(server, each, WARM_UP_SECONDS), servers))
        before = sum(tree.cpu() for tree in trees)
        found = list(threads.map(lambda server: ask(server, each, seconds), servers))
        spent = sum(tree.cpu() for tree in trees) - before
    rate = sum(one.rate for one in found)
    together = Load(
        rate=rate,
        p50=sum(one.p50 * one.rate for one in found) / rate,
        p99=max(one.p99 for one in found),
        cpu=sum(one.cpu * one.rate for one in found) / rate,
        cpu_of_main=sum(one.cpu_of_main * one.rate for one in found) / rate,
    )
    return EngineLoads(load=together, engines=spent / (rate * seconds) * 1000)
