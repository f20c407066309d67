"""A server that stops lets nobody hold it up."""

import time
from pathlib import Path

import requests

from tests.cli.test_commands import run, serving, token_of


def test_who_follows_an_event_stream_does_not_hold_up_a_server_that_stops(tmp_path: Path) -> None:
    token = token_of(run("migrate", PICHUB_DATA_DIR=str(tmp_path)).stdout)
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
    with serving(tmp_path) as (_, url):
        body = {"query": "subscription { events { id type } }"}
        stream = requests.post(f"{url}/graphql", headers=headers, json=body, stream=True, timeout=20)
        assert stream.headers["content-type"].startswith("text/event-stream")
        began = time.perf_counter()
    assert time.perf_counter() - began < 5
    stream.close()
