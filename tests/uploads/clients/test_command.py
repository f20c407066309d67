"""The command `pichub upload`, run against a live server."""

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
from tests.uploads.clients.conftest import IMAGE, LiveServer

CreateImageFile = Callable[[str], Path]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def environ(server: LiveServer, home: Path) -> dict[str, str]:
    """Environment variables as a shell profile sets them."""
    return {"PICHUB_SERVER": server.url, "PICHUB_TOKEN": server.token, "HOME": str(home)}


def test_links_are_printed_one_per_line_in_the_order_of_the_files(
    server: LiveServer, environ: dict[str, str], image_file: CreateImageFile
) -> None:
    names = ["harbour.png", "a b.png", "港口.png"]
    process = run("upload", *(str(image_file(name)) for name in names), **environ)
    assert (process.returncode, process.stderr) == (0, "")
    assert [server.image_at(url)["filename"] for url in process.stdout.splitlines()] == names
    assert all(map(server.serves_image, process.stdout.splitlines()))


@pytest.mark.parametrize(
    ("format", "pattern"),
    [
        ("url", r"http://\S+\.png"),
        ("markdown", r"!\[harbour\.png\]\(http://\S+\.png\)"),
        ("html", r'<img src="http://\S+\.png" alt="harbour\.png">'),
        ("bbcode", r"\[img\]http://\S+\.png\[/img\]"),
    ],
)
def test_links_are_printed_in_the_requested_format(
    environ: dict[str, str], image_file: CreateImageFile, format: str, pattern: str
) -> None:
    process = run("upload", str(image_file("harbour.png")), "--format", format, **environ)
    assert re.fullmatch(pattern, process.stdout.strip()), process


def test_a_failed_file_is_reported_and_the_others_are_uploaded(
    server: LiveServer, environ: dict[str, str], image_file: CreateImageFile, tmp_path: Path
) -> None:
    notes, missing = tmp_path / "notes.txt", tmp_path / "missing.png"
    notes.write_text("not an image")
    process = run("upload", str(notes), str(missing), str(image_file("harbour.png")), **environ)
    assert (process.returncode, len(process.stdout.splitlines())) == (1, 1)
    assert process.stderr.splitlines() == [
        f"pichub: {notes}: Upload a JPG, PNG, WebP or GIF. This file is text/plain.",
        f"pichub: {missing}: No such file or directory",
    ]


def test_a_file_over_the_limit_is_reported_with_the_servers_message(
    environ: dict[str, str], tmp_path: Path
) -> None:
    with (tmp_path / "large.png").open("wb") as file:
        file.truncate(60 << 20)
    process = run("upload", str(tmp_path / "large.png"), **environ)
    assert (process.returncode, process.stdout, "50MB" in process.stderr) == (1, "", True), process.stderr


def test_standard_input_is_uploaded(server: LiveServer, environ: dict[str, str]) -> None:
    process = subprocess.run(
        [PICHUB, "upload", "-"], input=IMAGE, capture_output=True, env={**os.environ, **environ}, timeout=30
    )
    assert (process.returncode, process.stderr) == (0, b"")
    assert server.serves_image(process.stdout.decode().strip())


def test_json_output_has_the_result_of_each_file(
    environ: dict[str, str], image_file: CreateImageFile, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("not an image")
    harbour = str(image_file("harbour.png"))
    process = run("upload", harbour, str(tmp_path / "notes.txt"), "--json", **environ)
    good, bad = json.loads(process.stdout)
    assert (process.returncode, good["file"], good["success"]) == (1, harbour, True)
    assert (good["image"]["width"], good["image"]["height"]) == (40, 30)
    assert (bad["success"], bad["error"]["status"], bad["error"]["code"]) == (
        False,
        415,
        "UNSUPPORTED_MEDIA_TYPE",
    )


def create_album(server: LiveServer, name: str) -> str:
    response = requests.post(
        f"{server.url}/v1/albums",
        headers={"Authorization": f"Bearer {server.full_token}"},
        json={"name": name},
        timeout=20,
    )
    return str(response.json()["data"]["id"])


def test_an_album_is_selected_by_id_or_name(
    server: LiveServer, environ: dict[str, str], image_file: CreateImageFile
) -> None:
    name = f"Harbours {token_hex(4)}"
    album, file = create_album(server, name), str(image_file("harbour.png"))
    by_id = run("upload", file, "--album", album, **environ)
    by_name = run("upload", file, "--album", name, **environ | {"PICHUB_TOKEN": server.full_token})
    for process in (by_id, by_name):
        assert server.image_at(process.stdout.strip())["album_id"] == album, process


def test_an_unknown_or_ambiguous_album_is_reported_before_uploading(
    server: LiveServer, environ: dict[str, str], image_file: CreateImageFile
) -> None:
    file, with_full_token = str(image_file("harbour.png")), environ | {"PICHUB_TOKEN": server.full_token}
    name = f"Twice {token_hex(4)}"
    album_ids = [create_album(server, name) for _ in range(2)]
    for album, variables, message in (
        ("Missing", with_full_token, "There is no album named 'Missing'"),
        (name, with_full_token, f"There are 2 albums named '{name}'"),
        ("Harbours", environ, "albums:read"),
        ("alb_" + "0" * 26, environ, "album"),
    ):
        process = run("upload", file, "--album", album, **variables)
        assert (process.returncode, process.stdout, message in process.stderr) == (1, "", True), process
        assert process.stderr.count("\n") == 1
    assert len(set(album_ids)) == 2


def test_a_rate_limited_upload_is_retried_after_the_requested_delay(tmp_path: Path) -> None:
    token = token_of(run("migrate", PICHUB_DATA_DIR=str(tmp_path / "data")).stdout)
    with serving(tmp_path / "data", PICHUB_LIMIT_UPLOAD="1/minute") as (_, url):
        messages: list[str] = []
        delays: list[float] = []
        with ApiClient(url, token, tell=messages.append, wait=delays.append) as pichub:
            pichub.upload(BytesIO(IMAGE), "first.png")
            with pytest.raises(UploadFailed) as failure:
                pichub.upload(BytesIO(IMAGE), "second.png")
        assert failure.value.facts["code"] == "RATE_LIMIT_EXCEEDED"
        assert len(delays) == 2
        assert all(0 < seconds <= 60 for seconds in delays)
        assert re.fullmatch(r"second\.png: the server asks to wait \d+ s", messages[0])


def test_a_long_delay_is_not_waited_for(tmp_path: Path) -> None:
    token = token_of(run("migrate", PICHUB_DATA_DIR=str(tmp_path / "data")).stdout)
    with serving(tmp_path / "data", PICHUB_LIMIT_UPLOAD="1/hour") as (_, url):
        delays: list[float] = []
        with ApiClient(url, token, tell=print, wait=delays.append) as pichub:
            pichub.upload(BytesIO(IMAGE), "first.png")
            with pytest.raises(UploadFailed, match="1 in"):
                pichub.upload(BytesIO(IMAGE), "second.png")
        assert delays == []


class RecordingFile(BytesIO):
    """A file that records the sizes of its reads."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.sizes: list[int | None] = []

    def read(self, size: int | None = -1) -> bytes:
        self.sizes.append(size)
        return super().read(size)


def test_a_file_is_read_in_chunks(server: LiveServer) -> None:
    file = RecordingFile(IMAGE + bytes(8 << 20))  # decoders ignore bytes after the image
    with ApiClient(server.url, server.token, tell=print) as pichub:
        assert pichub.upload(file, "large.png")["size"] == len(IMAGE) + (8 << 20)
    assert all(size is not None and 0 < size <= 1 << 20 for size in file.sizes)
    assert len(file.sizes) > 8


def test_a_terminal_shows_progress_and_the_output_has_only_the_link(
    server: LiveServer, environ: dict[str, str], image_file: CreateImageFile
) -> None:
    controller, terminal = pty.openpty()
    command = [PICHUB, "upload", str(image_file("harbour.png"))]
    process = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=terminal, env={**os.environ, **environ}, text=True, timeout=30
    )
    displayed = os.read(controller, 100_000).decode()
    os.close(terminal)
    os.close(controller)
    assert "100%" in displayed
    assert server.serves_image(process.stdout.strip())


def test_server_and_token_are_saved_in_a_private_file_and_used(
    server: LiveServer, environ: dict[str, str], home: Path, image_file: CreateImageFile
) -> None:
    process = run("upload", "--save", **environ)
    file = home / ".config" / "pichub" / "upload.toml"
    assert (process.returncode, process.stdout, process.stderr) == (0, "", f"Saved in {file}\n")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]
    uploaded = run("upload", str(image_file("harbour.png")), HOME=str(home))
    assert (uploaded.returncode, uploaded.stderr) == (0, "")
    assert server.serves_image(uploaded.stdout.strip())


def test_the_servers_configuration_file_is_accepted(
    server: LiveServer, home: Path, tmp_path: Path, image_file: CreateImageFile
) -> None:
    file = server.configuration("pichub", tmp_path)
    file.chmod(0o600)
    process = run("upload", str(image_file("harbour.png")), "--config", str(file), HOME=str(home))
    assert (process.returncode, process.stderr) == (0, "")
    assert server.serves_image(process.stdout.strip())


def test_a_token_readable_by_others_causes_a_warning(
    server: LiveServer, home: Path, tmp_path: Path, image_file: CreateImageFile
) -> None:
    file = server.configuration("pichub", tmp_path)
    file.chmod(0o644)
    process = run("upload", str(image_file("harbour.png")), "--config", str(file), HOME=str(home))
    assert (process.returncode, f"chmod 600 {file}" in process.stderr) == (0, True)


def test_the_saved_token_is_sent_only_to_its_server(
    server: LiveServer, home: Path, tmp_path: Path, image_file: CreateImageFile
) -> None:
    file = server.configuration("pichub", tmp_path)
    arguments = ["upload", str(image_file("harbour.png")), "--config", str(file), "--server"]
    assert run(*arguments, f"{server.url}/", HOME=str(home)).returncode == 0
    process = run(*arguments, "http://pictures.example.org", HOME=str(home))
    assert (process.returncode, "Give an API token" in process.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "saved", "message"),
    [
        ([], None, "Say which files to upload."),
        (["a.png"], None, "Say which PicHub: --server, PICHUB_SERVER, or 'server' in "),
        (["a.png", "--server", "http://pichub.test"], None, "Give an API token: PICHUB_TOKEN, --token, or"),
        (["a.png", "--server", "pichub.test", "--token", "x"], None, "The server must be a URL such as"),
        (["a.png", "--server", "http://pichub.test", "--token", "a b"], None, "without spaces"),
        (["a.png"], "server = ", "can't be read"),
        (["a.png"], "server = 1\ntoken = 'x'", "'server' in"),
        (["a.png", "--config", "missing.toml"], None, "There is no file missing.toml."),
    ],
)
def test_invalid_arguments_are_usage_errors(
    home: Path, arguments: list[str], saved: str | None, message: str
) -> None:
    if saved is not None:
        file = home / ".config" / "pichub" / "upload.toml"
        file.parent.mkdir(parents=True)
        file.write_text(saved)
    process = run("upload", *arguments, HOME=str(home))
    assert (process.returncode, process.stdout, message in process.stderr) == (2, "", True), process.stderr


async def test_a_server_that_is_not_pichub_is_reported_in_one_line(
    environ: dict[str, str], image_file: CreateImageFile
) -> None:
    file = str(image_file("harbour.png"))
    async with run_receiver() as other:
        other.respond_with(200, "<html>Welcome</html>")
        other_response = await asyncio.to_thread(
            run, "upload", file, **environ | {"PICHUB_SERVER": other.url}
        )
        other.respond_with(301, location="https://pictures.example.org/")
        redirected = await asyncio.to_thread(run, "upload", file, **environ | {"PICHUB_SERVER": other.url})
    unreachable = run("upload", file, **environ | {"PICHUB_SERVER": other.url})
    for process, message in (
        (other_response, "answered 200 X, not as a PicHub does"),
        (redirected, "sends on to https://pictures.example.org/; give that server's address instead"),
        (unreachable, "can't be reached: "),
    ):
        assert (process.returncode, process.stdout, process.stderr.count("\n")) == (1, "", 1), process
        assert process.stderr.startswith(f"pichub: {file}: {other.url.rstrip('/')} {message}")


def test_an_invalid_token_is_reported_with_the_servers_message(
    environ: dict[str, str], image_file: CreateImageFile
) -> None:
    process = run("upload", str(image_file("harbour.png")), **environ | {"PICHUB_TOKEN": "pchb_pat_invalid"})
    assert (process.returncode, process.stdout, process.stderr.count("\n")) == (1, "", 1)
    assert "token" in process.stderr.lower()


def test_the_command_starts_without_the_server() -> None:
    program = "import sys, app.cli.upload; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30
    ).stdout.split()
    assert not {"tortoise", "strawberry", "starlette", "PIL", "app.settings", "app.lifespan"} & set(loaded)
