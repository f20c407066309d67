"""Each configuration, put to use against a server that runs: as its tool reads it, and by PicGo itself."""

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
from tests.uploads.clients.conftest import PICTURE, Live
from tests.uploads.clients.tools import TOOLS, piclist, sharex

PICGO = npm.Room("picgo", {"picgo": "3.1.0", "picgo-plugin-web-uploader": "1.1.1"})


@pytest.mark.parametrize("name", TOOLS)
def test_the_file_uploads_as_the_tool_reads_it(
    live: Live, tmp_path: Path, picture: Callable[[str], Path], name: str
) -> None:
    url = TOOLS[name](live.file(name, tmp_path), picture("harbour.png"))
    assert live.shows(url)
    assert live.image(url)["filename"] == "harbour.png"


@pytest.mark.parametrize(
    ("tool", "said"),
    [
        (sharex, "Upload a JPG, PNG, WebP or GIF. This file is text/plain."),
        (piclist, "Unsupported image format"),
    ],
)
def test_what_is_no_picture_is_told_in_the_servers_words(
    live: Live, tmp_path: Path, tool: Callable[[Path, Path], str], said: str
) -> None:
    text = tmp_path / "notes.png"
    text.write_text("no picture")
    assert tool(live.file(tool.__name__, tmp_path), text) == said


def test_picgo_uploads_with_its_file(live: Live, tmp_path: Path, picture: Callable[[str], Path]) -> None:
    room = PICGO.install()
    # PicGo looks for plugins beside its configuration.
    (tmp_path / "node_modules").mkdir()
    plugin = "picgo-plugin-web-uploader"
    shutil.copytree(room / "node_modules" / plugin, tmp_path / "node_modules" / plugin)
    (tmp_path / "package.json").write_text(json.dumps({"dependencies": {plugin: "*"}}))
    config = live.file("picgo", tmp_path)
    program = PICGO.program("picgo", "bin/picgo")
    printed = PICGO.run(program, "-c", config, "upload", picture("harbour.png"), "--format", "json")
    (told,) = json.loads(printed.splitlines()[-1])
    assert live.shows(told["imgUrl"])
    assert live.image(told["imgUrl"])["filename"] == "harbour.png"


def sh(script: Path, *files: object, stdin: bytes = b"", **environ: str) -> tuple[int, str, str]:
    done = subprocess.run(
        ["/bin/sh", script, *map(str, files)],
        input=stdin,
        capture_output=True,
        timeout=30,
        env={**os.environ, **environ},
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_the_script_prints_an_address_for_each_file_as_typora_reads_them(
    live: Live, tmp_path: Path, picture: Callable[[str], Path]
) -> None:
    files = [picture("harbour.png"), picture('a "quoted", odd;name \\.png'), picture("港口.png")]
    code, out, err = sh(live.file("typora", tmp_path), *files)
    assert (code, err) == (0, "")
    urls = out.splitlines()
    assert [live.image(url)["filename"] for url in urls][::2] == ["harbour.png", "港口.png"]
    assert len(urls) == 3
    assert all(map(live.shows, urls))


def test_the_script_takes_standard_input(live: Live, tmp_path: Path) -> None:
    code, out, err = sh(live.file("shell", tmp_path), "-", stdin=PICTURE)
    assert (code, err) == (0, "")
    assert live.shows(out.strip())


def test_the_script_names_the_file_that_failed_and_goes_on(
    live: Live, tmp_path: Path, picture: Callable[[str], Path]
) -> None:
    notes, missing = tmp_path / "notes.txt", tmp_path / "missing.png"
    notes.write_text("no picture")
    code, out, err = sh(live.file("shell", tmp_path), notes, missing, picture("harbour.png"))
    assert (code, len(out.splitlines())) == (1, 1)
    assert f"{notes} was not uploaded: " in err
    assert "UNSUPPORTED_MEDIA_TYPE" in err
    assert f"{missing} was not uploaded" in err


def program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)


@pytest.fixture
def desktop(tmp_path: Path) -> dict[str, str]:
    """Programs of a desktop, as far as the script asks them: a screenshot tool, a clipboard."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (tmp_path / "screen.png").write_bytes(PICTURE)
    program(folder, "flameshot", f'[ "$*" = "gui --raw" ] && cat "{tmp_path}/screen.png"')
    program(folder, "xclip", f'cat >"{tmp_path}/clipboard"')
    return {"PATH": f"{folder}:{os.environ['PATH']}", "WAYLAND_DISPLAY": "", "TMPDIR": str(tmp_path)}


def test_the_screenshot_is_uploaded_and_its_address_copied(
    live: Live, tmp_path: Path, desktop: dict[str, str]
) -> None:
    code, out, err = sh(live.file("flameshot", tmp_path), **desktop)
    assert (code, err) == (0, "")
    assert (tmp_path / "clipboard").read_text() == out.strip()
    assert live.shows(out.strip())
    assert live.image(out.strip())["filename"] == "screenshot.png"
    assert not list(tmp_path.glob("tmp.*")), "the picture stays nowhere"


def test_a_screenshot_that_was_called_off_uploads_nothing(
    live: Live, tmp_path: Path, desktop: dict[str, str]
) -> None:
    (tmp_path / "screen.png").write_bytes(b"")
    assert sh(live.file("flameshot", tmp_path), **desktop) == (0, "", "")


def test_the_token_stands_in_no_command_line() -> None:
    target = Target("https://pictures.example.org", "pchb_pat_x")
    for name in ("shell", "flameshot"):
        (line,) = [
            line for line in catalogue.configuration(name, target).content.splitlines() if "pchb" in line
        ]
        assert line == 'header = "Authorization: Bearer pchb_pat_x"', "a line of curl's configuration"


@pytest.mark.parametrize("name", catalogue.UPLOAD_CLIENTS)
def test_each_tool_has_steps_in_both_languages(name: str) -> None:
    steps = catalogue.UPLOAD_CLIENTS[name].steps
    assert len(steps.en) == len(steps.zh) > 1
