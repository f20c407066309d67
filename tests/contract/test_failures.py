"""Failures of the server: full queue, full disk, broken database. Disconnecting clients."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from tortoise import connections

from scripts.fixtures import sample_images
from tests.pichub import house, served, until


async def test_503_if_workers_and_queue_are_full(tmp_path: Path) -> None:
    async with house(tmp_path, transform_workers=1, transform_queue=0) as home:
        image = await home.upload(sample_images.jpeg_12mp())
        paths = [f"/img/{image['id']}.webp?w={width}" for width in range(1000, 1006)]
        responses = await asyncio.gather(*(home.client.get(path) for path in paths))
        busy = [response for response in responses if response.status_code == 503]
        assert busy
        assert {response.status_code for response in responses} == {200, 503}
        for response in busy:
            assert int(response.headers["retry-after"]) >= 1
            assert response.headers["cache-control"] == "no-store"
            body = response.json()
            assert body["message"] == body["error"]["message"] == "The server is busy"
            assert (body["success"], body["error"]["code"]) == (False, "BUSY")


async def test_507_if_the_disk_is_nearly_full_but_deletion_works(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        image, headers = await home.upload(sample_images.png()), home.headers
    async with house(tmp_path, min_free_disk=10**18) as home:
        response = await home.client.post(
            "/v1/upload", headers=headers, files={"image": ("a.png", sample_images.png())}
        )
        error = response.json()["error"]
        assert (response.status_code, error["code"]) == (507, "INSUFFICIENT_STORAGE")
        assert response.json() == {
            "success": False,
            "message": "Not enough storage for this file",
            "error": error,
        }
        assert error["details"].endswith("953674316406.2MB are reserved. Delete something first.")
        assert (await home.client.delete(image["delete_url"], headers=headers)).status_code == 200


async def test_507_if_the_database_is_full_without_partial_changes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with house(tmp_path) as home:
        image, database = await home.upload(sample_images.png()), connections.get("default")
        await database.execute_script("PRAGMA max_page_count=1")  # clamped to the present number of pages
        words = {"title": "x" * 200, "description": "y" * 5000}
        posted = {"files": {"image": ("a.png", sample_images.jpeg())}, "data": words}
        mutation = (
            "mutation($name: String!, $about: String)"
            " { createAlbum(input: {name: $name, description: $about}) { album { id } } }"
        )
        variables = {"name": "x" * 200, "about": "y" * 5000}
        with caplog.at_level(logging.WARNING):
            for _ in range(20):
                response = await home.client.post("/v1/upload", headers=home.headers, **posted)
                if response.status_code == 507:
                    break
            error = response.json()["error"]
            assert (response.status_code, error["code"]) == (507, "INSUFFICIENT_STORAGE")
            assert error["details"] == "The disk is full. Delete something first."
            mutated = await home.client.post(
                "/graphql", headers=home.headers, json={"query": mutation, "variables": variables}
            )
            assert mutated.json()["errors"][0]["extensions"]["code"] == "INSUFFICIENT_STORAGE"
        assert not caplog.records
        listed = (await home.client.get("/v1/images?per_page=100", headers=home.headers)).json()["data"]
        originals = {path.name.split(".")[0] for path in (tmp_path / "storage" / "originals").iterdir()}
        assert {image["id"] for image in listed} == originals
        assert (await home.client.delete(image["delete_url"], headers=home.headers)).status_code == 200
        await database.execute_script("PRAGMA max_page_count=1073741823")
        again = await home.client.post("/v1/upload", headers=home.headers, **posted)
        assert again.status_code == 200, again.text


async def test_500_has_only_the_request_id(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with house(tmp_path) as home:
        await connections.get("default").execute_script("ALTER TABLE albums RENAME TO gone")
        with caplog.at_level(logging.ERROR, "pichub"):
            response = await home.client.get("/v1/albums", headers=home.headers)
        request_id = response.headers["x-request-id"]
        assert response.status_code == 500
        assert response.json() == {
            "success": False,
            "message": "Internal error",
            "error": {
                "code": "INTERNAL_ERROR",
                "message": "Internal error",
                "details": f"An unexpected error occurred. The server's log has more under {request_id}",
                "params": {"reason": "internal_error", "request_id": request_id},
            },
        }
        assert [request_id in record.getMessage() for record in caplog.records] == [True]


async def test_stalled_body_times_out(tmp_path: Path) -> None:
    async def stalled() -> AsyncIterator[bytes]:
        yield b'{"name": '
        await asyncio.Event().wait()

    async with house(tmp_path, stall_timeout=0.01) as home:
        response = await home.client.post("/v1/albums", headers=home.headers, content=stalled())
        error = response.json()["error"]
        assert (response.status_code, error["details"]) == (400, "The body did not arrive within 0.01 s")


async def test_disconnect_during_upload_is_not_logged(
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


async def test_413_before_the_body_is_sent(tmp_path: Path) -> None:
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
