"""Pictures as they are delivered."""

import asyncio
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from starlette.types import Message

from app.auth.actor import Scope
from scripts.fixtures import sample_images
from tests.pichub import House, signed

NOISE = sample_images.jpeg(2000, 1500, quality=98)


@pytest.fixture(scope="module")
async def png(home: House) -> dict[str, Any]:
    return await home.upload(sample_images.png(), filename="sea.png")


@pytest.fixture(scope="module")
async def large(home: House) -> dict[str, Any]:
    """More than is sent at once."""
    assert len(NOISE) > 1024 * 1024
    return await home.upload(NOISE, filename="noise.jpg")


@pytest.fixture(scope="module")
async def private(home: House) -> dict[str, Any]:
    answer = await home.client.post(
        "/v1/albums", headers=home.headers, json={"name": "private", "is_public": False}
    )
    return await home.upload(sample_images.png(), album_id=answer.json()["data"]["id"])


async def test_the_original_comes_byte_for_byte(home: House, png: dict[str, Any]) -> None:
    id_ = png["id"]
    for path in (f"/img/{id_}", f"/img/{id_}.png", f"/img/{id_}.PNG", f"/img/{id_}/a/b.html", f"/{id_}.png"):
        answer = await home.client.get(path)
        assert (answer.status_code, answer.content) == (200, sample_images.png()), path
        headers = answer.headers
        assert {name: headers[name] for name in headers if name not in {"x-request-id", "vary"}} == {
            "content-type": "image/png",
            "content-length": str(len(sample_images.png())),
            "content-disposition": 'inline; filename="sea.png"',
            "accept-ranges": "bytes",
            "etag": f'"{png["sha256"][:32]}"',
            "last-modified": headers["last-modified"],
            "cache-control": "public, max-age=31536000, immutable",
            "x-content-type-options": "nosniff",
            "content-security-policy": "default-src 'none'; sandbox",
            "cross-origin-resource-policy": "cross-origin",
        }


async def test_a_large_original_comes_in_chunks_and_whole(home: House, large: dict[str, Any]) -> None:
    async with home.client.stream("GET", large["url"]) as answer:
        assert answer.headers["content-length"] == str(len(NOISE))
        assert await answer.aread() == NOISE


@pytest.mark.parametrize(
    ("path", "kind", "size"),
    [
        (".webp?w=80", "webp", (80, 60)),
        (".png?w=80&fm=jpeg", "jpeg", (80, 60)),
        ("?h=60&fm=webp", "webp", (80, 60)),
        (".webp?w=80&h=80&fit=crop&q=90", "webp", (80, 80)),
        (".png?w=10&w=80", "png", (80, 60)),
        (".png?w=80&unknown=1", "png", (80, 60)),
        (".gif", "gif", (320, 240)),
        (".avif?w=16", "avif", (16, 12)),
    ],
)
async def test_a_variant_is_what_its_address_says(
    home: House, png: dict[str, Any], path: str, kind: str, size: tuple[int, int]
) -> None:
    for base in ("/img/", "/") if path.startswith(".") else ("/img/",):
        answer = await home.client.get(f"{base}{png['id']}{path}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, f"image/{kind}")
        assert answer.headers["content-length"] == str(len(answer.content))
        picture = Image.open(BytesIO(answer.content))
        assert (picture.format, picture.size) == (kind.upper(), size)


async def test_the_links_of_an_image_lead_to_it(home: House, large: dict[str, Any]) -> None:
    assert (await home.client.get(large["url"])).content == NOISE
    thumbnail = await home.client.get(large["thumbnail_url"])
    assert Image.open(BytesIO(thumbnail.content)).size == (400, 300)
    assert thumbnail.headers["content-type"] == "image/webp"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [("image/avif,image/webp,*/*", "avif"), ("image/webp", "webp"), ("*/*", "png"), ("", "png")],
)
async def test_auto_picks_what_the_browser_takes(
    home: House, png: dict[str, Any], accept: str, kind: str
) -> None:
    answer = await home.client.get(f"/img/{png['id']}?w=32&fm=auto", headers={"Accept": accept})
    assert answer.headers["content-type"] == f"image/{kind}"
    assert "Accept" in answer.headers["vary"]


async def test_only_auto_varies(home: House, png: dict[str, Any]) -> None:
    assert "Accept" not in (await home.client.get(png["url"])).headers.get("vary", "")


@pytest.mark.parametrize(
    ("path", "named", "allowed"),
    [
        (".bmp", "extension", "one of jpg, png, webp, gif, avif"),
        (".tar.gz", "extension", "one of jpg, png, webp, gif, avif"),
        (".png?w=0", "w", "a whole number from 1 to 8192"),
        (".png?w=", "w", "a whole number from 1 to 8192"),
        (".png?w=5&w=x", "w", "a whole number from 1 to 8192"),
        (".png?q=101", "q", "a whole number from 1 to 100"),
        (".png?fm=tiff", "fm", "one of jpg, png, webp, gif, avif, auto"),
        (".png?fit=stretch", "fit", "one of "),
        (".png?download=please", "download", "one of true, 1, false, 0"),
    ],
)
async def test_a_bad_value_is_400_and_says_what_is_allowed(
    home: House, png: dict[str, Any], path: str, named: str, allowed: str
) -> None:
    answer = await home.client.get(f"/img/{png['id']}{path}")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "BAD_REQUEST")
    assert error["details"].startswith(f"Parameter '{named}' must be {allowed}")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path", ["/img/", "/img/x", "/img/x.png?w=bad", "/img/img_" + "0" * 26, "/favicon.ico", "/img/%00.png"]
)
async def test_what_is_not_there_is_404_and_not_kept(home: House, path: str) -> None:
    answer = await home.client.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")
    assert answer.headers["cache-control"] == "no-store"


async def test_a_token_that_does_not_hold_is_none(home: House, png: dict[str, Any]) -> None:
    answer = await home.client.get(png["url"], headers=signed("pchb_pat_nothing"))
    assert answer.status_code == 200


async def test_an_image_of_a_private_album_is_its_owners_alone(home: House, private: dict[str, Any]) -> None:
    stranger = signed(await home.account("stranger"))
    etag = (await home.client.get(private["url"], headers=home.headers)).headers["etag"]
    for method in ("GET", "HEAD"):
        for headers in ({}, stranger, signed("wrong"), {"If-None-Match": etag}):
            for path in (private["url"], f"/{private['id']}.webp?w=10"):
                assert (await home.client.request(method, path, headers=headers)).status_code == 404
        answer = await home.client.request(method, private["url"], headers=home.headers)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "private, no-cache")
    again = await home.client.get(private["url"], headers=home.headers | {"If-None-Match": etag})
    assert (again.status_code, again.headers["cache-control"]) == (304, "private, no-cache")


async def test_a_token_that_may_not_read_images_sees_public_ones(
    home: House, png: dict[str, Any], private: dict[str, Any]
) -> None:
    narrow = signed(await home.account("narrow", scopes=[Scope.ALBUMS_READ]))
    assert (await home.client.get(png["url"], headers=narrow)).status_code == 200
    assert (await home.client.get(private["url"], headers=narrow)).status_code == 404


async def test_head_is_get_without_the_body(home: House, png: dict[str, Any], large: dict[str, Any]) -> None:
    for path in (png["url"], large["url"], f"/img/{png['id']}.webp?w=33", f"/{png['id']}.png"):
        head = await home.client.head(path, headers={"Range": "bytes=0-1"})
        get = await home.client.get(path)
        assert (head.status_code, head.content) == (200, b"")
        assert {**head.headers, "x-request-id": ""} == {**get.headers, "x-request-id": ""}


async def test_what_the_client_has_is_not_sent_nor_rendered(home: House, png: dict[str, Any]) -> None:
    path = f"/img/{png['id']}.webp?w=77"
    etag = (await home.client.get(path)).headers["etag"]
    data = home.services.settings.data_dir / "storage" / "variants" / png["id"]
    for file in data.iterdir():
        file.unlink()
    for method in ("GET", "HEAD"):
        for condition in (etag, f"W/{etag}", f'"x", {etag}', "*"):
            answer = await home.client.request(method, path, headers={"If-None-Match": condition})
            assert (answer.status_code, answer.content) == (304, b"")
            assert answer.headers["etag"] == etag
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert {"content-length", "content-type"}.isdisjoint(answer.headers)
    assert not list(data.iterdir())
    assert (await home.client.get(path, headers={"If-None-Match": '"x"'})).status_code == 200


async def test_the_date_counts_where_there_is_no_tag(home: House, png: dict[str, Any]) -> None:
    date = (await home.client.get(png["url"])).headers["last-modified"]
    for headers, status in [
        ({"If-Modified-Since": date}, 304),
        ({"If-Modified-Since": date, "If-None-Match": '"x"'}, 200),
        ({"If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"}, 200),
    ]:
        assert (await home.client.get(png["url"], headers=headers)).status_code == status


async def test_variants_have_tags_of_their_own_and_equal_ones_the_same(
    home: House, png: dict[str, Any]
) -> None:
    async def etag(query: str) -> str:
        return str((await home.client.get(f"/img/{png['id']}.webp?{query}")).headers["etag"])

    same = [await etag(query) for query in ("w=40&h=40", "h=40&w=40&fit=crop", "w=40&h=40&fit=cover&q=80")]
    assert len(set(same)) == 1
    assert await etag("w=41&h=40") not in same


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, None),
        ("bytes=-50", -50, None),
        ("bytes=70000-1200000", 70_000, 1_200_001),
    ],
)
async def test_a_part_is_206(
    home: House, png: dict[str, Any], large: dict[str, Any], asked: str, start: int, stop: int | None
) -> None:
    for image, data in ((png, sample_images.png()), (large, NOISE)):
        answer = await home.client.get(image["url"], headers={"Range": asked})
        part = data[start:stop]
        first = data.index(part)
        assert (answer.status_code, answer.content) == (206, part)
        assert answer.headers["content-length"] == str(len(part))
        assert answer.headers["content-range"] == f"bytes {first}-{first + len(part) - 1}/{len(data)}"


async def test_several_parts_are_the_whole(home: House, png: dict[str, Any]) -> None:
    answer = await home.client.get(png["url"], headers={"Range": "bytes=0-1,5-6"})
    assert (answer.status_code, answer.content) == (200, sample_images.png())
    assert "content-range" not in answer.headers


async def test_a_part_behind_the_end_is_416(home: House, png: dict[str, Any]) -> None:
    answer = await home.client.get(png["url"], headers={"Range": "bytes=99999999-"})
    assert (answer.status_code, answer.json()["success"]) == (416, False)
    assert answer.headers["content-range"] == f"bytes */{len(sample_images.png())}"
    assert answer.headers["cache-control"] == "no-store"


async def test_a_part_of_another_state_is_the_whole(home: House, png: dict[str, Any]) -> None:
    etag = (await home.client.get(png["url"])).headers["etag"]
    for condition, status in ((etag, 206), ('"x"', 200), (f"W/{etag}", 200)):
        answer = await home.client.get(png["url"], headers={"Range": "bytes=0-1", "If-Range": condition})
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("filename", "disposition"),
    [
        ("sea.png", 'filename="sea.png"'),
        ("我的.png", "filename=\"__.png\"; filename*=UTF-8''%E6%88%91%E7%9A%84.png"),
        ('a"b\\c;.png', "filename=\"a_b_c;.png\"; filename*=UTF-8''a%22b%5Cc%3B.png"),
        ("a%41.png", "filename=\"a_41.png\"; filename*=UTF-8''a%2541.png"),
        ("no extension", 'filename="no extension.png"'),
    ],
)
async def test_a_download_is_saved_under_its_name(
    home: House, png: dict[str, Any], filename: str, disposition: str
) -> None:
    image = await home.upload(sample_images.png())
    path = f"/v1/images/{image['id']}"
    await home.client.patch(path, headers=home.headers, json={"filename": filename})
    saved = await home.client.get(f"{image['url']}?download=1")
    assert saved.headers["content-disposition"] == f"attachment; {disposition}"
    assert (await home.client.get(image["url"])).headers["content-disposition"] == f"inline; {disposition}"


async def test_a_download_of_a_variant_has_its_extension(home: House, png: dict[str, Any]) -> None:
    answer = await home.client.get(f"/img/{png['id']}.webp?w=20&download=1")
    assert answer.headers["content-disposition"] == 'attachment; filename="sea.webp"'


async def test_nothing_stays_open_when_the_client_leaves(home: House, large: dict[str, Any]) -> None:
    sent: list[Message] = []
    gone = asyncio.Event()

    async def receive() -> Message:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)
        if message["type"] == "http.response.body":
            assert open_files(home.services.settings.data_dir)
            gone.set()
            await asyncio.Event().wait()  # a client that reads no more

    scope = {
        "type": "http",
        "method": "GET",
        "path": f"/img/{large['id']}.jpg",
        "headers": [],
        "query_string": b"",
        "asgi": {"spec_version": "2.3"},
    }
    async with asyncio.timeout(20):
        await home.app(scope, receive, send)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert not open_files(home.services.settings.data_dir)


def open_files(folder: Path) -> list[Path]:
    """Stored pictures that this process holds open."""
    files = [link.readlink() for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    return [file for file in files if file.is_relative_to(folder / "storage")]


@pytest.fixture(scope="module", autouse=True)
async def _rendered(home: House) -> AsyncIterator[None]:
    """Nothing lies around when all is done."""
    yield
    assert not list(home.services.storage.incoming.iterdir())
