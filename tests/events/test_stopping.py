"""Shutdown with open event streams."""

import time
from pathlib import Path

import requests

from tests.cli.test_commands import run, serving, token_of


def test_open_event_streams_do_not_delay_shutdown(tmp_path: Path) -> None:
    token = token_of(run("migrate", PICHUB_DATA_DIR=str(tmp_path)).stdout)
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
    with serving(tmp_path) as (_, url):
        body = {"query": "subscription { events { id type } }"}
        stream = requests.post(f"{url}/graphql", headers=headers, json=body, stream=True, timeout=20)
        assert stream.headers["content-type"].startswith("text/event-stream")
        started = time.perf_counter()
    assert time.perf_counter() - started < 5
    stream.close()
