"""The command, run as people run it: a process of its own."""

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
    """What `pichub serve` prints, up to its blank last line, and its address; the server runs until the block ends."""
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


def test_the_first_start_prints_a_token_that_uploads_and_later_ones_print_none(tmp_path: Path) -> None:
    first = run("migrate", PICHUB_DATA_DIR=str(tmp_path))
    token = token_of(first.stdout)
    assert "admin / " in first.stdout
    assert "pchb_pat_" not in run("migrate", PICHUB_DATA_DIR=str(tmp_path)).stdout
    with serving(tmp_path) as (printed, url):
        assert f"{url}/v1" in printed
        answer = requests.post(
            f"{url}/v1/upload",
            headers={"Authorization": f"Bearer {token}"},
            files={"image": ("a.png", sample_images.png())},
            timeout=20,
        )
        assert answer.status_code == 200
        small = requests.get(answer.json()["data"]["thumbnail_url"], timeout=20)
        assert (small.status_code, small.headers["content-type"]) == (200, "image/webp")
        assert "server" not in small.headers
    with serving(tmp_path) as (_, url):
        assert (
            requests.get(f"{url}/img/{answer.json()['data']['id']}", timeout=20).content
            == sample_images.png()
        )


def test_a_bad_setting_is_told_in_a_line(tmp_path: Path) -> None:
    done = run("serve", PICHUB_PORT="eighty", PICHUB_DATA_DIR=str(tmp_path / "data"))
    assert done.returncode == 1
    assert done.stderr == "pichub: PICHUB_PORT must be a whole number from 0 to 65535; it is 'eighty'\n"
    assert not (tmp_path / "data").exists()


def test_a_bad_preset_is_told_in_a_line(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    done = run("serve", PICHUB_PRESETS="hero=w=1600; thumb=w=wide", PICHUB_DATA_DIR=data)
    assert done.returncode == 1
    assert done.stderr == (
        "pichub: PICHUB_PRESETS must be presets such as thumb=w=200&h=200&fit=cover; hero=w=1600&q=75:"
        " in the preset 'thumb', w must be a whole number from 1 to 8192; it is 'wide'\n"
    )
    assert not (tmp_path / "data").exists()


def test_a_document_that_can_not_be_trusted_is_told_in_a_line_before_anything_is_made(tmp_path: Path) -> None:
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


def test_a_port_that_is_taken_is_told_before_anything_is_made(tmp_path: Path) -> None:
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
    answer = requests.post(
        f"{url}/graphql", headers={"Authorization": f"Bearer {token}"}, json={"query": query}, timeout=20
    )
    signed: str = answer.json()["data"]["image"]["signedUrl"]
    return signed


def test_the_secret_of_addresses_is_rotated_under_a_server_that_runs(tmp_path: Path) -> None:
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


def test_a_rotation_that_can_not_be_says_why_in_a_line(tmp_path: Path) -> None:
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


def test_the_schema_is_printed() -> None:
    assert run("schema").stdout.startswith('"""')


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_the_command_explains_itself(argument: str) -> None:
    assert "pichub" in run(argument).stdout.lower()


def test_headers_of_proxies_that_are_not_trusted_change_nothing(tmp_path: Path) -> None:
    with serving(tmp_path, PICHUB_LIMIT_API="1/hour") as (_, url):
        asked = [
            requests.get(f"{url}/v1/images", headers={"X-Forwarded-For": f"203.0.113.{i}"}, timeout=20)
            for i in range(2)
        ]
    assert [answer.status_code for answer in asked] == [401, 429]


def test_a_proxy_that_is_trusted_is_believed(tmp_path: Path) -> None:
    with serving(tmp_path, PICHUB_LIMIT_API="1/hour", PICHUB_TRUSTED_PROXIES="127.0.0.0/8") as (_, url):
        asked = [
            requests.get(f"{url}/v1/images", headers={"X-Forwarded-For": f"203.0.113.{i}"}, timeout=20)
            for i in (1, 2, 2)
        ]
    assert [answer.status_code for answer in asked] == [401, 401, 429]


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a PicHub that has been started once, for commands that change nothing."""
    environ = {"PICHUB_DATA_DIR": str(tmp_path_factory.mktemp("made"))}
    assert run("migrate", **environ).returncode == 0
    return environ


@pytest.fixture
def made(untouched: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The same, for this test alone."""
    folder = shutil.copytree(untouched["PICHUB_DATA_DIR"], tmp_path / "data")
    return {"PICHUB_DATA_DIR": str(folder)}


def told(*arguments: str, **environ: str) -> Any:
    """What a command prints for programs."""
    done = run(*arguments, "--json", **environ)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_accounts_are_made_listed_and_changed(made: dict[str, str]) -> None:
    ann = told("account", "create", "Ann", "--quota", "5GB", **made)
    assert (ann["username"], ann["role"], ann["quota_bytes"]) == ("ann", "member", 5 * 1024**3)
    assert len(ann["password"]) >= 16, "made up, as there is no terminal to ask at"
    given = run("account", "create", "bob", "--admin", "--password-stdin", stdin="correct horse\n", **made)
    assert (given.returncode, "correct horse" in given.stdout) == (0, False)
    assert [each["username"] for each in told("account", "list", **made)] == ["bob", "ann", "admin"]
    assert told("account", "disable", "ANN", **made)["state"] == "disabled"
    assert told("account", "enable", "ann", **made)["state"] == "enabled"
    assert told("account", "set-quota", "ann", "unlimited", **made)["quota"] == "unlimited"
    assert told("account", "set-quota", "ann", "default", **made | {"PICHUB_QUOTA": "1MB"})["quota"] == "1MB"
    assert told("account", "set-password", "ann", **made)["password"] != ann["password"]
    table = run("account", "list", **made).stdout.splitlines()
    assert table[0].split()[:3] == ["username", "role", "state"]
    assert len(table) == 4


def test_tokens_are_made_listed_and_revoked(made: dict[str, str]) -> None:
    token = told("token", "create", "admin", "--name", "Phone", "--preset", "upload-only", **made)
    assert (token["name"], token["scopes"], token["expires_at"]) == ("Phone", ["images:upload"], None)
    some = told("token", "create", "admin", "--scope", "images:read", "--scope", "albums:read", **made)
    assert some["scopes"] == ["albums:read", "images:read"]
    assert told("token", "create", "admin", "--expires-in", "30d", **made)["expires_at"]
    listed = told("token", "list", "admin", **made)
    assert len(listed) == 4, "and that of the first start"
    assert "token" not in listed[0]
    assert told("token", "revoke", token["id"], **made) == {"id": token["id"], "revoked": True}
    assert token["id"] not in [each["id"] for each in told("token", "list", "admin", **made)]


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
            "Give either scopes",
        ),
        (["token", "revoke", "tok_x"], "There is no token 'tok_x'"),
    ],
)
def test_what_can_not_be_done_is_told_in_a_line(
    untouched: dict[str, str], arguments: list[str], said: str
) -> None:
    done = run(*arguments, **untouched)
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
def test_what_can_not_be_read_is_a_mistake_of_usage(untouched: dict[str, str], arguments: list[str]) -> None:
    done = run(*arguments, **untouched)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage: pichub" in done.stderr


def test_where_there_is_no_pichub_none_is_made(tmp_path: Path) -> None:
    done = run("account", "list", "--data-dir", str(tmp_path / "nowhere"))
    assert (done.returncode, "There is no PicHub in" in done.stderr) == (1, True)
    assert not (tmp_path / "nowhere").exists()


def test_a_password_is_asked_for_at_a_terminal_and_not_shown(made: dict[str, str]) -> None:
    controller, terminal = pty.openpty()
    command = [PICHUB, "account", "create", "ann", "--json"]
    with subprocess.Popen(
        command, stdin=terminal, stdout=subprocess.PIPE, stderr=terminal, env={**os.environ, **made},
        start_new_session=True, text=True,
    ) as process:  # fmt: skip
        shown = ""
        for asked in ("Password: ", "Repeat for confirmation: "):
            while not shown.endswith(asked):  # what is typed before it is asked for is thrown away
                shown += os.read(controller, 1024).decode()
            os.write(controller, b"correct horse\n")
        assert process.stdout
        printed = json.loads(process.stdout.read())
    os.close(terminal)
    os.close(controller)
    assert (process.returncode, "correct" in shown, "password" in printed) == (0, False, False)
