"""The short way gives what the long way gives, and forgets at once what may no longer be shown."""

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
    """The answer, and whether it took the short way: outside of what gives requests their ids."""
    asked = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = await home.client.request(method, path, headers=asked)
    return answer, "x-request-id" not in answer.headers


async def asked_twice(home: House, path: str) -> httpx2.Response:
    """What is asked for a second time is remembered from then on."""
    await home.client.get(path)
    return await home.client.get(path)


def said(answer: httpx2.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "x-request-id"}


@pytest.mark.parametrize("query", ["", "?w=20", "?w=20&fm=webp&download=1", "?fm=auto&h=9"])
async def test_a_third_answer_is_the_same_from_memory(home: House, query: str) -> None:
    image = await home.upload(sample_images.jpeg(64, 48))
    answers = [await get(home, f"/img/{image['id']}{query}") for _ in range(3)]
    assert [short for _, short in answers] == [False, False, True]
    first, *others = [answer for answer, _ in answers]
    assert first.status_code == 200
    for other in others:
        assert other.content == first.content
        assert said(other) == said(first)


async def test_head_and_conditions_are_answered_from_memory(home: House) -> None:
    image = await home.upload(sample_images.jpeg(64, 48))
    path = f"/img/{image['id']}?w=20"
    whole = await asked_twice(home, path)
    head, short = await get(home, path, "HEAD")
    assert (short, head.content, said(head)) == (True, b"", said(whole))
    for tag in (whole.headers["etag"], "W/" + whole.headers["etag"], f'"x", {whole.headers["etag"]}', "*"):
        held, short = await get(home, path, If_None_Match=tag)
        assert (held.status_code, held.content, short) == (304, b"", True)
        assert held.headers["etag"] == whole.headers["etag"]
        assert "content-length" not in held.headers
    other, short = await get(home, path, If_None_Match='"other"')
    assert (other.status_code, other.content, short) == (200, whole.content, True)


async def test_a_304_is_the_same_on_both_ways(home: House) -> None:
    image = await home.upload(sample_images.jpeg(64, 48))
    path = f"/img/{image['id']}?w=20"
    tag = (await home.client.head(path)).headers["etag"]
    long, was_short = await get(home, path, If_None_Match=tag)
    assert not was_short
    await asked_twice(home, path)
    short, is_short = await get(home, path, If_None_Match=tag)
    assert is_short
    assert said(long) == said(short)


async def test_a_part_takes_the_long_way(home: House) -> None:
    image = await home.upload(sample_images.jpeg(64, 48))
    whole = await asked_twice(home, f"/img/{image['id']}")
    part, _ = await get(home, f"/img/{image['id']}", Range="bytes=10-19")
    assert (part.status_code, part.content) == (206, whole.content[10:20])


async def test_what_auto_gives_depends_on_who_asks(home: House) -> None:
    image = await home.upload(sample_images.jpeg(64, 48))
    path = f"/img/{image['id']}?fm=auto"
    for _ in range(3):
        assert (await get(home, path, Accept="image/avif"))[0].headers["content-type"] == "image/avif"
        assert (await get(home, path, Accept="image/webp"))[0].headers["content-type"] == "image/webp"
        assert (await get(home, path, Accept="*/*"))[0].headers["content-type"] == "image/jpeg"


async def test_what_is_private_is_never_remembered(home: House) -> None:
    album = (
        await home.client.post("/v1/albums", headers=home.headers, json={"name": "x", "is_public": False})
    ).json()
    image = await home.upload(sample_images.jpeg(64, 48), album_id=album["data"]["id"])
    path = f"/img/{image['id']}"
    assert (await home.client.get(path, headers=home.headers)).status_code == 200
    assert (await home.client.get(path)).status_code == 404


async def changed(home: House, method: str, path: str, body: Any = None) -> None:
    answer = await home.client.request(method, path, headers=home.headers, json=body)
    assert answer.status_code == 200, answer.text


async def test_nothing_is_shown_from_memory_after_it_was_hidden_or_deleted(home: House) -> None:
    album = (await home.client.post("/v1/albums", headers=home.headers, json={"name": "x"})).json()["data"][
        "id"
    ]
    private = (
        await home.client.post("/v1/albums", headers=home.headers, json={"name": "y", "is_public": False})
    ).json()["data"]["id"]
    image = (await home.upload(sample_images.jpeg(64, 48), album_id=album))["id"]
    path = f"/img/{image}?w=20"

    async def seen() -> int:
        await asked_twice(home, path)
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


async def test_albums_filled_and_emptied_by_graphql_hide_and_show(home: House) -> None:
    private = (
        await home.client.post("/v1/albums", headers=home.headers, json={"name": "y", "is_public": False})
    ).json()["data"]["id"]
    image = (await home.upload(sample_images.jpeg(64, 48)))["id"]

    async def after(mutation: str) -> int:
        kind = f"{mutation[0].upper()}{mutation[1:]}Input"
        query = f"mutation($i: {kind}!) {{ {mutation}(input: $i) {{ album {{ id }} }} }}"
        variables = {"i": {"albumId": private, "imageIds": [image]}}
        await asked_twice(home, f"/img/{image}")
        answer = await home.client.post(
            "/graphql", headers=home.headers, json={"query": query, "variables": variables}
        )
        assert "errors" not in answer.json()
        return (await home.client.get(f"/img/{image}")).status_code

    assert await after("addImagesToAlbum") == 404
    assert await after("removeImagesFromAlbum") == 200


async def test_a_new_filename_is_told_at_once(home: House) -> None:
    image = (await home.upload(sample_images.jpeg(64, 48), filename="old.jpg"))["id"]
    assert "old.jpg" in (await asked_twice(home, f"/img/{image}")).headers["content-disposition"]
    await changed(home, "PATCH", f"/v1/images/{image}", {"filename": "new.jpg"})
    assert "new.jpg" in (await get(home, f"/img/{image}"))[0].headers["content-disposition"]


async def test_pages_on_other_origins_are_answered_from_memory_too(home: House) -> None:
    image = await home.upload(sample_images.jpeg(64, 48))
    await asked_twice(home, f"/img/{image['id']}")
    await home.services.storage.delete_under("originals")
    answer = await home.client.get(f"/img/{image['id']}", headers={"Origin": "https://front.example"})
    assert answer.content == sample_images.jpeg(64, 48)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "ETag" in answer.headers["access-control-expose-headers"]


async def test_those_who_ask_together_are_given_one_answer(home: House) -> None:
    image = await home.upload(sample_images.jpeg_12mp())
    path = f"/img/{image['id']}.webp?w=300"
    answers = await asyncio.gather(*(get(home, path) for _ in range(16)))
    assert {answer.status_code for answer, _ in answers} == {200}
    assert len({answer.content for answer, _ in answers}) == 1
    assert len({tuple(sorted(said(answer).items())) for answer, _ in answers}) == 1
    assert [short for _, short in answers].count(False) == 1


async def test_who_waits_for_an_answer_that_is_for_one_alone_goes_the_long_way(home: House) -> None:
    album = await home.client.post("/v1/albums", headers=home.headers, json={"name": "x", "is_public": False})
    image = await home.upload(sample_images.jpeg(64, 48), album_id=album.json()["data"]["id"])
    path = f"/img/{image['id']}?w=20"
    mine = [home.client.get(path, headers=home.headers) for _ in range(4)]
    others = [home.client.get(path) for _ in range(4)]
    answers = await asyncio.gather(*mine, *others)
    assert [answer.status_code for answer in answers] == [200] * 4 + [404] * 4


async def test_who_waits_while_the_picture_is_deleted_is_not_given_it_later(home: House) -> None:
    image = await home.upload(sample_images.jpeg_12mp())
    path = f"/img/{image['id']}.webp?w=300"
    asked = [asyncio.create_task(home.client.get(path)) for _ in range(8)]
    await asyncio.sleep(0.01)
    await changed(home, "DELETE", f"/v1/images/{image['id']}")
    late = await home.client.get(path)
    assert late.status_code == 404
    assert {answer.status_code for answer in await asyncio.gather(*asked)} <= {200, 404}


async def test_who_reads_slowly_holds_nobody_up(home: House) -> None:
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
