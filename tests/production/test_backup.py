"""Backup and restore of one machine, by the very commands that docs/operations.md has."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import requests

from scripts.fixtures import sample_images
from tests.cli.test_commands import PICHUB, run, serving, signed_url, token_of

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()


def commands(name: str) -> str:
    (found,) = re.findall(rf"<!-- {name} -->\n\n```sh\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


def shell(script: str, **environ: str) -> str:
    path = f"{PICHUB.parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-euc", script],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PATH": path, **environ},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def upload(url: str, signed: dict[str, str], **fields: str) -> str:
    files = {"image": ("a.png", sample_images.png())}
    answer = requests.post(f"{url}/v1/upload", headers=signed, files=files, data=fields, timeout=20)
    image_id: str = answer.json()["data"]["id"]
    return image_id


@pytest.mark.skipif(not shutil.which("sqlite3"), reason="there is no sqlite3 here")
def test_what_was_backed_up_while_a_server_ran_is_there_again_and_works(tmp_path: Path) -> None:
    data, backup, again = (tmp_path / name for name in ("data", "backup", "again"))
    token = token_of(run("migrate", PICHUB_DATA_DIR=str(data)).stdout)
    signed = {"Authorization": f"Bearer {token}"}
    with serving(data) as (_, url):
        album = {"name": "private", "is_public": False}
        made = requests.post(f"{url}/v1/albums", headers=signed, json=album, timeout=20).json()["data"]["id"]
        kept, private, gone = upload(url, signed), upload(url, signed, album_id=made), upload(url, signed)
        address = signed_url(url, token, private)
        shell(commands("backup"), DATA=str(data), BACKUP=str(backup))
        requests.delete(f"{url}/v1/images/{gone}", headers=signed, timeout=20)
        second = upload(url, signed)
        shell(commands("backup"), DATA=str(data), BACKUP=str(backup))  # a later one, in the same place
        late = upload(url, signed)
    shutil.rmtree(data)

    told = shell(commands("restore"), DATA=str(again), BACKUP=str(backup))
    assert "0 of 3 images looked at have no bytes" in told
    problems = re.findall(r"^problem +(.*?):", told, re.MULTILINE)
    assert problems in ([], ["worker"])
    with serving(again) as (_, url2):
        seen = {
            image_id: requests.get(f"{url2}/v1/images/{image_id}", headers=signed, timeout=20).status_code
            for image_id in (kept, private, second, gone, late)
        }
        assert seen == {kept: 200, private: 200, second: 200, gone: 404, late: 404}
        for image_id in (kept, second):
            assert requests.get(f"{url2}/img/{image_id}", timeout=20).content == sample_images.png()
            assert requests.get(f"{url2}/img/{image_id}?w=20", timeout=20).status_code == 200
        assert requests.get(address.replace(url, url2), timeout=20).status_code == 200, (
            "the secret came along"
        )
        upload(url2, signed)
    done = run("doctor", "--json", "--data-dir", str(again))
    assert {line["level"] for line in json.loads(done.stdout)} == {"ok"}
