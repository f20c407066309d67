"""What goes wrong inside: no worker, no room, no table. And clients that leave."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from tortoise import connections

from scripts.fixtures import sample_images
from tests.pichub import house, served, until


async def test_503_when_all_workers_and_places_are_taken(tmp_path: Path) -> None:
    async with house(tmp_path, transform_workers=1, transform_queue=0) as home:
        image = await home.upload(sample_images.jpeg_12mp())
        paths = [f"/img/{image['id']}.webp?w={width}" for width in range(1000, 1006)]
        answers = await asyncio.gather(*(home.client.get(path) for path in paths))
        busy = [answer for answer in answers if answer.status_code == 503]
        assert busy
        assert {answer.status_code for answer in answers} == {200, 503}
        for answer in busy:
            assert int(answer.headers["retry-after"]) >= 1
            assert answer.headers["cache-control"] == "no-store"
            body = answer.json()
            assert body["message"] == body["error"]["message"] == "The server is busy"
            assert (body["success"], body["error"]["code"]) == (False, "BUSY")


async def test_507_when_the_disk_is_nearly_full_and_deletes_work_still(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        image, headers = await home.upload(sample_images.png()), home.headers
    async with house(tmp_path, min_free_disk=10**18) as home:
        answer = await home.client.post(
            "/v1/upload", headers=headers, files={"image": ("a.png", sample_images.png())}
        )
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (507, "INSUFFICIENT_STORAGE")
        assert answer.json() == {
            "success": False,
            "message": "Not enough storage for this file",
            "error": error,
        }
        assert error["details"].endswith("953674316406.2MB are kept free. Delete something first.")
        assert (await home.client.delete(image["delete_url"], headers=headers)).status_code == 200


async def test_507_when_the_database_finds_no_room_and_nothing_is_done_by_half(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with house(tmp_path) as home:
        image, database = await home.upload(sample_images.png()), connections.get("default")
        await database.execute_script("PRAGMA max_page_count=1")  # as many as there are now, and no more
        words = {"title": "x" * 200, "description": "y" * 5000}
        posted = {"files": {"image": ("a.png", sample_images.jpeg())}, "data": words}
        mutation = (
            "mutation($name: String!, $about: String)"
            " { createAlbum(input: {name: $name, description: $about}) { album { id } } }"
        )
        variables = {"name": "x" * 200, "about": "y" * 5000}
        with caplog.at_level(logging.WARNING):
            for _ in range(20):
                answer = await home.client.post("/v1/upload", headers=home.headers, **posted)
                if answer.status_code == 507:
                    break
            error = answer.json()["error"]
            assert (answer.status_code, error["code"]) == (507, "INSUFFICIENT_STORAGE")
            assert error["details"] == "The disk is full. Delete something first."
            told = await home.client.post(
                "/graphql", headers=home.headers, json={"query": mutation, "variables": variables}
            )
            assert told.json()["errors"][0]["extensions"]["code"] == "INSUFFICIENT_STORAGE"
        assert not caplog.records
        listed = (await home.client.get("/v1/images?per_page=100", headers=home.headers)).json()["data"]
        originals = {path.name.split(".")[0] for path in (tmp_path / "storage" / "originals").iterdir()}
        assert {image["id"] for image in listed} == originals
        assert (await home.client.delete(image["delete_url"], headers=home.headers)).status_code == 200
        await database.execute_script("PRAGMA max_page_count=1073741823")
        again = await home.client.post("/v1/upload", headers=home.headers, **posted)
        assert again.status_code == 200, again.text


async def test_500_shows_nothing_but_a_request_id(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with house(tmp_path) as home:
        await connections.get("default").execute_script("ALTER TABLE albums RENAME TO gone")
        with caplog.at_level(logging.ERROR, "pichub"):
            answer = await home.client.get("/v1/albums", headers=home.headers)
        request_id = answer.headers["x-request-id"]
        assert answer.status_code == 500
        assert answer.json() == {
            "success": False,
            "message": "Internal error",
            "error": {
                "code": "INTERNAL_ERROR",
                "message": "Internal error",
                "details": f"This is our mistake, not yours. The log has more under {request_id}",
            },
        }
        assert [request_id in record.getMessage() for record in caplog.records] == [True]


async def test_a_body_that_never_ends_is_given_up(tmp_path: Path) -> None:
    async def stalled() -> AsyncIterator[bytes]:
        yield b'{"name": '
        await asyncio.Event().wait()

    async with house(tmp_path, stall_timeout=0.01) as home:
        answer = await home.client.post("/v1/albums", headers=home.headers, content=stalled())
        error = answer.json()["error"]
        assert (answer.status_code, error["details"]) == (400, "The body did not come within 0.01 s")


async def test_a_client_that_leaves_during_its_upload_is_no_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with served(tmp_path) as server:
        _, _, port = server.url.rpartition(":")
        incoming = server.services.storage.incoming
        with caplog.at_level(logging.WARNING):
            _, writer = await asyncio.open_connection("127.0.0.1", int(port))
            writer.write(
                b"POST /v1/upload HTTP/1.1\r\nHost: pichub\r\nContent-Length: 5000000\r\n"
                b"Authorization: Bearer " + server.token.encode() + b"\r\n"
                b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
                b'--b\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'
                + bytes(2_000_000)
            )
            await writer.drain()
            await until(lambda: list(incoming.iterdir()))
            writer.close()
            await until(lambda: not list(incoming.iterdir()))
        assert not caplog.records


async def test_an_upload_that_is_too_large_is_answered_before_it_is_sent(tmp_path: Path) -> None:
    async with served(tmp_path) as server:
        _, _, port = server.url.rpartition(":")
        reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
        writer.write(
            b"POST /v1/upload HTTP/1.1\r\nHost: pichub\r\nContent-Length: 78643200\r\n"
            b"Authorization: Bearer " + server.token.encode() + b"\r\n"
            b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
        )
        async with asyncio.timeout(20):
            line = await reader.readline()
        assert line.split()[1] == b"413"
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
