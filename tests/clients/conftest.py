from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import copy
from typing import Any

import pytest

from scripts.fixtures import sample_images
from tests import npm
from tests.cli.test_commands import run, serving, token_of

PROJECT = Path(__file__).with_name("project")
SCHEMA = Path(__file__).parents[2] / "schema.graphql"
UNLIMITED = {"PICHUB_LIMIT_API": "off", "PICHUB_LIMIT_UPLOAD": "off"}


@dataclass(frozen=True)
class Clients:
    """A front-end project with real GraphQL clients, and a running server."""

    folder: Path
    url: str
    token: str
    picture: Path

    def run(self, script: str) -> Any:
        """Run a script with the server's URL, a token and a file, and return its output."""
        return npm.CLIENTS.told(self.folder / script, self.url, self.token, self.picture)


@pytest.fixture(scope="package")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clients]:
    folder = tmp_path_factory.mktemp("clients")
    picture = folder / "picture.png"
    picture.write_bytes(sample_images.alpha_png())
    token = token_of(run("migrate", PICHUB_DATA_DIR=str(folder / "data")).stdout)
    with serving(folder / "data", **UNLIMITED) as (_, url):
        project = npm.CLIENTS.bring(PROJECT)
        copy(SCHEMA, project)
        yield Clients(project, url, token, picture)
