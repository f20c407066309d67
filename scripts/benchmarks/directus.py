"""Directus as its documentation has one run it on one machine: SQLite, files in a folder, one process."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import Any

import requests

from scripts.benchmarks.machine import Scratch, run
from scripts.benchmarks.processes import HOST, PATIENCE, Failed, first_answer, free_port, running
from scripts.benchmarks.servers import Server, Wish, timed

PING = "/server/ping"
PUBLIC_POLICY = "abf8a154-5b1c-4a46-ac9c-7300570f4f17"
"""The same in every Directus: what it allows, everyone may do who has no token."""


@contextmanager
def directus(scratch: Scratch, work: Path, names: Sequence[Path]) -> Iterator[Server]:
    """Pictures are uploaded over its API, and all may read them, as is usual where they are shown on pages."""
    folder = work / "directus"
    folder.mkdir()
    token = token_hex()
    command = [scratch.node_for_directus, program(scratch)]
    settings = partial(environment, folder, token)
    run([*map(str, command), "bootstrap"], folder, settings(free_port()))
    port = free_port()
    with running([*command, "start"], log=folder / "first.log", cwd=folder, env=settings(port)):
        first_answer(port, PING)
        ids = [uploaded(port, token, name) for name in names]
        _let_everyone_read(port, token)

    def address(wish: Wish, copy: int, width: int, height: int) -> str:
        format_ = {"jpeg": "jpg"}.get(wish.format, wish.format)
        asked = f"width={width}&height={height}&fit=cover&format={format_}&quality={wish.quality}"
        return f"/assets/{ids[copy]}?{asked}"

    with timed(lambda _: [*command, "start"], folder, PING, settings) as (port, tree, took, idle):
        yield Server("Directus", port, tree, address, started_in=took, idle_memory=idle)


def program(scratch: Scratch) -> Path:
    """What `directus` itself imports, once it has asked the registry for a newer version."""
    return scratch.directus / "node_modules" / "@directus" / "api" / "dist" / "cli" / "run.js"


def environment(folder: Path, token: str, port: int) -> dict[str, str]:
    """Nothing is told to anyone, nothing is refused, nothing but errors is written to the log."""
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


def uploaded(port: int, token: str, name: Path) -> str:
    files = {"file": (name.name, name.read_bytes(), "image/jpeg")}
    return str(_posted(port, token, "/files", files=files)["id"])


def _let_everyone_read(port: int, token: str) -> None:
    rule = {"policy": PUBLIC_POLICY, "collection": "directus_files", "action": "read"}
    _posted(port, token, "/permissions", json=rule | {"fields": ["*"], "permissions": {}})


def _posted(port: int, token: str, path: str, **body: Any) -> dict[str, Any]:
    answer = requests.post(
        f"http://{HOST}:{port}{path}",
        headers={"Authorization": f"Bearer {token}"},
        timeout=PATIENCE,
        **body,
    )
    if not answer.ok:
        raise Failed(f"Directus answered {path} with {answer.status_code}: {answer.text}")
    data: dict[str, Any] = answer.json()["data"]
    return data
