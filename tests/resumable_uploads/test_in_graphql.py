"""Uploads begun and looked at by GraphQL; their bytes go to the address that it gives."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from app.models import Image, UploadTicket
from scripts.fixtures import sample_images
from tests.pichub import House, ask, code_of, house
from tests.resumable_uploads.client import TUS, Desk

PICTURE = sample_images.png(64, 48)
BEGIN = """
mutation($input: CreateUploadInput!) {
  createUpload(input: $input) { upload { id url state offset size expiresAt } }
}
"""
SHOW = """
query($id: ID!) {
  node(id: $id) { id }
  upload(id: $id) { state offset image { id title album { name } tags } error { code message details } }
}
"""
DELETE = "mutation($id: ID!) { deleteUpload(input: {id: $id}) { deletedUploadId } }"


@pytest.fixture
async def built(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path / "data") as built:
        built.client.headers.update(built.headers)
        yield built


@pytest.fixture
def client(built: House) -> httpx2.AsyncClient:
    return built.client


async def begun(client: httpx2.AsyncClient, **given: Any) -> Any:
    said = {"filename": "a.png", "size": len(PICTURE)} | given
    return (await ask(client, BEGIN, input=said))["createUpload"]["upload"]


async def test_a_file_becomes_an_image_with_all_that_was_said_of_it(client: httpx2.AsyncClient) -> None:
    made = await ask(client, 'mutation { createAlbum(input: {name: "Sea"}) { album { id } } }')
    album_id = made["createAlbum"]["album"]["id"]
    upload = await begun(client, title="The sea", tags=["blue"], albumId=album_id)
    assert (upload["state"], upload["offset"], upload["size"]) == ("RECEIVING", 0, len(PICTURE))
    before = (await ask(client, SHOW, id=upload["id"]))["upload"]
    assert (before["image"], before["error"]) == (None, None)
    put = await client.put(upload["url"], content=PICTURE)
    shown = await ask(client, SHOW, id=upload["id"])
    assert shown["node"]["id"] == upload["id"]
    assert (shown["upload"]["state"], shown["upload"]["offset"]) == ("DONE", len(PICTURE))
    assert shown["upload"]["image"] == {
        "id": put.json()["data"]["id"], "title": "The sea", "album": {"name": "Sea"}, "tags": ["blue"]
    }  # fmt: skip


async def test_why_a_picture_was_refused_is_told(client: httpx2.AsyncClient) -> None:
    upload = await begun(client, size=9)
    assert (await client.put(upload["url"], content=b"Some text")).status_code == 415
    shown = (await ask(client, SHOW, id=upload["id"]))["upload"]
    assert (shown["state"], shown["image"]) == ("REFUSED", None)
    assert shown["error"]["code"] == "UNSUPPORTED_MEDIA_TYPE"
    assert shown["error"]["details"].startswith("Upload a JPG, PNG, WebP or GIF.")


async def test_an_album_that_goes_while_the_bytes_come_is_why_it_is_refused(
    client: httpx2.AsyncClient,
) -> None:
    made = await ask(client, 'mutation { createAlbum(input: {name: "Sea"}) { album { id } } }')
    album_id = made["createAlbum"]["album"]["id"]
    upload = await begun(client, albumId=album_id)
    await ask(client, "mutation($id: ID!) { deleteAlbum(input: {id: $id}) { deletedAlbumId } }", id=album_id)
    assert (await client.put(upload["url"], content=PICTURE)).status_code == 422
    assert (await ask(client, SHOW, id=upload["id"]))["upload"]["error"]["code"] == "VALIDATION_ERROR"


async def test_an_upload_that_is_deleted_is_gone(client: httpx2.AsyncClient) -> None:
    upload = await begun(client)
    assert (await ask(client, DELETE, id=upload["id"]))["deleteUpload"]["deletedUploadId"] == upload["id"]
    assert await code_of(client, "query($id: ID!) { upload(id: $id) { id } }", id=upload["id"]) == "NOT_FOUND"
    assert not await UploadTicket.exists()


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"size": 0}, "VALIDATION_ERROR"),
        ({"size": -1}, "VALIDATION_ERROR"),
        ({"size": 10**30}, "PAYLOAD_TOO_LARGE"),
        ({"filename": " "}, "VALIDATION_ERROR"),
        ({"filename": "a\0b"}, "VALIDATION_ERROR"),
        ({"title": "x" * 201}, "VALIDATION_ERROR"),
        ({"albumId": "alb_nothing"}, "VALIDATION_ERROR"),
        ({"categoryId": "cat_nothing"}, "VALIDATION_ERROR"),
        ({"tags": ["x"] * 3 + ["y" * 51]}, "VALIDATION_ERROR"),
    ],
)
async def test_what_can_not_begin_says_why(
    client: httpx2.AsyncClient, given: dict[str, Any], code: str
) -> None:
    said = {"filename": "a.png", "size": len(PICTURE)} | given
    assert await code_of(client, BEGIN, input=said) == code


async def test_bytes_may_be_sent_by_a_page_of_ours_and_by_no_other(built: House) -> None:
    async with built.signed_in("ann") as browser:
        upload = await begun(browser)
        foreign = await browser.put(upload["url"], content=PICTURE, headers={"Sec-Fetch-Site": "cross-site"})
        assert foreign.status_code == 403
        assert (await browser.put(upload["url"], content=PICTURE)).status_code == 200
    assert await Image.all().count() == 1


async def test_who_deletes_it_while_its_last_bytes_come_has_no_image(built: House) -> None:
    desk, half = Desk(built), len(PICTURE) // 2

    async def deleting() -> AsyncIterator[bytes]:
        yield PICTURE[:half]
        await desk.ask("DELETE", url, **TUS)
        yield PICTURE[half:]

    url = await desk.begin(len(PICTURE))
    assert (await desk.send(url, 0, deleting())).status_code == 404
    assert await Image.all().count() == 0
    assert [key async for key, _ in built.services.storage.list()] == []
