"""Code samples of the page /docs, executed with host, token and id filled in."""

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
INTERPRETERS: dict[str, list[str | Path]] = {".js": [NODE], ".py": [sys.executable], ".sh": ["sh"]}
LANGUAGES = list(INTERPRETERS)


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with served(tmp_path_factory.mktemp("server") / "data") as server:
        yield server


async def run_sample(
    server: House,
    folder: Path,
    name: str,
    language: str,
    *,
    image_id: str = "",
    script_folder: Path | None = None,
) -> Ran:
    """Run a sample and return its output. The script is written to `script_folder`, beside the packages it needs."""
    text = (SAMPLES / f"{name}{language}").read_text()
    script = (script_folder or folder) / f"sample{'.mjs' if language == '.js' else language}"
    for placeholder, value in (
        ("https://pichub.example", server.url),
        ("YOUR_API_TOKEN", server.token),
        ("IMAGE_ID", image_id),
    ):
        text = text.replace(placeholder, value)
    script.write_text(f"set -e; cd '{folder}'\n{text}" if language == ".sh" else text)
    (folder / "harbour.jpg").write_bytes(sample_images.jpeg(64, 48))
    prefix = ["sh", "-c", f"cd '{folder}' && exec \"$@\"", "-"]
    result = await run(*prefix, *INTERPRETERS[language], script)
    assert result.code == 0, result.err
    return result


@pytest.mark.parametrize("language", LANGUAGES)
async def test_upload(server: House, tmp_path: Path, language: str) -> None:
    result = await run_sample(server, tmp_path, "upload", language)
    image = await Image.all().order_by("-created_at").first()
    assert image is not None
    assert (image.filename, image.description) == ("harbour.jpg", "The harbour at noon")
    assert f"{server.url}/img/{image.id}.jpg" in result.out


@pytest.mark.parametrize("language", LANGUAGES)
async def test_large(server: House, tmp_path: Path, language: str) -> None:
    packages = npm.TUS.install() if language == ".js" else None
    result = await run_sample(server, tmp_path, "large", language, script_folder=packages)
    image = await Image.all().order_by("-created_at").first()
    assert image is not None
    assert (image.filename, image.description) == ("harbour.jpg", "The harbour at noon")
    assert image.id in result.out
    assert await server.services.storage.read(image.key) == sample_images.jpeg(64, 48)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_list(server: House, tmp_path: Path, language: str) -> None:
    await server.upload(sample_images.jpeg(8, 6), filename="harbour at night.jpg")
    await server.upload(sample_images.jpeg(8, 6), filename="mountain.jpg")
    result = await run_sample(server, tmp_path, "list", language)
    assert "harbour at night.jpg" in result.out
    assert "mountain.jpg" not in result.out


@pytest.mark.parametrize("language", LANGUAGES)
async def test_album(server: House, tmp_path: Path, language: str) -> None:
    result = await run_sample(server, tmp_path, "album", language)
    album = await Album.all().order_by("-created_at").first()
    assert album is not None
    assert (album.name, album.is_public) == ("Holidays", False)
    assert album.id in result.out


@pytest.mark.parametrize("language", LANGUAGES)
async def test_delete(server: House, tmp_path: Path, language: str) -> None:
    image = await server.upload(sample_images.jpeg(8, 6))
    await run_sample(server, tmp_path, "delete", language, image_id=image["id"])
    assert not await Image.filter(id=image["id"]).exists()


async def test_image(server: House, tmp_path: Path) -> None:
    image = await server.upload(sample_images.jpeg(640, 400))
    await run_sample(server, tmp_path, "image", ".sh", image_id=image["id"])
    assert (tmp_path / "harbour-320.webp").read_bytes()[8:12] == b"WEBP"


@pytest.mark.parametrize(("sample", "language"), [("verify.py", "python"), ("verify.js", "js")])
def test_docs_contain_the_verification_samples(sample: str, language: str) -> None:
    page = (DOCS / "webhooks.md").read_text()
    assert f"```{language}\n{(SAMPLES / sample).read_text()}```" in page


def test_all_samples_are_tested() -> None:
    names = {path.stem for path in SAMPLES.glob("*.*")}
    assert names == {"upload", "large", "list", "album", "delete", "image", "verify"}
