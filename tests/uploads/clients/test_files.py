"""Client configurations, used against a live server by emulated clients, PicGo and a shell."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from app.uploads.clients import catalogue
from app.uploads.clients.target import Target
from tests import npm
from tests.uploads.clients.client_emulators import EMULATORS, piclist, sharex
from tests.uploads.clients.conftest import IMAGE, LiveServer

PICGO = npm.Room("picgo", {"picgo": "3.1.0", "picgo-plugin-web-uploader": "1.1.1"})


@pytest.mark.parametrize("name", EMULATORS)
def test_an_emulated_client_uploads_with_its_configuration(
    server: LiveServer, tmp_path: Path, image_file: Callable[[str], Path], name: str
) -> None:
    url = EMULATORS[name](server.configuration(name, tmp_path), image_file("harbour.png"))
    assert server.serves_image(url)
    assert server.image_at(url)["filename"] == "harbour.png"


@pytest.mark.parametrize(
    ("emulator", "message"),
    [
        (sharex, "Upload a JPG, PNG, WebP or GIF. This file is text/plain."),
        (piclist, "Unsupported image format"),
    ],
)
def test_an_emulated_client_displays_the_servers_message(
    server: LiveServer, tmp_path: Path, emulator: Callable[[Path, Path], str], message: str
) -> None:
    text = tmp_path / "notes.png"
    text.write_text("not an image")
    assert emulator(server.configuration(emulator.__name__, tmp_path), text) == message


def test_picgo_uploads_with_its_configuration(
    server: LiveServer, tmp_path: Path, image_file: Callable[[str], Path]
) -> None:
    packages = PICGO.install()
    # PicGo looks for plugins beside its configuration.
    (tmp_path / "node_modules").mkdir()
    plugin = "picgo-plugin-web-uploader"
    shutil.copytree(packages / "node_modules" / plugin, tmp_path / "node_modules" / plugin)
    (tmp_path / "package.json").write_text(json.dumps({"dependencies": {plugin: "*"}}))
    config = server.configuration("picgo", tmp_path)
    program = PICGO.program("picgo", "bin/picgo")
    output = PICGO.run(program, "-c", config, "upload", image_file("harbour.png"), "--format", "json")
    (result,) = json.loads(output.splitlines()[-1])
    assert server.serves_image(result["imgUrl"])
    assert server.image_at(result["imgUrl"])["filename"] == "harbour.png"


def run_script(script: Path, *files: object, stdin: bytes = b"", **environ: str) -> tuple[int, str, str]:
    process = subprocess.run(
        ["/bin/sh", script, *map(str, files)],
        input=stdin,
        capture_output=True,
        timeout=30,
        env={**os.environ, **environ},
    )
    return process.returncode, process.stdout.decode(), process.stderr.decode()


def test_the_script_prints_a_url_per_file_for_typora(
    server: LiveServer, tmp_path: Path, image_file: Callable[[str], Path]
) -> None:
    files = [image_file("harbour.png"), image_file('a "quoted", odd;name \\.png'), image_file("港口.png")]
    code, out, err = run_script(server.configuration("typora", tmp_path), *files)
    assert (code, err) == (0, "")
    urls = out.splitlines()
    assert [server.image_at(url)["filename"] for url in urls][::2] == ["harbour.png", "港口.png"]
    assert len(urls) == 3
    assert all(map(server.serves_image, urls))


def test_the_script_uploads_standard_input(server: LiveServer, tmp_path: Path) -> None:
    code, out, err = run_script(server.configuration("shell", tmp_path), "-", stdin=IMAGE)
    assert (code, err) == (0, "")
    assert server.serves_image(out.strip())


def test_the_script_reports_failed_files_and_continues(
    server: LiveServer, tmp_path: Path, image_file: Callable[[str], Path]
) -> None:
    notes, missing = tmp_path / "notes.txt", tmp_path / "missing.png"
    notes.write_text("not an image")
    code, out, err = run_script(
        server.configuration("shell", tmp_path), notes, missing, image_file("harbour.png")
    )
    assert (code, len(out.splitlines())) == (1, 1)
    assert f"{notes} was not uploaded: " in err
    assert "UNSUPPORTED_MEDIA_TYPE" in err
    assert f"{missing} was not uploaded" in err


def create_program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)


@pytest.fixture
def desktop(tmp_path: Path) -> dict[str, str]:
    """Environment with a fake screenshot program and a fake clipboard."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (tmp_path / "screen.png").write_bytes(IMAGE)
    create_program(folder, "flameshot", f'[ "$*" = "gui --raw" ] && cat "{tmp_path}/screen.png"')
    create_program(folder, "xclip", f'cat >"{tmp_path}/clipboard"')
    return {"PATH": f"{folder}:{os.environ['PATH']}", "WAYLAND_DISPLAY": "", "TMPDIR": str(tmp_path)}


def test_a_screenshot_is_uploaded_and_its_url_copied(
    server: LiveServer, tmp_path: Path, desktop: dict[str, str]
) -> None:
    code, out, err = run_script(server.configuration("flameshot", tmp_path), **desktop)
    assert (code, err) == (0, "")
    assert (tmp_path / "clipboard").read_text() == out.strip()
    assert server.serves_image(out.strip())
    assert server.image_at(out.strip())["filename"] == "screenshot.png"
    assert not list(tmp_path.glob("tmp.*")), "the temporary file was not deleted"


def test_a_cancelled_screenshot_uploads_nothing(
    server: LiveServer, tmp_path: Path, desktop: dict[str, str]
) -> None:
    (tmp_path / "screen.png").write_bytes(b"")
    assert run_script(server.configuration("flameshot", tmp_path), **desktop) == (0, "", "")


def test_the_token_is_in_no_command_line() -> None:
    target = Target("https://pictures.example.org", "pchb_pat_x")
    for name in ("shell", "flameshot"):
        (line,) = [
            line for line in catalogue.configuration(name, target).content.splitlines() if "pchb" in line
        ]
        assert line == 'header = "Authorization: Bearer pchb_pat_x"', "must be a line of curl's configuration"


@pytest.mark.parametrize("name", catalogue.UPLOAD_CLIENTS)
def test_each_client_has_steps_in_both_languages(name: str) -> None:
    steps = catalogue.UPLOAD_CLIENTS[name].steps
    assert len(steps.en) == len(steps.zh) > 1
