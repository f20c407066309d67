"""PostgreSQL does what it was asked, and the connection is lost before it says so."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from app.models import Image
from scripts.fixtures import sample_images
from scripts.fixtures.servers import postgres
from tests.pichub import House, house
from tests.proxies.dropping_proxy import DroppingProxy, dropping_proxy
from tests.resumable_uploads.client import Desk

PICTURE = sample_images.jpeg(2000, 1500)
"""Large enough for intermediates."""


@pytest.fixture
async def way() -> AsyncIterator[DroppingProxy]:
    async with dropping_proxy(urlsplit(postgres.server_url()).port or 5432) as way:
        yield way


@pytest.fixture
async def home(way: DroppingProxy, tmp_path: Path) -> AsyncIterator[House]:
    url = await postgres.new_database()
    parts = urlsplit(url)
    there = parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{way.here}").geturl()
    (tmp_path / "made").mkdir()  # so that the token is this database's
    async with house(tmp_path, database_url=there) as home:
        yield home
    await postgres.drop_database(url)


async def test_an_upload_whose_commit_got_no_answer_keeps_its_bytes(way: DroppingProxy, home: House) -> None:
    way.cut_at = b"COMMIT\0"
    files = {"image": ("a.jpg", PICTURE)}
    answer = await home.client.post("/v1/upload", headers=home.headers, files=files)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "BUSY")
    assert "may have been made" in answer.json()["error"]["details"]
    (image,) = await Image.all()
    shown = await home.client.get(f"/img/{image.id}")
    assert (shown.status_code, shown.content) == (200, PICTURE)


async def test_a_piece_whose_row_got_no_answer_is_kept(way: DroppingProxy, home: House) -> None:
    desk = Desk(home)
    url, half = await desk.begin(len(PICTURE)), len(PICTURE) // 2
    way.cut_at = b'[["0-'  # among the values of the UPDATE
    assert (await desk.send(url, 0, PICTURE[:half])).status_code == 503
    await asyncio.sleep(0.05)  # PostgreSQL had all of it, and may still be at it
    assert (await desk.head(url)).headers["upload-offset"] == str(half)
    last = await desk.send(url, half, PICTURE[half:])
    assert (last.status_code, "upload-image" in last.headers) == (204, True), last.text


async def test_a_transaction_that_could_not_begin_has_done_nothing(way: DroppingProxy, home: House) -> None:
    way.cut_at = b"BEGIN"
    files = {"image": ("a.jpg", PICTURE)}
    answer = await home.client.post("/v1/upload", headers=home.headers, files=files)
    assert (answer.status_code, await Image.all().count()) == (503, 0)
    assert "may have been made" not in answer.json()["error"]["details"]
    assert [key async for key, _ in home.services.storage.list()] == []
    answer = await home.client.post("/v1/upload", headers=home.headers, files=files)
    assert answer.status_code == 200
