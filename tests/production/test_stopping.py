"""How a server ends: it says so first, while it still answers."""

import json
import os
import signal
import subprocess
from pathlib import Path

import requests

from tests.cli.test_commands import PICHUB


def test_a_server_that_is_told_to_stop_says_so_and_answers_until_the_drain_is_over(tmp_path: Path) -> None:
    environ = {**os.environ, "PICHUB_SHUTDOWN_DELAY": "30", "PICHUB_LOG_FORMAT": "json"}
    command = [PICHUB, "serve", "--port", "0", "--data-dir", tmp_path]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ
    ) as process:
        assert process.stdout
        try:
            url = next(line for line in process.stdout if "http://" in line).rpartition(" ")[2].strip()
            with requests.Session() as asked:
                assert asked.get(f"{url}/readyz", timeout=20).status_code == 200
                process.send_signal(signal.SIGTERM)
                while (told := requests.get(f"{url}/readyz", timeout=20)).status_code == 200:
                    pass
                assert (told.status_code, told.json()["status"]) == (503, "stopping")
                later = asked.get(f"{url}/v1/images", headers={"X-Request-Id": "still-here"}, timeout=20)
                assert later.status_code == 401
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=15)
        finally:
            process.kill()
    lines = [json.loads(line) for line in errors.splitlines()]
    (line,) = [line for line in lines if line["logger"] == "pichub.access"]
    assert (line["request_id"], line["status"], line["address"]) == ("still-here", 401, "/v1/images")
