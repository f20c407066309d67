"""Cached responses are equal to uncached ones, and invalidated by changes."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from scripts.fixtures import sample_images
from tests.pichub import House, house


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as home:
        yield home


async def get(home: House, path: str, method: str = "GET", **headers: str) -> tuple[httpx2.Response, bool]:
    """Return the response, and True if it is cached: cached responses have no request id."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    response = await home.client.request(method, path, headers=sent)
    return response, "x-request-id" not in response.headers


async def fill_cache(home: House, path: str) -> httpx2.Response:
    """Request the path twice: responses are cached on their second use."""
    await home.client.get(path)
    return await home.client.get(path)


def headers_of(response: httpx2.Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name != "x-request-id"}


@pytest.mark.parametrize("query", ["", "?w=20", "?w=20&fm=webp&download=1", "?fm=auto&h=9"])
async def test_third_response_is_cached(home: House, query: str) -> None:
    image = await home.upload(sample_images.jpeg(64, 48))
    responses = [await get(home, f"/img/{image['id']}{query}") for _ in range(3)]
    assert [is_cached for _, is_cached in responses] == [False, False, True]
    first, *others = [response for response, _ in responses]
    assert first.status_code == 200
    for other in others:
        assert other.content == first.content
        assert headers_of(other) == headers_of(first)


async def test_head_and_conditional_requests_are_cached(home: House) -> None:
    image = await home.upload(sample_images.jpeg(64, 48))
    path = f"/img/{image['id']}?w=20"
    whole = await fill_cache(home, path)
    head, is_cached = await get(home, path, "HEAD")
    assert (is_cached, head.content, headers_of(head)) == (True, b"", headers_of(whole))
    for tag in (whole.headers["etag"], "W/" + whole.headers["etag"], f'"x", {whole.headers["etag"]}', "*"):
        held, is_cached = await get(home, path, If_None_Match=tag)
        assert (held.status_code, held.content, is_cached) == (304, b"", True)
        assert held.headers["etag"] == whole.headers["etag"]
        assert "content-length" not in held.headers
    other, is_cached = await get(home, path, If_None_Match='"other"')
    assert (other.status_code, other.content, is_cached) == (200, whole.content, True)


async def test_cached_304_is_equal(home: House) -> None:
    image = await home.upload(sample_images.jpeg(64, 48))
    path = f"/img/{image['id']}?w=20"
    tag = (await home.client.head(path)).headers["etag"]
    uncached, is_cached = await get(home, path, If_None_Match=tag)
    assert not is_cached
    await fill_cache(home, path)
    cached, is_cached = await get(home, path, If_None_Match=tag)
    assert is_cached
    assert headers_of(cached) == headers_of(uncached)


async def test_ranges_bypass_the_cache(home: House) -> None:
    image = await home.upload(sample_images.jpeg(64, 48))
    whole = await fill_cache(home, f"/img/{image['id']}")
    part, _ = await get(home, f"/img/{image['id']}", Range="bytes=10-19")
    assert (part.status_code, part.content) == (206, whole.content[10:20])


async def test_auto_is_cached_per_accept(home: House) -> None:
    image = await home.upload(sample_images.jpeg(64, 48))
    path = f"/img/{image['id']}?fm=auto"
    for _ in range(3):
        assert (await get(home, path, Accept="image/avif"))[0].headers["content-type"] == "image/avif"
        assert (await get(home, path, Accept="image/webp"))[0].headers["content-type"] == "image/webp"
        assert (await get(home, path, Accept="*/*"))[0].headers["content-type"] == "image/jpeg"


async def test_private_images_are_not_cached(home: House) -> None:
    album = (
        await home.client.post("/v1/albums", headers=home.headers, json={"name": "x", "is_public": False})
    ).json()
    image = await home.upload(sample_images.jpeg(64, 48), album_id=album["data"]["id"])
    path = f"/img/{image['id']}"
    assert (await home.client.get(path, headers=home.headers)).status_code == 200
    assert (await home.client.get(path)).status_code == 404


async def changed(home: House, method: str, path: str, body: Any = None) -> None:
    response = await home.client.request(method, path, headers=home.headers, json=body)
    assert response.status_code == 200, response.text


async def test_hiding_and_deleting_invalidate(home: House) -> None:
    album = (await home.client.post("/v1/albums", headers=home.headers, json={"name": "x"})).json()["data"][
        "id"
    ]
    private = (
        await home.client.post("/v1/albums", headers=home.headers, json={"name": "y", "is_public": False})
    ).json()["data"]["id"]
    image = (await home.upload(sample_images.jpeg(64, 48), album_id=album))["id"]
    path = f"/img/{image}?w=20"

    async def seen() -> int:
        await fill_cache(home, path)
        return (await home.client.get(path)).status_code

    assert await seen() == 200
    await changed(home, "PATCH", f"/v1/albums/{album}", {"is_public": False})
    assert await seen() == 404
    await changed(home, "PATCH", f"/v1/albums/{album}", {"is_public": True})
    assert await seen() == 200
    await changed(home, "PATCH", f"/v1/images/{image}", {"album_id": private})
    assert await seen() == 404
    await changed(home, "DELETE", f"/v1/albums/{private}")
    assert await seen() == 200
    await changed(home, "DELETE", f"/v1/images/{image}")
    assert await seen() == 404


async def test_moving_images_by_graphql_invalidates(home: House) -> None:
    private = (
        await home.client.post("/v1/albums", headers=home.headers, json={"name": "y", "is_public": False})
    ).json()["data"]["id"]
    image = (await home.upload(sample_images.jpeg(64, 48)))["id"]

    async def after(mutation: str) -> int:
        kind = f"{mutation[0].upper()}{mutation[1:]}Input"
        query = f"mutation($i: {kind}!) {{ {mutation}(input: $i) {{ album {{ id }} }} }}"
        variables = {"i": {"albumId": private, "imageIds": [image]}}
        await fill_cache(home, f"/img/{image}")
        response = await home.client.post(
            "/graphql", headers=home.headers, json={"query": query, "variables": variables}
        )
        assert "errors" not in response.json()
        return (await home.client.get(f"/img/{image}")).status_code

    assert await after("addImagesToAlbum") == 404
    assert await after("removeImagesFromAlbum") == 200


async def test_new_filename_invalidates(home: House) -> None:
    image = (await home.upload(sample_images.jpeg(64, 48), filename="old.jpg"))["id"]
    assert "old.jpg" in (await fill_cache(home, f"/img/{image}")).headers["content-disposition"]
    await changed(home, "PATCH", f"/v1/images/{image}", {"filename": "new.jpg"})
    assert "new.jpg" in (await get(home, f"/img/{image}"))[0].headers["content-disposition"]


async def test_cross_origin_requests_are_cached(home: House) -> None:
    image = await home.upload(sample_images.jpeg(64, 48))
    await fill_cache(home, f"/img/{image['id']}")
    await home.services.storage.delete_under("originals")
    response = await home.client.get(f"/img/{image['id']}", headers={"Origin": "https://front.example"})
    assert response.content == sample_images.jpeg(64, 48)
    assert response.headers["access-control-allow-origin"] == "*"
    assert "ETag" in response.headers["access-control-expose-headers"]


async def test_concurrent_requests_share_one_response(home: House) -> None:
    image = await home.upload(sample_images.jpeg_12mp())
    path = f"/img/{image['id']}.webp?w=300"
    responses = await asyncio.gather(*(get(home, path) for _ in range(16)))
    assert {response.status_code for response, _ in responses} == {200}
    assert len({response.content for response, _ in responses}) == 1
    assert len({tuple(sorted(headers_of(response).items())) for response, _ in responses}) == 1
    assert [is_cached for _, is_cached in responses].count(False) == 1


async def test_private_responses_are_not_shared(home: House) -> None:
    album = await home.client.post("/v1/albums", headers=home.headers, json={"name": "x", "is_public": False})
    image = await home.upload(sample_images.jpeg(64, 48), album_id=album.json()["data"]["id"])
    path = f"/img/{image['id']}?w=20"
    mine = [home.client.get(path, headers=home.headers) for _ in range(4)]
    others = [home.client.get(path) for _ in range(4)]
    responses = await asyncio.gather(*mine, *others)
    assert [response.status_code for response in responses] == [200] * 4 + [404] * 4


async def test_deletion_invalidates_shared_responses(home: House) -> None:
    image = await home.upload(sample_images.jpeg_12mp())
    path = f"/img/{image['id']}.webp?w=300"
    asked = [asyncio.create_task(home.client.get(path)) for _ in range(8)]
    await asyncio.sleep(0.01)
    await changed(home, "DELETE", f"/v1/images/{image['id']}")
    late = await home.client.get(path)
    assert late.status_code == 404
    assert {response.status_code for response in await asyncio.gather(*asked)} <= {200, 404}


async def test_slow_leader_does_not_block_others(home: House) -> None:
    image = await home.upload(sample_images.jpeg_12mp())
    path, begun, go_on = f"/img/{image['id']}", asyncio.Event(), asyncio.Event()
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}

    async def read_slowly(message: Any) -> None:
        begun.set()
        await go_on.wait()

    slow = asyncio.create_task(home.app(scope, asyncio.Event().wait, read_slowly))  # type: ignore[arg-type]
    async with asyncio.timeout(30):
        await begun.wait()
        assert (await home.client.get(path)).content == sample_images.jpeg_12mp()
    go_on.set()
    await slow
