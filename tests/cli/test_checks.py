"""`pichub doctor` on healthy and broken installations."""

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests

from app.cli.checks import settings_conflicts
from app.cli.checks.findings import Finding, Level
from app.settings import Settings, unknown_variables
from scripts.fixtures import sample_images
from tests.cli.test_commands import run, serving, token_of

SECRET = "x" * 40


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data folder of an installation with images."""
    folder = tmp_path_factory.mktemp("installation") / "data"
    token = token_of(run("migrate", PICHUB_DATA_DIR=str(folder)).stdout)
    with serving(folder) as (_, url):
        signed = {"Authorization": f"Bearer {token}"}
        for _ in range(2):
            response = requests.post(
                f"{url}/v1/upload",
                headers=signed,
                files={"image": ("a.png", sample_images.png())},
                timeout=20,
            )
            assert response.status_code == 200, response.text
    return folder


@pytest.fixture
def folder(installation: Path, tmp_path: Path) -> Path:
    """A copy, to be broken."""
    return shutil.copytree(installation, tmp_path / "data")


def run_doctor(folder: Path, **environ: str) -> tuple[int, dict[str, tuple[str, str]]]:
    """Run doctor. Return its exit code, and level and message by subject, the most severe last."""
    done = run("doctor", "--json", "--data-dir", str(folder), **environ)
    assert done.stderr == "", done.stderr
    lines: list[dict[str, Any]] = json.loads(done.stdout)
    assert all(line["advice"] for line in lines if line["level"] != "ok")
    rank = ["ok", "warning", "problem"]
    lines.sort(key=lambda line: rank.index(line["level"]))
    return done.returncode, {line["about"]: (line["level"], line["said"]) for line in lines}


def test_healthy_installation_with_and_without_server(folder: Path) -> None:
    code, lines = run_doctor(folder)
    assert (code, {level for level, _ in lines.values()}) == (0, {"ok"}), lines
    assert set(lines) == {
        *("settings", "data folder", "secrets", "disk", "codecs", "storage", "transforms", "database"),
        *("clock", "worker", "webhooks", "orphans", "lost pictures"),
    }
    assert lines["lost pictures"][1] == "0 of 2 images looked at have no bytes"
    with serving(folder):
        assert run_doctor(folder)[0] == 0
    assert not (folder / "storage" / "health").exists()


def test_text_output_has_findings_with_advice(folder: Path) -> None:
    done = run("doctor", "--data-dir", str(folder), PICHUB_PROT="1")
    first, advice, *rest = done.stdout.splitlines()
    assert first == "warning  settings: PICHUB_PROT is no setting"
    assert advice.strip() == "→ did you mean PICHUB_PORT? docs/settings.md lists them all"
    assert all(line.startswith("ok  ") for line in rest)
    assert done.returncode == 0


@pytest.mark.parametrize(
    "setting",
    [
        {"PICHUB_PORT": "eighty"},
        {"PICHUB_STORAGE_URL": "s3://pictures?nope=1"},
        {"PICHUB_S3_ACCESS_KEY": "a", "PICHUB_STORAGE_URL": "s3://pictures"},
        {"PICHUB_DATABASE_URL": "postgres://host"},
    ],
)
def test_invalid_setting_is_a_finding(folder: Path, setting: dict[str, str]) -> None:
    code, lines = run_doctor(folder, **setting)
    assert (code, list(lines)) == (1, ["settings"])
    assert next(iter(setting)) in lines["settings"][1]


def test_checks_create_nothing(tmp_path: Path) -> None:
    code, lines = run_doctor(tmp_path / "none")
    assert (code, lines["database"][0]) == (0, "warning")
    assert not (tmp_path / "none").exists()
    (tmp_path / "empty").mkdir()
    assert run_doctor(tmp_path / "empty")[0] == 0
    assert list((tmp_path / "empty").iterdir()) == []


def broken_database(folder: Path) -> None:
    (folder / "pichub.db").write_bytes(b"not a database" * 1000)


def newer_database(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "pichub.db")) as rows, rows:
        rows.execute(
            "INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('pichub', '9999_later', '2026-01-01')"
        )


def older_database(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "pichub.db")) as rows, rows:
        rows.execute("DELETE FROM tortoise_migrations WHERE name LIKE '0004%'")


def open_secrets(folder: Path) -> None:
    (folder / "url-secrets.json").chmod(0o644)


def broken_secrets(folder: Path) -> None:
    (folder / "url-secrets.json").write_text("{}")


def lost_bytes(folder: Path) -> None:
    next((folder / "storage" / "originals").iterdir()).unlink()


def open_folder(folder: Path) -> None:
    folder.chmod(0o777)


def no_storage(folder: Path) -> None:
    shutil.rmtree(folder / "storage")
    (folder / "storage").write_text("a file")


@pytest.mark.parametrize(
    ("breaks", "about", "said"),
    [
        (broken_database, "database", "file is not a database"),
        (newer_database, "database", "1 migrations that this version does not know, such as 9999_later"),
        (older_database, "database", "1 migrations are to come: run 'pichub migrate'"),
        (open_secrets, "secrets", "others than its owner may read"),
        (broken_secrets, "secrets", "can't be read as secrets"),
        (lost_bytes, "lost pictures", "1 of 2 images looked at have no bytes, such as img_"),
        (open_folder, "data folder", "everybody may write to"),
        (no_storage, "data folder", "storage: File exists"),
    ],
)
def test_problems_do_not_stop_other_checks(folder: Path, breaks: Any, about: str, said: str) -> None:
    breaks(folder)
    code, lines = run_doctor(folder)
    assert code == 1
    assert lines[about][0] == "problem"
    assert said in lines[about][1]
    assert lines["codecs"][0] == "ok"


def test_files_without_a_row_are_a_warning(folder: Path) -> None:
    original = next((folder / "storage" / "originals").iterdir())
    orphan = original.with_name(f"img_{'0' * 26}.png")
    shutil.copy(original, orphan)
    os.utime(orphan, (1_700_000_000,) * 2)
    code, lines = run_doctor(folder)
    assert (code, lines["orphans"]) == (0, ("warning", "1 of 3 originals looked at have no row"))


def test_missing_external_worker_is_a_problem(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "pichub.db")) as rows, rows:
        rows.execute("DELETE FROM leases")
    code, lines = run_doctor(folder, PICHUB_WORKER="external")
    assert (code, lines["worker"][0]) == (1, "problem")


def test_full_disk_is_a_problem(folder: Path) -> None:
    code, lines = run_doctor(folder, PICHUB_MIN_FREE_DISK="1000000GB")
    assert (code, lines["disk"][0]) == (1, "problem")


def found_conflicts(shared: bool = False, **settings: Any) -> Iterator[tuple[Level, str]]:
    return (
        (line.level, line.message)
        for line in settings_conflicts.conflicts(Settings(**settings), secret_is_shared=shared)
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"host": "0.0.0.0"}, "it listens on 0.0.0.0, and links are made with http://localhost:8000"),
        ({"public_url": "http://pictures.example.org"}, "without https"),
        ({"public_url": "https://pictures.example.org"}, "a proxy that is not trusted"),
        (
            {"host": "::", "metrics": True, "public_url": "http://[::1]"},
            "whoever reaches the server reads /metrics",
        ),
        ({"sign_up": "open"}, "any number of bytes"),
        ({"url_secret_old": SECRET}, "PICHUB_URL_SECRET is not"),
        ({"storage_url": "s3://pictures"}, "the database is a file in this one's data folder"),
    ],
)
def test_conflicting_settings_are_a_warning(settings: dict[str, Any], said: str) -> None:
    ((level, text),) = found_conflicts(**settings)
    assert level is Level.WARNING
    assert said in text


def test_servers_without_a_shared_secret_are_a_problem() -> None:
    settings = {"database_url": "postgres://u:p@h/d", "storage_url": "s3://b", "redis_url": "redis://h"}
    assert list(found_conflicts(shared=True, **settings)) == []
    ((level, text),) = found_conflicts(**settings)
    assert (level, "a secret of its own" in text) == (Level.PROBLEM, True)


def test_unknown_variables_are_found() -> None:
    environ = {
        "PICHUB_PUBLIC_ULR": "x",
        "PICHUB_ZZZ": "",
        "PICHUB_PORT_FILE": "x",
        "PICHUB_TOKEN": "x",
        "PATH": "",
    }
    assert unknown_variables(environ) == [("PICHUB_PUBLIC_ULR", "PICHUB_PUBLIC_URL"), ("PICHUB_ZZZ", None)]


def test_findings_have_no_secrets() -> None:
    lines: list[Finding] = list(
        settings_conflicts.conflicts(
            Settings(database_url="postgres://ann:hunter2@db/p", url_secret_old=SECRET),
            secret_is_shared=False,
        )
    )
    assert not any("hunter2" in repr(line) or SECRET in repr(line) for line in lines)
