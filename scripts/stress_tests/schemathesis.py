# ruff: noqa: S603  (the commands are constants of this file)
"""Requests generated from the schemas by Schemathesis, installed in a separate environment."""

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

from scripts.benchmarks.processes import ProcessFailed
from scripts.stress_tests.report import StressReport
from scripts.stress_tests.response_checks import violation
from scripts.stress_tests.server import StressServer

LOCK = Path(__file__).parents[1] / "locks" / "stress.txt"
ENVIRONMENT_DIR = Path(gettempdir(), "pichub-stress")
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "allow_header_conformance",
    "unsupported_method",
    "ignored_auth",
)
EXCLUDED_OPERATIONS = r"\.(uploadImages?|signOut\w*|changePassword)$"
"""Uploads need real files, and signing out would end the run's session."""


def ensure_installed() -> Path:
    """Return the command, installed once for each version of its lock file. Raises ProcessFailed."""
    folder = ENVIRONMENT_DIR / f"schemathesis-{sha256(LOCK.read_bytes()).hexdigest()[:12]}"
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
            raise ProcessFailed(f"{' '.join(step)}: {done.stdout}{done.stderr}")
    return command


def check_rest(server: StressServer, report: StressReport, *, examples: int, seed: int, folder: Path) -> int:
    """Test the REST API. Return the number of requests; failures go to the report."""
    options = ["--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing"]
    told = _run_schemathesis(
        server, "/v1/openapi.json", options, examples=examples, seed=seed, folder=folder / "rest"
    )
    return check_interactions(told, report, with_checks=True)


def check_graphql(
    server: StressServer, report: StressReport, *, examples: int, seed: int, folder: Path
) -> int:
    """Test the GraphQL API, without Schemathesis's own checks, which count any GraphQL error as the server's."""
    options = ["--checks", "not_a_server_error", "--exclude-name-regex", EXCLUDED_OPERATIONS]
    told = _run_schemathesis(
        server, "/graphql", options, examples=examples, seed=seed, folder=folder / "graphql"
    )
    return check_interactions(told, report, with_checks=False)


def _run_schemathesis(
    server: StressServer, path: str, options: Sequence[str], *, examples: int, seed: int, folder: Path
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    told = folder / "report.ndjson"
    done = subprocess.run(
        [
            str(ensure_installed()), "run", f"{server.url}{path}", *options,
            "-H", f"Authorization: Bearer {server.token}",
            "--max-examples", str(examples), "--seed", str(seed), "--no-shrink",
            "--continue-on-failure", "--request-timeout", "20", "--warnings", "off",
            "--suppress-health-check", "all", "--report-ndjson-path", str(told), "--no-color",
        ],
        check=False, capture_output=True, text=True, cwd=folder, timeout=3600,
    )  # fmt: skip
    (folder / "said.txt").write_text(done.stdout + done.stderr)
    if done.returncode not in {0, 1} or not told.exists():
        raise ProcessFailed(f"schemathesis: {done.stdout[-3000:]}{done.stderr[-3000:]}")
    return told


def check_interactions(told: Path, report: StressReport, *, with_checks: bool) -> int:
    """Check the recorded requests and responses; report violations and failed checks."""
    count, found = 0, set()
    for line in told.read_text().splitlines():
        event = json.loads(line)
        if error := event.get("NonFatalError"):
            found.add(f"it could not ask: {str(error)[:500]}")
        recorder = event.get("ScenarioFinished", {}).get("recorder", {})
        for interaction in recorder.get("interactions", {}).values():
            count += 1
            if wrong := _violation(interaction):
                found.add(f"{recorder.get('label')}: {wrong}")
        for check in chain.from_iterable(recorder.get("checks", {}).values()) if with_checks else ():
            if check.get("status") != "success":
                found.add(f"{recorder.get('label')}: {str(check)[:500]}")
    for each in sorted(found):
        report.failure(f"Schemathesis, {each}")
    report.check(count, "Schemathesis sent nothing")
    return count


def _violation(interaction: dict[str, Any]) -> str | None:
    answer = interaction.get("response")
    if not answer:
        return "no answer within 20 s"
    headers = {name: values[0] for name, values in answer["headers"].items()}
    return violation(answer["status_code"], headers, _bytes(answer.get("content")))


def _bytes(content: Any) -> bytes:
    if isinstance(content, dict):
        return b64decode(content["$base64"])
    return (content or "").encode()
