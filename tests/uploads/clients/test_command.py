"""`pichub upload`, run as people run it against a server that runs."""

import asyncio
import json
import os
import pty
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from secrets import token_hex

import pytest
import requests

from app.cli.api_client import ApiClient, UploadFailed
from tests.cli.test_commands import PICHUB, run, serving, token_of
from tests.receivers import run_receiver
from tests.uploads.clients.conftest import PICTURE, Live

Picture = Callable[[str], Path]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def environ(live: Live, home: Path) -> dict[str, str]:
    """As a shell profile sets it."""
    return {"PICHUB_SERVER": live.url, "PICHUB_TOKEN": live.token, "HOME": str(home)}


def test_links_are_printed_one_a_line_in_the_order_of_the_files(
    live: Live, environ: dict[str, str], picture: Picture
) -> None:
    names = ["harbour.png", "a b.png", "港口.png"]
    done = run("upload", *(str(picture(name)) for name in names), **environ)
    assert (done.returncode, done.stderr) == (0, "")
    assert [live.image(url)["filename"] for url in done.stdout.splitlines()] == names
    assert all(map(live.shows, done.stdout.splitlines()))


@pytest.mark.parametrize(
    ("written", "looks"),
    [
        ("url", r"http://\S+\.png"),
        ("markdown", r"!\[harbour\.png\]\(http://\S+\.png\)"),
        ("html", r'<img src="http://\S+\.png" alt="harbour\.png">'),
        ("bbcode", r"\[img\]http://\S+\.png\[/img\]"),
    ],
)
def test_a_link_is_written_as_one_wants_it(
    environ: dict[str, str], picture: Picture, written: str, looks: str
) -> None:
    done = run("upload", str(picture("harbour.png")), "--format", written, **environ)
    assert re.fullmatch(looks, done.stdout.strip()), done


def test_a_file_that_fails_is_named_and_does_not_hold_up_the_others(
    live: Live, environ: dict[str, str], picture: Picture, tmp_path: Path
) -> None:
    notes, missing = tmp_path / "notes.txt", tmp_path / "missing.png"
    notes.write_text("no picture")
    done = run("upload", str(notes), str(missing), str(picture("harbour.png")), **environ)
    assert (done.returncode, len(done.stdout.splitlines())) == (1, 1)
    assert done.stderr.splitlines() == [
        f"pichub: {notes}: Upload a JPG, PNG, WebP or GIF. This file is text/plain.",
        f"pichub: {missing}: No such file or directory",
    ]


def test_a_file_over_the_limit_is_refused_with_the_limit_in_the_servers_words(
    environ: dict[str, str], tmp_path: Path
) -> None:
    with (tmp_path / "large.png").open("wb") as file:
        file.truncate(60 << 20)
    done = run("upload", str(tmp_path / "large.png"), **environ)
    assert (done.returncode, done.stdout, "50MB" in done.stderr) == (1, "", True), done.stderr


def test_standard_input_is_a_file_too(live: Live, environ: dict[str, str]) -> None:
    done = subprocess.run(
        [PICHUB, "upload", "-"], input=PICTURE, capture_output=True, env={**os.environ, **environ}, timeout=30
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert live.shows(done.stdout.decode().strip())


def test_json_tells_all_that_became_of_each_file(
    environ: dict[str, str], picture: Picture, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("no picture")
    harbour = str(picture("harbour.png"))
    done = run("upload", harbour, str(tmp_path / "notes.txt"), "--json", **environ)
    good, bad = json.loads(done.stdout)
    assert (done.returncode, good["file"], good["success"]) == (1, harbour, True)
    assert (good["image"]["width"], good["image"]["height"]) == (40, 30)
    assert (bad["success"], bad["error"]["status"], bad["error"]["code"]) == (
        False,
        415,
        "UNSUPPORTED_MEDIA_TYPE",
    )


def make_album(live: Live, name: str) -> str:
    answer = requests.post(
        f"{live.url}/v1/albums",
        headers={"Authorization": f"Bearer {live.everything}"},
        json={"name": name},
        timeout=20,
    )
    return str(answer.json()["data"]["id"])


def test_an_album_is_meant_by_its_id_or_its_name(
    live: Live, environ: dict[str, str], picture: Picture
) -> None:
    name = f"Harbours {token_hex(4)}"
    album, file = make_album(live, name), str(picture("harbour.png"))
    by_id = run("upload", file, "--album", album, **environ)
    by_name = run("upload", file, "--album", name, **environ | {"PICHUB_TOKEN": live.everything})
    for done in (by_id, by_name):
        assert live.image(done.stdout.strip())["album_id"] == album, done


def test_an_album_that_can_not_be_meant_is_told_before_anything_is_uploaded(
    live: Live, environ: dict[str, str], picture: Picture
) -> None:
    file, everything = str(picture("harbour.png")), environ | {"PICHUB_TOKEN": live.everything}
    name = f"Twice {token_hex(4)}"
    twice = [make_album(live, name) for _ in range(2)]
    for names, given, said in (
        ("Nowhere", everything, "There is no album named 'Nowhere'"),
        (name, everything, f"There are 2 albums named '{name}'"),
        ("Harbours", environ, "albums:read"),
        ("alb_" + "0" * 26, environ, "album"),
    ):
        done = run("upload", file, "--album", names, **given)
        assert (done.returncode, done.stdout, said in done.stderr) == (1, "", True), done
        assert done.stderr.count("\n") == 1
    assert len(set(twice)) == 2


def test_a_server_that_has_enough_is_asked_again_when_it_says(tmp_path: Path) -> None:
    token = token_of(run("migrate", PICHUB_DATA_DIR=str(tmp_path / "data")).stdout)
    with serving(tmp_path / "data", PICHUB_LIMIT_UPLOAD="1/minute") as (_, url):
        said: list[str] = []
        waited: list[float] = []
        with ApiClient(url, token, tell=said.append, wait=waited.append) as pichub:
            pichub.upload(BytesIO(PICTURE), "first.png")
            with pytest.raises(UploadFailed) as failure:
                pichub.upload(BytesIO(PICTURE), "second.png")
        assert failure.value.facts["code"] == "RATE_LIMIT_EXCEEDED"
        assert len(waited) == 2
        assert all(0 < seconds <= 60 for seconds in waited)
        assert re.fullmatch(r"second\.png: the server asks to wait \d+ s", said[0])


def test_a_server_that_has_enough_for_long_is_not_waited_for(tmp_path: Path) -> None:
    token = token_of(run("migrate", PICHUB_DATA_DIR=str(tmp_path / "data")).stdout)
    with serving(tmp_path / "data", PICHUB_LIMIT_UPLOAD="1/hour") as (_, url):
        waited: list[float] = []
        with ApiClient(url, token, tell=print, wait=waited.append) as pichub:
            pichub.upload(BytesIO(PICTURE), "first.png")
            with pytest.raises(UploadFailed, match="1 in"):
                pichub.upload(BytesIO(PICTURE), "second.png")
        assert waited == []


class Reads(BytesIO):
    """A file that notes how much of it was asked for at once."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.sizes: list[int | None] = []

    def read(self, size: int | None = -1) -> bytes:
        self.sizes.append(size)
        return super().read(size)


def test_a_file_is_read_piece_by_piece(live: Live) -> None:
    file = Reads(PICTURE + bytes(8 << 20))  # what comes after a picture is no part of it
    with ApiClient(live.url, live.token, tell=print) as pichub:
        assert pichub.upload(file, "large.png")["size"] == len(PICTURE) + (8 << 20)
    assert all(size is not None and 0 < size <= 1 << 20 for size in file.sizes)
    assert len(file.sizes) > 8


def test_a_terminal_shows_a_bar_and_the_output_has_the_link_alone(
    live: Live, environ: dict[str, str], picture: Picture
) -> None:
    controller, terminal = pty.openpty()
    command = [PICHUB, "upload", str(picture("harbour.png"))]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=terminal, env={**os.environ, **environ}, text=True, timeout=30
    )
    shown = os.read(controller, 100_000).decode()
    os.close(terminal)
    os.close(controller)
    assert "100%" in shown
    assert live.shows(done.stdout.strip())


def test_server_and_token_are_saved_for_ones_own_eyes_and_used_from_then_on(
    live: Live, environ: dict[str, str], home: Path, picture: Picture
) -> None:
    done = run("upload", "--save", **environ)
    file = home / ".config" / "pichub" / "upload.toml"
    assert (done.returncode, done.stdout, done.stderr) == (0, "", f"Saved in {file}\n")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]
    uploaded = run("upload", str(picture("harbour.png")), HOME=str(home))
    assert (uploaded.returncode, uploaded.stderr) == (0, "")
    assert live.shows(uploaded.stdout.strip())


def test_the_file_that_the_server_gives_out_is_one_that_the_command_reads(
    live: Live, home: Path, tmp_path: Path, picture: Picture
) -> None:
    file = live.file("pichub", tmp_path)
    file.chmod(0o600)
    done = run("upload", str(picture("harbour.png")), "--config", str(file), HOME=str(home))
    assert (done.returncode, done.stderr) == (0, "")
    assert live.shows(done.stdout.strip())


def test_a_token_that_others_can_read_is_warned_of(
    live: Live, home: Path, tmp_path: Path, picture: Picture
) -> None:
    file = live.file("pichub", tmp_path)
    file.chmod(0o644)
    done = run("upload", str(picture("harbour.png")), "--config", str(file), HOME=str(home))
    assert (done.returncode, f"chmod 600 {file}" in done.stderr) == (0, True)


def test_the_token_in_the_file_goes_to_no_other_server(
    live: Live, home: Path, tmp_path: Path, picture: Picture
) -> None:
    file = live.file("pichub", tmp_path)
    arguments = ["upload", str(picture("harbour.png")), "--config", str(file), "--server"]
    assert run(*arguments, f"{live.url}/", HOME=str(home)).returncode == 0
    done = run(*arguments, "http://pictures.example.org", HOME=str(home))
    assert (done.returncode, "Give an API token" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "kept", "said"),
    [
        ([], None, "Say which files to upload."),
        (["a.png"], None, "Say which PicHub: --server, PICHUB_SERVER, or 'server' in "),
        (["a.png", "--server", "http://pichub.test"], None, "Give an API token: PICHUB_TOKEN, --token, or"),
        (["a.png", "--server", "pichub.test", "--token", "x"], None, "The server must be a URL such as"),
        (["a.png", "--server", "http://pichub.test", "--token", "a b"], None, "without spaces"),
        (["a.png"], "server = ", "can't be read"),
        (["a.png"], "server = 1\ntoken = 'x'", "'server' in"),
        (["a.png", "--config", "nowhere.toml"], None, "There is no file nowhere.toml."),
    ],
)
def test_what_can_not_be_understood_is_a_mistake_of_usage(
    home: Path, arguments: list[str], kept: str | None, said: str
) -> None:
    if kept is not None:
        file = home / ".config" / "pichub" / "upload.toml"
        file.parent.mkdir(parents=True)
        file.write_text(kept)
    done = run("upload", *arguments, HOME=str(home))
    assert (done.returncode, done.stdout, said in done.stderr) == (2, "", True), done.stderr


async def test_what_does_not_answer_as_a_pichub_is_told_in_a_line(
    environ: dict[str, str], picture: Picture
) -> None:
    file = str(picture("harbour.png"))
    async with run_receiver() as other:
        other.respond_with(200, "<html>Welcome</html>")
        answers = await asyncio.to_thread(run, "upload", file, **environ | {"PICHUB_SERVER": other.url})
        other.respond_with(301, location="https://pictures.example.org/")
        moved = await asyncio.to_thread(run, "upload", file, **environ | {"PICHUB_SERVER": other.url})
    gone = run("upload", file, **environ | {"PICHUB_SERVER": other.url})
    for done, said in (
        (answers, "answered 200 X, not as a PicHub does"),
        (moved, "sends on to https://pictures.example.org/; give that server's address instead"),
        (gone, "can't be reached: "),
    ):
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done
        assert done.stderr.startswith(f"pichub: {file}: {other.url.rstrip('/')} {said}")


def test_a_token_that_does_not_hold_is_told_in_the_servers_words(
    environ: dict[str, str], picture: Picture
) -> None:
    done = run("upload", str(picture("harbour.png")), **environ | {"PICHUB_TOKEN": "pchb_pat_nonsense"})
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "token" in done.stderr.lower()


def test_the_command_starts_without_the_server() -> None:
    program = "import sys, app.cli.upload; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30
    ).stdout.split()
    assert not {"tortoise", "strawberry", "starlette", "PIL", "app.settings", "app.lifespan"} & set(loaded)
