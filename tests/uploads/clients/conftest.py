from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from scripts.fixtures import sample_images
from tests.cli.test_commands import run_json, serving

UNLIMITED = {"PICHUB_LIMIT_API": "off", "PICHUB_LIMIT_UPLOAD": "off", "PICHUB_LIMIT_AUTH_FAILURES": "off"}
PICTURE = sample_images.png(40, 30)


@dataclass(frozen=True)
class Live:
    """A server that runs, a token that uploads and does nothing else, and one that does everything."""

    url: str
    token: str
    everything: str

    def file(self, name: str, folder: Path) -> Path:
        """A tool's file, as curl fetches it with the token."""
        answer = requests.get(
            f"{self.url}/v1/uploaders/{name}", headers={"Authorization": f"Bearer {self.token}"}, timeout=20
        )
        assert answer.status_code == 200, answer.text
        kept = folder / answer.headers["content-disposition"].split('"')[1]
        kept.write_bytes(answer.content)
        return kept

    def shows(self, url: str, picture: bytes = PICTURE) -> bool:
        """Whether the address shows the picture."""
        return requests.get(url, timeout=20).content == picture

    def image(self, url: str) -> Any:
        """What is known of the image at an address."""
        answer = requests.get(
            f"{self.url}/v1/images/{url.rsplit('/', 1)[1].split('.')[0]}",
            headers={"Authorization": f"Bearer {self.everything}"},
            timeout=20,
        )
        return answer.json()["data"]


@pytest.fixture(scope="package")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("live")
    with serving(folder, **UNLIMITED) as (_, url):
        environ = {"PICHUB_DATA_DIR": str(folder)}
        upload_only = run_json("token", "create", "admin", "--preset", "upload-only", **environ)
        everything = run_json("token", "create", "admin", **environ)
        yield Live(url, upload_only["token"], everything["token"])


@pytest.fixture
def picture(tmp_path: Path) -> Callable[[str], Path]:
    """Makes a file with the picture in it."""

    def make(name: str) -> Path:
        path = tmp_path / name
        path.write_bytes(PICTURE)
        return path

    return make
