"""Directus as its documentation runs it on one machine: SQLite, files in a folder, one process."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import Any

import requests

from scripts.benchmarks.machine import Scratch, run
from scripts.benchmarks.processes import (
    HOST,
    START_TIMEOUT_SECONDS,
    ProcessFailed,
    free_port,
    running,
    wait_until_ready,
)
from scripts.benchmarks.servers import BenchmarkServer, Workload, timed_server

PING = "/server/ping"
PUBLIC_POLICY = "abf8a154-5b1c-4a46-ac9c-7300570f4f17"
"""Id of the public policy, the same in every Directus: the permissions of requests without a token."""


@contextmanager
def directus(scratch: Scratch, work: Path, names: Sequence[Path]) -> Iterator[BenchmarkServer]:
    """Run Directus with images uploaded over its API and readable by everyone, as usual for public pages."""
    folder = work / "directus"
    folder.mkdir()
    token = token_hex()
    command = [scratch.node_for_directus, executable(scratch)]
    settings = partial(environment, folder, token)
    run([*map(str, command), "bootstrap"], folder, settings(free_port()))
    port = free_port()
    with running([*command, "start"], log=folder / "first.log", cwd=folder, env=settings(port)):
        wait_until_ready(port, PING)
        ids = [upload(port, token, name) for name in names]
        _allow_public_reads(port, token)

    def address(workload: Workload, copy: int, width: int, height: int) -> str:
        format_ = {"jpeg": "jpg"}.get(workload.format, workload.format)
        query = f"width={width}&height={height}&fit=cover&format={format_}&quality={workload.quality}"
        return f"/assets/{ids[copy]}?{query}"

    with timed_server(lambda _: [*command, "start"], folder, PING, settings) as (port, tree, took, idle):
        yield BenchmarkServer("Directus", port, tree, address, started_in=took, idle_memory=idle)


def executable(scratch: Scratch) -> Path:
    """Return the program that `directus` runs after it has asked the registry for a newer version."""
    return scratch.directus / "node_modules" / "@directus" / "api" / "dist" / "cli" / "run.js"


def environment(folder: Path, token: str, port: int) -> dict[str, str]:
    """Environment without telemetry and rate limits, logging only errors."""
    return {
        "NODE_ENV": "production",
        "HOST": HOST,
        "PORT": str(port),
        "SECRET": token,
        "ADMIN_EMAIL": "admin@example.com",
        "ADMIN_PASSWORD": token,
        "ADMIN_TOKEN": token,
        "DB_CLIENT": "sqlite3",
        "DB_FILENAME": str(folder / "data.db"),
        "STORAGE_LOCATIONS": "local",
        "STORAGE_LOCAL_DRIVER": "local",
        "STORAGE_LOCAL_ROOT": str(folder / "uploads"),
        "EXTENSIONS_PATH": str(folder / "extensions"),
        "TEMP_PATH": str(folder / "temporary"),
        "TELEMETRY": "false",
        "EMAIL_VERIFY_SETUP": "false",
        "LOG_LEVEL": "error",
        "RATE_LIMITER_ENABLED": "false",
        "PRESSURE_LIMITER_ENABLED": "false",
        "ASSETS_TRANSFORM_MAX_CONCURRENT": "1000",
        "ASSETS_TRANSFORM_TIMEOUT": "60s",
        "ASSETS_CACHE_TTL": "365d",
    }


def upload(port: int, token: str, name: Path) -> str:
    files = {"file": (name.name, name.read_bytes(), "image/jpeg")}
    return str(_post(port, token, "/files", files=files)["id"])


def _allow_public_reads(port: int, token: str) -> None:
    rule = {"policy": PUBLIC_POLICY, "collection": "directus_files", "action": "read"}
    _post(port, token, "/permissions", json=rule | {"fields": ["*"], "permissions": {}})


def _post(port: int, token: str, path: str, **body: Any) -> dict[str, Any]:
    answer = requests.post(
        f"http://{HOST}:{port}{path}",
        headers={"Authorization": f"Bearer {token}"},
        timeout=START_TIMEOUT_SECONDS,
        **body,
    )
    if not answer.ok:
        raise ProcessFailed(f"Directus answered {path} with {answer.status_code}: {answer.text}")
    data: dict[str, Any] = answer.json()["data"]
    return data
