"""tus-js-client, as people use it in browsers and Uppy uses it for them, against servers that run."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from scripts.fixtures import sample_images
from tests import npm
from tests.cli.test_commands import PICHUB, run, token_of
from tests.proxies.tcp_proxy import Gate, gate

PROJECT = Path(__file__).with_name("project")
CHUNK = 512 * 1024


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """5 MB of noise."""
    path = tmp_path_factory.mktemp("picture") / "noise.png"
    path.write_bytes(sample_images.noise(1300, 1300))
    return path


class Desk:
    """A data folder, the gate in front of its servers, and one who uploads through it."""

    def __init__(self, folder: Path, gate: Gate) -> None:
        self.gate = gate
        self.environ = {
            "PICHUB_DATA_DIR": str(folder),
            "PICHUB_PUBLIC_URL": gate.url,
            "PICHUB_LIMIT_UPLOAD": "off",
        }
        self.folder = folder
        self.token = token_of(run("migrate", **self.environ).stdout)

    @contextmanager
    def serving(self) -> Iterator[subprocess.Popen[bytes]]:
        """A server more behind the gate, to the end of the block."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [PICHUB, "serve", "--port", str(port)]
        url = f"http://127.0.0.1:{port}"
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, env={**os.environ, **self.environ}
        ) as process:
            try:
                while not _answers(url):
                    assert process.poll() is None
                self.gate.servers.append(url)
                yield process
            finally:
                self.gate.servers.remove(url)
                process.terminate()

    @property
    def signed(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def upload(self, file: Path, *options: object) -> dict[str, Any]:
        """What tus-js-client tells of an upload."""
        script = npm.TUS.bring(PROJECT) / "upload.js"
        arguments = (f"{self.gate.url}/v1/uploads", self.token, file, *options)
        told: dict[str, Any] = npm.TUS.told(script, *arguments)
        return told

    def original(self, image_id: str) -> bytes:
        return requests.get(f"{self.gate.url}/img/{image_id}", timeout=20).content

    def ask(self, method: str, url: str, **headers: str) -> requests.Response:
        sent = {**self.signed, "Tus-Resumable": "1.0.0", **headers}
        return requests.request(method, url, headers=sent, timeout=20)

    def images(self) -> list[dict[str, Any]]:
        answer = self.ask("GET", f"{self.gate.url}/v1/images")
        images: list[dict[str, Any]] = answer.json()["data"]
        return images


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/v1/openapi.json", timeout=5).ok
    except requests.ConnectionError:
        time.sleep(0.05)
        return False


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with gate() as opened:
        yield Desk(tmp_path / "data", opened)


def test_5_mb_by_two_servers_in_turn_and_a_connection_that_breaks(desk: Desk, picture: Path) -> None:
    with desk.serving(), desk.serving():
        desk.gate.cut_after = 2_300_000
        told = desk.upload(picture)
        # The break; and where the client asks how far it came before the server knows, one 409 after it.
        assert told["failures"] in {1, 2}
        assert all(desk.gate.passed.count(server) > 4 for server in desk.gate.servers)
        assert desk.original(told["image"]) == picture.read_bytes()
        (image,) = desk.images()
        assert (image["id"], image["title"]) == (told["image"], "The harbour")
        shown = (desk.ask("GET", told["url"])).json()["data"]
        assert (shown["state"], shown["image"]["id"]) == ("done", told["image"])
    assert not (desk.folder / "storage" / "uploads").exists()


def test_a_server_that_is_killed_between_pieces_and_one_that_goes_on(desk: Desk, picture: Path) -> None:
    with desk.serving() as server:
        stopped = desk.upload(picture, "--until", 3 * CHUNK)
        server.send_signal(signal.SIGKILL)
    with desk.serving():
        head = desk.ask("HEAD", stopped["url"])
        assert int(head.headers["upload-offset"]) >= 3 * CHUNK
        told = desk.upload(picture, "--resume", stopped["url"])
        assert told["failures"] == 0
        assert desk.original(told["image"]) == picture.read_bytes()


def test_one_that_is_ended_and_one_that_is_no_picture(desk: Desk, picture: Path, tmp_path: Path) -> None:
    with desk.serving():
        ended = desk.upload(picture, "--until", CHUNK, "--terminate")
        assert (desk.ask("HEAD", ended["url"])).status_code == 404
        assert not (desk.folder / "storage" / "uploads").exists()
        letter = tmp_path / "letter.png"
        letter.write_bytes(b"Dear reader, this is no picture. " * 30_000)
        told = desk.upload(letter)
        assert (told["status"], told["failures"]) == (415, 1)
        assert "Unsupported image format" in told["body"]
        assert desk.images() == []
