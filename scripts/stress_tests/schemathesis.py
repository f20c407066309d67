# ruff: noqa: S603  (what is started here is named in this file)
"""Requests that another tool makes of our schemas: Schemathesis, in an environment of its own beside the data."""

import json
import os
import subprocess
import sys
from base64 import b64decode
from collections.abc import Sequence
from hashlib import sha256
from itertools import chain
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from scripts.benchmarks.processes import Failed
from scripts.stress_tests.report import Report
from scripts.stress_tests.response_checks import wrong_with
from scripts.stress_tests.server import Server

LOCK = Path(__file__).parents[1] / "locks" / "stress.txt"
HOME = Path(gettempdir(), "pichub-stress")
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "allow_header_conformance",
    "unsupported_method",
    "ignored_auth",
)
NOT_CALLED = r"\.(uploadImages?|signOut\w*|changePassword)$"
"""Files come by our own forms; and whoever ended our session would end the torture."""


def installed() -> Path:
    """The command, set up once for each state of its lock file. Raises Failed."""
    folder = HOME / f"schemathesis-{sha256(LOCK.read_bytes()).hexdigest()[:12]}"
    command = folder / "bin" / "schemathesis"
    if command.exists():
        return command
    uv = str(Path(sys.executable).with_name("uv"))
    for step in (
        [uv, "venv", "--quiet", "--python", sys.executable, str(folder)],
        [uv, "pip", "sync", "--quiet", "--python", str(folder), "--require-hashes", str(LOCK)],
    ):
        done = subprocess.run(
            step, check=False, capture_output=True, text=True, env={**os.environ, "UV_SYSTEM_CERTS": "1"}
        )
        if done.returncode:
            raise Failed(f"{' '.join(step)}: {done.stdout}{done.stderr}")
    return command


def over_rest(server: Server, report: Report, *, examples: int, seed: int, folder: Path) -> int:
    """How many requests were sent; what they broke is told to the report."""
    options = ["--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing"]
    told = _told(server, "/v1/openapi.json", options, examples=examples, seed=seed, folder=folder / "rest")
    return judged(told, report, with_checks=True)


def over_graphql(server: Server, report: Report, *, examples: int, seed: int, folder: Path) -> int:
    """The same. Its own verdict is left out: to it any error is the server's."""
    options = ["--checks", "not_a_server_error", "--exclude-name-regex", NOT_CALLED]
    told = _told(server, "/graphql", options, examples=examples, seed=seed, folder=folder / "graphql")
    return judged(told, report, with_checks=False)


def _told(
    server: Server, path: str, options: Sequence[str], *, examples: int, seed: int, folder: Path
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    told = folder / "report.ndjson"
    done = subprocess.run(
        [
            str(installed()), "run", f"{server.url}{path}", *options,
            "-H", f"Authorization: Bearer {server.token}",
            "--max-examples", str(examples), "--seed", str(seed), "--no-shrink",
            "--continue-on-failure", "--request-timeout", "20", "--warnings", "off",
            "--suppress-health-check", "all", "--report-ndjson-path", str(told), "--no-color",
        ],
        check=False, capture_output=True, text=True, cwd=folder, timeout=3600,
    )  # fmt: skip
    (folder / "said.txt").write_text(done.stdout + done.stderr)
    if done.returncode not in {0, 1} or not told.exists():
        raise Failed(f"schemathesis: {done.stdout[-3000:]}{done.stderr[-3000:]}")
    return told


def judged(told: Path, report: Report, *, with_checks: bool) -> int:
    """Looks through what it sent and was answered; tells what is no answer of ours, and what its checks found."""
    count, found = 0, set()
    for line in told.read_text().splitlines():
        event = json.loads(line)
        if error := event.get("NonFatalError"):
            found.add(f"it could not ask: {str(error)[:500]}")
        recorder = event.get("ScenarioFinished", {}).get("recorder", {})
        for interaction in recorder.get("interactions", {}).values():
            count += 1
            if wrong := _wrong(interaction):
                found.add(f"{recorder.get('label')}: {wrong}")
        for check in chain.from_iterable(recorder.get("checks", {}).values()) if with_checks else ():
            if check.get("status") != "success":
                found.add(f"{recorder.get('label')}: {str(check)[:500]}")
    for each in sorted(found):
        report.broke(f"Schemathesis, {each}")
    report.holds(count, "Schemathesis sent nothing")
    return count


def _wrong(interaction: dict[str, Any]) -> str | None:
    answer = interaction.get("response")
    if not answer:
        return "no answer within 20 s"
    headers = {name: values[0] for name, values in answer["headers"].items()}
    return wrong_with(answer["status_code"], headers, _bytes(answer.get("content")))


def _bytes(content: Any) -> bytes:
    if isinstance(content, dict):
        return b64decode(content["$base64"])
    return (content or "").encode()
