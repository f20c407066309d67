"""The worker and the sweep as processes of their own, beside servers and without them."""

import json
import os
import secrets
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import requests

from app.ids import CROCKFORD_ALPHABET, ULID_LENGTH
from scripts.fixtures import sample_images
from scripts.fixtures.servers.seaweed import free_ports
from tests.cli.test_commands import PICHUB, run, serving

IN_TIME = 12.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    assert run("migrate", PICHUB_DATA_DIR=str(tmp_path)).returncode == 0
    return tmp_path


@contextmanager
def working(folder: Path, **environ: str) -> Iterator[subprocess.Popen[str]]:
    """A worker that has begun."""
    command = [PICHUB, "worker", "--data-dir", folder]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **environ}
    ) as process:
        assert process.stdout
        try:
            said = process.stdout.readline()
            assert said == f"PicHub's worker runs on {folder}: relay, delivery, sweep, pulse\n"
            yield process
        finally:
            process.kill()


def orphans(folder: Path, count: int) -> Path:
    """The folder of originals, with bytes that no image has and that were put two hours ago."""
    originals = folder / "storage" / "originals"
    originals.mkdir(parents=True, exist_ok=True)
    for _ in range(count):
        path = (
            originals / f"img_{''.join(secrets.choice(CROCKFORD_ALPHABET) for _ in range(ULID_LENGTH))}.jpg"
        )
        path.write_bytes(b"12345")
        os.utime(path, (time.time() - 7200,) * 2)
    return originals


def until(condition: Callable[[], object], *, within: float = 10) -> None:
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_told_to_stop_does_so_in_time(folder: Path, number: signal.Signals) -> None:
    with working(folder) as one, working(folder) as two:
        for process in (one, two):
            process.send_signal(number)
        for process in (one, two):
            _, errors = process.communicate(timeout=IN_TIME)
            assert (process.returncode, errors) == (0, "")


def test_a_worker_that_was_killed_is_followed_by_one_that_goes_on(folder: Path) -> None:
    with working(folder) as first:
        first.kill()
    with working(folder) as second:
        second.terminate()
        assert second.wait(IN_TIME) == 0


def test_a_worker_wants_a_pichub_to_work_for(tmp_path: Path) -> None:
    done = run("worker", "--data-dir", str(tmp_path / "none"))
    assert done.returncode == 1
    assert "has no PicHub database" in done.stderr
    assert not (tmp_path / "none").exists()


def test_a_worker_apart_passes_on_what_happens_at_a_server(folder: Path) -> None:
    with (
        serving(folder, PICHUB_WORKER="external") as (_, url),
        working(folder),
        closing(sqlite3.connect(folder / "pichub.db")) as rows,
    ):
        token = json.loads(run("token", "create", "admin", "--json", "--data-dir", str(folder)).stdout)[
            "token"
        ]
        answer = requests.post(
            f"{url}/v1/upload",
            headers={"Authorization": f"Bearer {token}"},
            files={"image": ("a.png", sample_images.png())},
            timeout=20,
        )
        assert answer.status_code == 200, answer.text
        until(lambda: rows.execute("SELECT position FROM relay_cursors").fetchall() == [(1,)])


def test_a_sweep_beside_a_server_tells_what_it_removed(folder: Path) -> None:
    originals = orphans(folder, 20)
    with serving(folder):
        dry = run("sweep", "--dry-run", "--json", "--data-dir", str(folder))
        assert len(list(originals.iterdir())) == 20
        wet = run("sweep", "--json", "--data-dir", str(folder))
    assert (dry.returncode, wet.returncode) == (0, 0)
    would, did = json.loads(dry.stdout), json.loads(wet.stdout)
    assert (would.pop("dry_run"), did.pop("dry_run")) == (True, False)
    assert would == did
    assert did["total"] == did["removed"]["originals"] == {"count": 20, "bytes": 100}
    assert not originals.exists()
    again = run("sweep", "--data-dir", str(folder)).stdout.splitlines()
    assert again[0].split() == ["removed", "count", "size"]
    assert again[-1].split()[:2] == ["all", "0"]


def test_originals_without_a_database_of_theirs_are_held_back(folder: Path) -> None:
    originals = orphans(folder, 101)
    done = run("sweep", "--data-dir", str(folder))
    assert done.returncode == 1
    assert "101 of 101 originals have no row in the database" in done.stderr
    assert len(list(originals.iterdir())) == 101
    assert run("sweep", "--force", "--data-dir", str(folder)).returncode == 0
    assert not originals.exists()


def test_a_sweep_that_is_killed_is_finished_by_the_next_once_its_lease_is_over(folder: Path) -> None:
    command = [PICHUB, "sweep", "--force", "--data-dir", folder]
    for number in (4_000, 16_000):  # it may be done before a busy machine lets us look
        originals = orphans(folder, number)
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            until(lambda: len(list(originals.glob("*"))) < number, within=40)  # noqa: B023
            process.kill()
        if left := len(list(originals.glob("*"))):
            break
    assert 0 < left < number
    held = run("sweep", "--data-dir", str(folder))
    assert (held.returncode, held.stderr) == (
        1,
        "Error: Another process is sweeping; ask again in a few minutes\n",
    )
    with closing(sqlite3.connect(folder / "pichub.db")) as rows, rows:
        rows.execute("UPDATE leases SET expires_at = '2026-01-01 00:00:00+00:00'")
    assert run("sweep", "--force", "--data-dir", str(folder)).returncode == 0
    assert not originals.exists()


def test_a_worker_with_a_port_says_how_it_does_and_ends_when_told(folder: Path) -> None:
    (port,) = free_ports(1)
    settings = {"PICHUB_WORKER_PORT": str(port), "PICHUB_METRICS": "on", "PICHUB_METRICS_TOKEN": "x" * 40}
    with working(folder, **settings) as worker:
        url = f"http://127.0.0.1:{port}"
        until(lambda: run("health", "--worker", "--ready", **settings).returncode == 0)
        assert requests.get(f"{url}/healthz", timeout=10).text == "ok\n"
        assert requests.get(f"{url}/readyz", timeout=10).json()["checks"]["database"]["status"] == "ok"
        assert requests.get(f"{url}/metrics", timeout=10).status_code == 401
        page = requests.get(
            f"{url}/metrics", headers={"Authorization": f"Bearer {'x' * 40}"}, timeout=10
        ).text
        assert "pichub_deliveries_pending 0.0" in page
        assert requests.get(f"{url}/v1/images", timeout=10).status_code == 404
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(20) == 0
    assert "the worker has no port" in run("health", "--worker").stderr
