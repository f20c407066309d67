"""The code samples of the page /docs, run as they stand there but for the host, the token and the id."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.models import Album, Image
from scripts.fixtures import sample_images
from tests import npm
from tests.contract.test_samples import NODE, Ran, run
from tests.documented import DOCS
from tests.pichub import House, served

SAMPLES = Path(__file__).parents[2] / "app" / "web" / "ui" / "docs" / "samples"
BY: dict[str, list[str | Path]] = {".js": [NODE], ".py": [sys.executable], ".sh": ["sh"]}
LANGUAGES = list(BY)


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with served(tmp_path_factory.mktemp("server") / "data") as running:
        yield running


async def ran(
    server: House, folder: Path, name: str, language: str, *, image_id: str = "", beside: Path | None = None
) -> Ran:
    """What it prints. The script lies `beside` the packages that it needs, where it needs some."""
    text = (SAMPLES / f"{name}{language}").read_text()
    script = (beside or folder) / f"sample{'.mjs' if language == '.js' else language}"
    for placeholder, value in (
        ("https://pichub.example", server.url),
        ("YOUR_API_TOKEN", server.token),
        ("IMAGE_ID", image_id),
    ):
        text = text.replace(placeholder, value)
    script.write_text(f"set -e; cd '{folder}'\n{text}" if language == ".sh" else text)
    (folder / "harbour.jpg").write_bytes(sample_images.jpeg(64, 48))
    prefix = ["sh", "-c", f"cd '{folder}' && exec \"$@\"", "-"]
    done = await run(*prefix, *BY[language], script)
    assert done.code == 0, done.err
    return done


@pytest.mark.parametrize("language", LANGUAGES)
async def test_upload(server: House, tmp_path: Path, language: str) -> None:
    done = await ran(server, tmp_path, "upload", language)
    image = await Image.all().order_by("-created_at").first()
    assert image is not None
    assert (image.filename, image.description) == ("harbour.jpg", "The harbour at noon")
    assert f"{server.url}/img/{image.id}.jpg" in done.out


@pytest.mark.parametrize("language", LANGUAGES)
async def test_large(server: House, tmp_path: Path, language: str) -> None:
    packages = npm.TUS.install() if language == ".js" else None
    done = await ran(server, tmp_path, "large", language, beside=packages)
    image = await Image.all().order_by("-created_at").first()
    assert image is not None
    assert (image.filename, image.description) == ("harbour.jpg", "The harbour at noon")
    assert image.id in done.out
    assert await server.services.storage.read(image.key) == sample_images.jpeg(64, 48)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_list(server: House, tmp_path: Path, language: str) -> None:
    await server.upload(sample_images.jpeg(8, 6), filename="harbour at night.jpg")
    await server.upload(sample_images.jpeg(8, 6), filename="mountain.jpg")
    done = await ran(server, tmp_path, "list", language)
    assert "harbour at night.jpg" in done.out
    assert "mountain.jpg" not in done.out


@pytest.mark.parametrize("language", LANGUAGES)
async def test_album(server: House, tmp_path: Path, language: str) -> None:
    done = await ran(server, tmp_path, "album", language)
    album = await Album.all().order_by("-created_at").first()
    assert album is not None
    assert (album.name, album.is_public) == ("Holidays", False)
    assert album.id in done.out


@pytest.mark.parametrize("language", LANGUAGES)
async def test_delete(server: House, tmp_path: Path, language: str) -> None:
    image = await server.upload(sample_images.jpeg(8, 6))
    await ran(server, tmp_path, "delete", language, image_id=image["id"])
    assert not await Image.filter(id=image["id"]).exists()


async def test_picture(server: House, tmp_path: Path) -> None:
    image = await server.upload(sample_images.jpeg(640, 400))
    await ran(server, tmp_path, "picture", ".sh", image_id=image["id"])
    assert (tmp_path / "harbour-320.webp").read_bytes()[8:12] == b"WEBP"


@pytest.mark.parametrize(("sample", "language"), [("verify.py", "python"), ("verify.js", "js")])
def test_verify_is_what_the_page_on_webhooks_shows_and_its_test_runs(sample: str, language: str) -> None:
    page = (DOCS / "webhooks.md").read_text()
    assert f"```{language}\n{(SAMPLES / sample).read_text()}```" in page


def test_every_sample_is_run() -> None:
    names = {path.stem for path in SAMPLES.glob("*.*")}
    assert names == {"upload", "large", "list", "album", "delete", "picture", "verify"}
