"""Lists and uploads: PicHub, Directus, and bare Strawberry on objects in memory."""

import json
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random
from secrets import token_hex
from shutil import rmtree
from statistics import median
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from app.pagination import Cursor
from scripts.benchmarks import directus, load
from scripts.benchmarks.load import Load
from scripts.benchmarks.machine import PEERS, Scratch, run
from scripts.benchmarks.processes import START_TIMEOUT_SECONDS, free_port, running, wait_until_ready
from scripts.benchmarks.report import BenchmarkReport
from scripts.benchmarks.servers import BenchmarkServer, token_of, upload_all

CONNECTIONS = 16
CONCURRENT_UPLOADS = 4
SMALL = 1_000
"""Rows of the short list, whose first page is compared with pages at any depth of the longest."""

FIELDS = "id filename url width height size mimeType createdAt"
NEWEST = f"""{{
  images(first: 20) {{ totalCount edges {{ cursor node {{ {FIELDS} }} }} pageInfo {{ hasNextPage endCursor }} }}
}}"""
PAGE = f"""query($after: String) {{
  images(first: 20, after: $after) {{ nodes {{ {FIELDS} }} pageInfo {{ hasNextPage endCursor }} }}
}}"""
DIRECTUS_FIELDS = "id filename_download title width height filesize type uploaded_on"
DIRECTUS_NEWEST = f"""{{
  files(limit: 20, sort: ["-uploaded_on"]) {{ {DIRECTUS_FIELDS} }} files_aggregated {{ count {{ id }} }}
}}"""

LIMITS = dict.fromkeys(("PICHUB_LIMIT_API", "PICHUB_LIMIT_UPLOAD"), "1000000000/minute")
"""High enough to refuse nothing, while each request is still counted."""


@dataclass(frozen=True, slots=True)
class ListServer:
    """A server with seeded rows, and the paths of its two lists."""

    server: BenchmarkServer
    rows: int
    graphql: str
    rest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListDurations:
    """Seconds of each load, and number of rounds."""

    seconds: float
    rounds: int


LONG, SHORT = ListDurations(seconds=5, rounds=3), ListDurations(seconds=2, rounds=1)


def measure(
    scratch: Scratch, photo: Path, report: BenchmarkReport, *, sizes: Sequence[int], times: ListDurations
) -> None:
    """Run the benchmark. One server runs at a time and shares the machine only with wrk."""
    work = scratch.folder / "lists"
    rmtree(work, ignore_errors=True)
    work.mkdir()
    ours = {rows: seeded_pichub(work / f"pichub-{rows}", photo, rows) for rows in {SMALL, *sizes}}
    theirs = {rows: _seeded_directus(scratch, work / f"directus-{rows}", photo, rows) for rows in sizes}
    for size in sizes:
        _newest(report, size, _interleaved([ours[size], theirs[size], BareStrawberry(work)], times))
    _depth(report, ours[SMALL], ours[max(sizes)], times)
    _uploads(report, ours[SMALL], theirs[min(sizes)], photo, times)
    report.verdicts("lists")
    report.verdicts("upload")


def _newest(report: BenchmarkReport, size: int, seen: dict[str, dict[str, Load]]) -> None:
    rows: list[list[object]] = []
    for kind in ("GraphQL", "REST"):
        for name, loads in seen.items():
            if each := loads.get(kind):
                times = seen["PicHub"][kind].rate / each.rate
                rows.append([kind, name, each.rate, each.p50, each.p99, each.cpu, f"{times:.2f}×"])
                report.measure(f"lists/{kind}/{size}/{name}", times)
    head = ["face", "server", "requests/s", "p50 ms", "p99 ms", "CPU ms", "PicHub's rate"]
    report.table(f"The newest 20 of {size:,} with their total, {CONNECTIONS} connections", head, rows)


def _interleaved(
    starts: Sequence["SeededPicHub | SeededDirectus | BareStrawberry"], times: ListDurations
) -> dict[str, dict[str, Load]]:
    seen: dict[str, dict[str, list[Load]]] = {}
    for _ in range(times.rounds):
        for start in starts:
            with start.running() as lists:
                kinds = seen.setdefault(lists.server.name, {})
                for kind, path in (("GraphQL", lists.graphql), ("REST", lists.rest)):
                    if path:
                        kinds.setdefault(kind, []).append(_load(lists.server, [path], times))
    return {name: {kind: _middle(each) for kind, each in kinds.items()} for name, kinds in seen.items()}


def _load(
    server: BenchmarkServer, paths: Sequence[str], times: ListDurations, connections: int = CONNECTIONS
) -> Load:
    request_once(server, paths[0])
    return load.paths(server, paths, connections=connections, seconds=times.seconds)


def request_once(server: BenchmarkServer, path: str) -> None:
    """Send one request, so that everything built or compiled on first use exists."""
    headers = dict(header.split(": ", 1) for header in server.headers)
    with urlopen(Request(server.url(path), headers=headers), timeout=START_TIMEOUT_SECONDS) as answer:  # noqa: S310  (it is http)
        answer.read()


def _depth(
    report: BenchmarkReport, small: "SeededPicHub", large: "SeededPicHub", times: ListDurations
) -> None:
    """Compare sequential requests for the first page of a short list and for pages anywhere in a long one."""
    seen: dict[str, list[float]] = {"first": [], "deep": []}
    for _ in range(times.rounds):
        for name, start in (("first", small), ("deep", large)):
            with start.running() as lists:
                paths = [_page(None)] if name == "first" else [_page(each) for each in start.cursors()]
                seen[name].append(_load(lists.server, paths, times, connections=1).p50)
    first, deep = median(seen["first"]), median(seen["deep"])
    rows = [[f"{small.rows:,}", "the first page", first], [f"{large.rows:,}", "a page anywhere", deep]]
    report.table("A page of 20 by cursor, one connection", ["rows", "page", "p50 ms"], rows)
    report.measure("lists/depth", deep / first)


def _uploads(
    report: BenchmarkReport, ours: "SeededPicHub", theirs: "SeededDirectus", photo: Path, times: ListDurations
) -> None:
    seen: dict[str, list[Load]] = {}
    for _ in range(times.rounds):
        for start, path, field in ((ours, "/v1/upload", "image"), (theirs, "/files", "file")):
            with start.running() as lists:
                form = (field, photo)
                load.uploads(lists.server, path, form, connections=CONCURRENT_UPLOADS, seconds=1)
                taken = load.uploads(
                    lists.server, path, form, connections=CONCURRENT_UPLOADS, seconds=times.seconds
                )
                seen.setdefault(lists.server.name, []).append(taken)
    loads = {name: _middle(each) for name, each in seen.items()}
    mine = loads["PicHub"].rate
    rows = [
        [name, each.rate, each.p50, each.p99, each.cpu, f"{mine / each.rate:.2f}×"]
        for name, each in loads.items()
    ]
    head = ["server", "uploads/s", "p50 ms", "p99 ms", "CPU ms", "PicHub's rate"]
    report.table(
        f"Upload of a 2 MP JPEG of {photo.stat().st_size:,} bytes, {CONCURRENT_UPLOADS} connections",
        head,
        rows,
    )
    report.measure("upload/Directus", mine / loads["Directus"].rate)


def _middle(loads: Sequence[Load]) -> Load:
    return sorted(loads, key=lambda each: each.rate)[len(loads) // 2]


def graphql_url(query: str, **variables: object) -> str:
    return "/graphql?" + urlencode({"query": query, "variables": json.dumps(variables)})


def _page(after: str | None) -> str:
    return graphql_url(PAGE, after=after)


def no_address(*_: object) -> str:
    raise NotImplementedError("What is measured here has paths of its own")


@dataclass(frozen=True, slots=True)
class SeededPicHub:
    """A data folder with seeded images, and a token for it."""

    folder: Path
    token: str
    rows: int

    @contextmanager
    def running(self) -> Iterator[ListServer]:
        port = free_port()
        command = [*PICHUB, "--data-dir", self.folder / "data", "--port", str(port)]
        with running(command, log=self.folder / "serve.log", cwd=self.folder, env=LIMITS) as tree:
            wait_until_ready(port, "/")
            server = BenchmarkServer("PicHub", port, tree, no_address, headers=_bearer(self.token))
            wait_until_ready(port, graphql_url("{ viewer { id } }"))
            yield ListServer(server, self.rows, graphql_url(NEWEST), "/v1/images?per_page=20")

    def cursors(self, count: int = 500) -> list[str]:
        """Return cursors spread over the list."""
        rng = Random(1)  # noqa: S311
        with closing(sqlite3.connect(self.folder / "data" / "pichub.db")) as db:
            places = rng.sample(range(1, self.rows), count)
            found = db.execute(
                f"SELECT created_at, id FROM images WHERE id IN ({','.join('?' * count)})",  # noqa: S608
                [_copy_id(place) for place in places],
            ).fetchall()
        return [str(Cursor(datetime.fromisoformat(at), id)) for at, id in found]


PICHUB: list[str | Path] = [Path(sys.executable).parent / "pichub", "serve"]


def seeded_pichub(folder: Path, photo: Path, rows: int) -> SeededPicHub:
    """Upload one image and copy its row, each copy a second older."""
    folder.mkdir()
    port = free_port()
    log = folder / "first.log"
    with running(
        [*PICHUB, "--data-dir", folder / "data", "--port", str(port)], log=log, cwd=folder, env=LIMITS
    ):
        wait_until_ready(port, "/")
        token = token_of(log)
        upload_all(port, token, [photo])
    with closing(sqlite3.connect(folder / "data" / "pichub.db")) as db:
        _copy_rows(db, "images", rows - 1, {
            "id": "'img_' || printf('%026d', n)",
            "filename": "'IMG_' || n || '.jpg'",
            "created_at": "strftime('%Y-%m-%d %H:%M:%S', t.created_at, '-' || n || ' seconds') || '.000000+00:00'",
        })  # fmt: skip
        db.execute("UPDATE accounts SET image_count = ?", (rows,))
        db.commit()
    return SeededPicHub(folder, token, rows)


def _copy_id(number: int) -> str:
    return f"img_{number:026d}"


@dataclass(frozen=True, slots=True)
class SeededDirectus:
    scratch: Scratch
    folder: Path
    token: str
    rows: int

    @contextmanager
    def running(self) -> Iterator[ListServer]:
        port = free_port()
        env = directus.environment(self.folder, self.token, port)
        command = [self.scratch.node_for_directus, directus.executable(self.scratch), "start"]
        with running(command, log=self.folder / "serve.log", cwd=self.folder, env=env) as tree:
            wait_until_ready(port, directus.PING)
            server = BenchmarkServer("Directus", port, tree, no_address, headers=_bearer(self.token))
            graphql = "/graphql/system?" + urlencode({"query": DIRECTUS_NEWEST})
            wanted = {
                "limit": 20,
                "sort": "-uploaded_on",
                "meta": "filter_count",
                "fields": DIRECTUS_FIELDS.replace(" ", ","),
            }
            yield ListServer(server, self.rows, graphql, "/files?" + urlencode(wanted))


def _seeded_directus(scratch: Scratch, folder: Path, photo: Path, rows: int) -> SeededDirectus:
    folder.mkdir()
    token, port = token_hex(), free_port()
    env = directus.environment(folder, token, port)
    command = [scratch.node_for_directus, directus.executable(scratch)]
    run([*map(str, command), "bootstrap"], folder, env)
    with running([*command, "start"], log=folder / "first.log", cwd=folder, env=env):
        wait_until_ready(port, directus.PING)
        directus.upload(port, token, photo)
    with closing(sqlite3.connect(folder / "data.db")) as db:
        _copy_rows(db, "directus_files", rows - 1, {
            "id": "printf('%08x-0000-4000-8000-%012x', n, n)",
            "filename_download": "'IMG_' || n || '.jpg'",
            "uploaded_on": "t.uploaded_on - 1000 * n",
        })  # fmt: skip
        db.commit()
    return SeededDirectus(scratch, folder, token, rows)


def _copy_rows(db: sqlite3.Connection, table: str, count: int, new: dict[str, str]) -> None:
    """Copy the single row of a table `count` times, replacing columns by these SQL expressions of `n`."""
    columns = [column[1] for column in db.execute(f"PRAGMA table_info({table})")]
    values = ", ".join(new.get(column, f't."{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    db.execute(f"CREATE TEMP TABLE one AS SELECT * FROM {table}")  # noqa: S608
    db.execute(
        f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)"  # noqa: S608
        f" INSERT INTO {table} ({names}) SELECT {values} FROM numbers, one t",
        (count,),
    )


@dataclass(frozen=True, slots=True)
class BareStrawberry:
    """Strawberry on objects in memory with its caches: no database, authentication or rate limits."""

    folder: Path

    @contextmanager
    def running(self) -> Iterator[ListServer]:
        port = free_port()
        command = [sys.executable, PEERS / "bare_strawberry.py", str(port)]
        with running(command, log=self.folder / "bare.log", cwd=PEERS) as tree:
            wait_until_ready(port, "/")
            yield ListServer(
                BenchmarkServer("Strawberry alone", port, tree, no_address), 20, graphql_url(NEWEST)
            )


def _bearer(token: str) -> tuple[str, ...]:
    return (f"Authorization: Bearer {token}",)
