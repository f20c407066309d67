"""The command line, in its own process."""

import json
import os
import pty
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from scripts.fixtures import sample_images

PICHUB = Path(sys.executable).with_name("pichub")


@contextmanager
def serving(folder: Path, **environ: str) -> Iterator[tuple[str, str]]:
    """Run `pichub serve`. Return its output, up to its last line, and its URL."""
    command = [PICHUB, "serve", "--port", "0", "--data-dir", folder]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PICHUB_ACCESS_LOG": "off", **environ},
    ) as process:
        assert process.stdout
        try:
            printed = "".join(iter(process.stdout.readline, f"  data      {folder}\n"))
            yield printed, re.findall(r"http://127\.0\.0\.1:\d+", printed)[0]
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=15)


def run(*arguments: str, stdin: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PICHUB, *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        input=stdin,
        env={**os.environ, **environ},
    )


def token_of(printed: str) -> str:
    (token,) = re.findall(r"pchb_pat_\w+", printed)
    return str(token)


def test_only_the_first_start_prints_a_token(tmp_path: Path) -> None:
    first = run("migrate", PICHUB_DATA_DIR=str(tmp_path))
    token = token_of(first.stdout)
    assert "admin / " in first.stdout
    assert "pchb_pat_" not in run("migrate", PICHUB_DATA_DIR=str(tmp_path)).stdout
    with serving(tmp_path) as (printed, url):
        assert f"{url}/v1" in printed
        response = requests.post(
            f"{url}/v1/upload",
            headers={"Authorization": f"Bearer {token}"},
            files={"image": ("a.png", sample_images.png())},
            timeout=20,
        )
        assert response.status_code == 200
        small = requests.get(response.json()["data"]["thumbnail_url"], timeout=20)
        assert (small.status_code, small.headers["content-type"]) == (200, "image/webp")
        assert "server" not in small.headers
    with serving(tmp_path) as (_, url):
        assert (
            requests.get(f"{url}/img/{response.json()['data']['id']}", timeout=20).content
            == sample_images.png()
        )


def test_invalid_setting_is_reported_in_one_line(tmp_path: Path) -> None:
    done = run("serve", PICHUB_PORT="eighty", PICHUB_DATA_DIR=str(tmp_path / "data"))
    assert done.returncode == 1
    assert done.stderr == "pichub: PICHUB_PORT must be an integer from 0 to 65535; it is 'eighty'\n"
    assert not (tmp_path / "data").exists()


def test_invalid_preset_is_reported_in_one_line(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    done = run("serve", PICHUB_PRESETS="hero=w=1600; thumb=w=wide", PICHUB_DATA_DIR=data)
    assert done.returncode == 1
    assert done.stderr == (
        "pichub: PICHUB_PRESETS must be presets such as thumb=w=200&h=200&fit=cover; hero=w=1600&q=75:"
        " in the preset 'thumb', w must be an integer from 1 to 8192; it is 'wide'\n"
    )
    assert not (tmp_path / "data").exists()


def test_invalid_document_is_reported_in_one_line(tmp_path: Path) -> None:
    document = tmp_path / "documents" / "viewer.graphql"
    document.parent.mkdir()
    document.write_text("{ viewr { id } }")
    data = tmp_path / "data"
    failed = run("serve", PICHUB_DATA_DIR=str(data), PICHUB_GRAPHQL_DOCUMENTS=str(document.parent))
    assert failed.returncode == 1
    assert failed.stderr.startswith(
        f"pichub: PICHUB_GRAPHQL_DOCUMENTS: {document}: Cannot query field 'viewr'"
    )
    assert not data.exists()


def test_used_port_is_reported_before_anything_is_created(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = run("serve", "--port", port, "--data-dir", str(tmp_path / "data"))
    assert done.returncode != 0
    assert "in use" in done.stderr
    assert not (tmp_path / "data").exists()


def signed_url(url: str, token: str, image_id: str) -> str:
    query = f'{{ image(id: "{image_id}") {{ signedUrl(expiresIn: 60) }} }}'
    response = requests.post(
        f"{url}/graphql", headers={"Authorization": f"Bearer {token}"}, json={"query": query}, timeout=20
    )
    signed: str = response.json()["data"]["image"]["signedUrl"]
    return signed


def test_url_secret_is_rotated_while_the_server_runs(tmp_path: Path) -> None:
    environ = {"PICHUB_DATA_DIR": str(tmp_path)}
    token = token_of(run("migrate", **environ).stdout)
    headers = {"Authorization": f"Bearer {token}"}
    with serving(tmp_path) as (_, url):
        body = {"name": "mine", "is_public": False}
        album = requests.post(f"{url}/v1/albums", headers=headers, json=body, timeout=20).json()["data"]["id"]
        image = requests.post(
            f"{url}/v1/upload",
            headers=headers,
            files={"image": ("a.png", sample_images.png())},
            data={"album_id": album},
            timeout=20,
        ).json()["data"]
        first = signed_url(url, token, image["id"])
        done = run("secret", "rotate", **environ)
        assert re.fullmatch(
            r"A new secret signs from now on\. What the old one signed holds until [-0-9]+ [:0-9]+ UTC\.\n",
            done.stdout,
        )
        second = signed_url(url, token, image["id"])
        assert [requests.get(each, timeout=20).status_code for each in (first, second)] == [200, 200]
        assert run("secret", "rotate", "--keep-for", "0", **environ).returncode == 0
        assert [requests.get(each, timeout=20).status_code for each in (first, second)] == [200, 404]
    assert (tmp_path / "url-secrets.json").stat().st_mode & 0o777 == 0o600


def test_failed_rotation_is_reported_in_one_line(tmp_path: Path) -> None:
    none = run("secret", "rotate", "--data-dir", str(tmp_path / "data"))
    assert (none.returncode, none.stderr) == (
        1,
        f"pichub: There are no secrets at {tmp_path}/data/url-secrets.json: the first start makes them\n",
    )
    assert not (tmp_path / "data").exists()
    given = run("secret", "rotate", PICHUB_DATA_DIR=str(tmp_path), PICHUB_URL_SECRET="x" * 32)
    assert given.returncode == 1
    assert given.stderr.startswith("pichub: PICHUB_URL_SECRET is set: ")
    (tmp_path / "url-secrets.json").write_text("nonsense")
    for command in (["secret", "rotate"], ["migrate"]):
        bad = run(*command, PICHUB_DATA_DIR=str(tmp_path))
        assert bad.returncode == 1
        assert bad.stderr.startswith(f"pichub: {tmp_path}/url-secrets.json can't be read as secrets")
        assert bad.stderr.count("\n") == 1


def test_schema_is_printed() -> None:
    assert run("schema").stdout.startswith('"""')


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_help_and_version(argument: str) -> None:
    assert "pichub" in run(argument).stdout.lower()


def test_headers_of_untrusted_proxies_are_ignored(tmp_path: Path) -> None:
    with serving(tmp_path, PICHUB_LIMIT_API="1/hour") as (_, url):
        responses = [
            requests.get(f"{url}/v1/images", headers={"X-Forwarded-For": f"203.0.113.{i}"}, timeout=20)
            for i in range(2)
        ]
    assert [response.status_code for response in responses] == [401, 429]


def test_headers_of_trusted_proxies_are_used(tmp_path: Path) -> None:
    with serving(tmp_path, PICHUB_LIMIT_API="1/hour", PICHUB_TRUSTED_PROXIES="127.0.0.0/8") as (_, url):
        responses = [
            requests.get(f"{url}/v1/images", headers={"X-Forwarded-For": f"203.0.113.{i}"}, timeout=20)
            for i in (1, 2, 2)
        ]
    assert [response.status_code for response in responses] == [401, 401, 429]


@pytest.fixture(scope="module")
def shared_env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment of an installation, for commands that change nothing."""
    environ = {"PICHUB_DATA_DIR": str(tmp_path_factory.mktemp("installation"))}
    assert run("migrate", **environ).returncode == 0
    return environ


@pytest.fixture
def env(shared_env: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """Environment of an installation for one test."""
    folder = shutil.copytree(shared_env["PICHUB_DATA_DIR"], tmp_path / "data")
    return {"PICHUB_DATA_DIR": str(folder)}


def run_json(*arguments: str, **environ: str) -> Any:
    """Run a command with --json, and return its output."""
    done = run(*arguments, "--json", **environ)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_accounts_are_created_listed_and_updated(env: dict[str, str]) -> None:
    ann = run_json("account", "create", "Ann", "--quota", "5GB", **env)
    assert (ann["username"], ann["role"], ann["quota_bytes"]) == ("ann", "member", 5 * 1024**3)
    assert len(ann["password"]) >= 16, "generated, without a terminal to prompt at"
    given = run("account", "create", "bob", "--admin", "--password-stdin", stdin="correct horse\n", **env)
    assert (given.returncode, "correct horse" in given.stdout) == (0, False)
    assert [each["username"] for each in run_json("account", "list", **env)] == ["bob", "ann", "admin"]
    assert run_json("account", "disable", "ANN", **env)["state"] == "disabled"
    assert run_json("account", "enable", "ann", **env)["state"] == "enabled"
    assert run_json("account", "set-quota", "ann", "unlimited", **env)["quota"] == "unlimited"
    assert (
        run_json("account", "set-quota", "ann", "default", **env | {"PICHUB_QUOTA": "1MB"})["quota"] == "1MB"
    )
    assert run_json("account", "set-password", "ann", **env)["password"] != ann["password"]
    table = run("account", "list", **env).stdout.splitlines()
    assert table[0].split()[:3] == ["username", "role", "state"]
    assert len(table) == 4


def test_tokens_are_created_listed_and_revoked(env: dict[str, str]) -> None:
    token = run_json("token", "create", "admin", "--name", "Phone", "--preset", "upload-only", **env)
    assert (token["name"], token["scopes"], token["expires_at"]) == ("Phone", ["images:upload"], None)
    some = run_json("token", "create", "admin", "--scope", "images:read", "--scope", "albums:read", **env)
    assert some["scopes"] == ["albums:read", "images:read"]
    assert run_json("token", "create", "admin", "--expires-in", "30d", **env)["expires_at"]
    listed = run_json("token", "list", "admin", **env)
    assert len(listed) == 4, "and that of the first start"
    assert "token" not in listed[0]
    assert run_json("token", "revoke", token["id"], **env) == {"id": token["id"], "revoked": True}
    assert token["id"] not in [each["id"] for each in run_json("token", "list", "admin", **env)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["account", "create", "admin"], "The username admin is already taken."),
        (["account", "create", "x"], "3 to 64 characters"),
        (["account", "create", "ann", "--password-stdin"], "at least 10 characters; it has 0"),
        (["account", "disable", "nobody"], "There is no account 'nobody'"),
        (["account", "disable", "admin"], "This is the last enabled admin"),
        (["token", "create", "nobody"], "There is no account 'nobody'"),
        (["token", "create", "admin", "--album", "alb_x"], "The account has no such album."),
        (
            ["token", "create", "admin", "--scope", "images:read", "--preset", "everything"],
            "Choose at least one scope, or a preset",
        ),
        (["token", "revoke", "tok_x"], "There is no token 'tok_x'"),
    ],
)
def test_errors_are_reported_in_one_line(shared_env: dict[str, str], arguments: list[str], said: str) -> None:
    done = run(*arguments, **shared_env)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: ")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["account", "create"],
        ["account", "set-quota", "admin", "lots"],
        ["account", "set-quota", "admin", "9999999999GB"],
        ["token", "create", "admin", "--scope", "everything"],
        ["token", "create", "admin", "--expires-in", "soon"],
    ],
)
def test_invalid_arguments_are_usage_errors(shared_env: dict[str, str], arguments: list[str]) -> None:
    done = run(*arguments, **shared_env)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage: pichub" in done.stderr


def test_commands_do_not_create_an_installation(tmp_path: Path) -> None:
    done = run("account", "list", "--data-dir", str(tmp_path / "nowhere"))
    assert (done.returncode, "has no PicHub database" in done.stderr) == (1, True)
    assert not (tmp_path / "nowhere").exists()


def test_password_prompt_does_not_echo(env: dict[str, str]) -> None:
    controller, terminal = pty.openpty()
    command = [PICHUB, "account", "create", "ann", "--json"]
    with subprocess.Popen(
        command, stdin=terminal, stdout=subprocess.PIPE, stderr=terminal, env={**os.environ, **env},
        start_new_session=True, text=True,
    ) as process:  # fmt: skip
        shown = ""
        for prompt in ("Password: ", "Repeat for confirmation: "):
            while not shown.endswith(prompt):  # earlier input would be discarded
                shown += os.read(controller, 1024).decode()
            os.write(controller, b"correct horse\n")
        assert process.stdout
        printed = json.loads(process.stdout.read())
    os.close(terminal)
    os.close(controller)
    assert (process.returncode, "correct" in shown, "password" in printed) == (0, False, False)
