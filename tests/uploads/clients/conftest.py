from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from scripts.fixtures import sample_images
from tests.cli.test_commands import run_json, serving

UNLIMITED = {"PICHUB_LIMIT_API": "off", "PICHUB_LIMIT_UPLOAD": "off", "PICHUB_LIMIT_AUTH_FAILURES": "off"}
IMAGE = sample_images.png(40, 30)


@dataclass(frozen=True)
class LiveServer:
    """A running server, a token that may only upload, and one with all scopes."""

    url: str
    token: str
    full_token: str

    def configuration(self, name: str, folder: Path) -> Path:
        """Download a client's configuration with the upload token."""
        response = requests.get(
            f"{self.url}/v1/uploaders/{name}", headers={"Authorization": f"Bearer {self.token}"}, timeout=20
        )
        assert response.status_code == 200, response.text
        path = folder / response.headers["content-disposition"].split('"')[1]
        path.write_bytes(response.content)
        return path

    def serves_image(self, url: str) -> bool:
        """Return True if the URL returns the bytes of `IMAGE`."""
        return requests.get(url, timeout=20).content == IMAGE

    def image_at(self, url: str) -> Any:
        """Return the REST document of the image with this URL."""
        response = requests.get(
            f"{self.url}/v1/images/{url.rsplit('/', 1)[1].split('.')[0]}",
            headers={"Authorization": f"Bearer {self.full_token}"},
            timeout=20,
        )
        return response.json()["data"]


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("server")
    with serving(folder, **UNLIMITED) as (_, url):
        environ = {"PICHUB_DATA_DIR": str(folder)}
        upload_only = run_json("token", "create", "admin", "--preset", "upload-only", **environ)
        full = run_json("token", "create", "admin", **environ)
        yield LiveServer(url, upload_only["token"], full["token"])


@pytest.fixture
def image_file(tmp_path: Path) -> Callable[[str], Path]:
    """Function that creates a file with `IMAGE`."""

    def create(name: str) -> Path:
        path = tmp_path / name
        path.write_bytes(IMAGE)
        return path

    return create
