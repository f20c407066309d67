"""Image delivery."""

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
    """An image that is streamed in several chunks."""
    assert len(NOISE) > 1024 * 1024
    return await home.upload(NOISE, filename="noise.jpg")


@pytest.fixture(scope="module")
async def private(home: House) -> dict[str, Any]:
    response = await home.client.post(
        "/v1/albums", headers=home.headers, json={"name": "private", "is_public": False}
    )
    return await home.upload(sample_images.png(), album_id=response.json()["data"]["id"])


async def test_original_is_returned_unchanged(home: House, png: dict[str, Any]) -> None:
    id_ = png["id"]
    for path in (f"/img/{id_}", f"/img/{id_}.png", f"/img/{id_}.PNG", f"/img/{id_}/a/b.html", f"/{id_}.png"):
        response = await home.client.get(path)
        assert (response.status_code, response.content) == (200, sample_images.png()), path
        headers = response.headers
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


async def test_large_original_is_streamed(home: House, large: dict[str, Any]) -> None:
    async with home.client.stream("GET", large["url"]) as response:
        assert response.headers["content-length"] == str(len(NOISE))
        assert await response.aread() == NOISE


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
async def test_variant_matches_its_url(
    home: House, png: dict[str, Any], path: str, kind: str, size: tuple[int, int]
) -> None:
    for base in ("/img/", "/") if path.startswith(".") else ("/img/",):
        response = await home.client.get(f"{base}{png['id']}{path}")
        assert (response.status_code, response.headers["content-type"]) == (200, f"image/{kind}")
        assert response.headers["content-length"] == str(len(response.content))
        picture = Image.open(BytesIO(response.content))
        assert (picture.format, picture.size) == (kind.upper(), size)


async def test_urls_of_an_image_work(home: House, large: dict[str, Any]) -> None:
    assert (await home.client.get(large["url"])).content == NOISE
    thumbnail = await home.client.get(large["thumbnail_url"])
    assert Image.open(BytesIO(thumbnail.content)).size == (400, 300)
    assert thumbnail.headers["content-type"] == "image/webp"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [("image/avif,image/webp,*/*", "avif"), ("image/webp", "webp"), ("*/*", "png"), ("", "png")],
)
async def test_auto_follows_accept(home: House, png: dict[str, Any], accept: str, kind: str) -> None:
    response = await home.client.get(f"/img/{png['id']}?w=32&fm=auto", headers={"Accept": accept})
    assert response.headers["content-type"] == f"image/{kind}"
    assert "Accept" in response.headers["vary"]


async def test_only_auto_varies_by_accept(home: House, png: dict[str, Any]) -> None:
    assert "Accept" not in (await home.client.get(png["url"])).headers.get("vary", "")


@pytest.mark.parametrize(
    ("path", "named", "allowed"),
    [
        (".bmp", "extension", "one of jpg, png, webp, gif, avif"),
        (".tar.gz", "extension", "one of jpg, png, webp, gif, avif"),
        (".png?w=0", "w", "an integer from 1 to 8192"),
        (".png?w=", "w", "an integer from 1 to 8192"),
        (".png?w=5&w=x", "w", "an integer from 1 to 8192"),
        (".png?q=101", "q", "an integer from 1 to 100"),
        (".png?fm=tiff", "fm", "one of jpg, png, webp, gif, avif, auto"),
        (".png?fit=stretch", "fit", "one of "),
        (".png?download=please", "download", "one of true, 1, false, 0"),
    ],
)
async def test_invalid_value_is_400_with_allowed_values(
    home: House, png: dict[str, Any], path: str, named: str, allowed: str
) -> None:
    response = await home.client.get(f"/img/{png['id']}{path}")
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (400, "BAD_REQUEST")
    assert error["details"].startswith(f"Parameter '{named}' must be {allowed}")
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path", ["/img/", "/img/x", "/img/x.png?w=bad", "/img/img_" + "0" * 26, "/favicon.ico", "/img/%00.png"]
)
async def test_missing_image_is_404_and_not_cached(home: House, path: str) -> None:
    response = await home.client.get(path)
    assert (response.status_code, response.json()["error"]["code"]) == (404, "NOT_FOUND")
    assert response.headers["cache-control"] == "no-store"


async def test_invalid_token_is_ignored(home: House, png: dict[str, Any]) -> None:
    response = await home.client.get(png["url"], headers=signed("pchb_pat_nothing"))
    assert response.status_code == 200


async def test_private_image_is_visible_to_its_owner_only(home: House, private: dict[str, Any]) -> None:
    other = signed(await home.account("other"))
    etag = (await home.client.get(private["url"], headers=home.headers)).headers["etag"]
    for method in ("GET", "HEAD"):
        for headers in ({}, other, signed("wrong"), {"If-None-Match": etag}):
            for path in (private["url"], f"/{private['id']}.webp?w=10"):
                assert (await home.client.request(method, path, headers=headers)).status_code == 404
        response = await home.client.request(method, private["url"], headers=home.headers)
        assert (response.status_code, response.headers["cache-control"]) == (200, "private, no-cache")
    again = await home.client.get(private["url"], headers=home.headers | {"If-None-Match": etag})
    assert (again.status_code, again.headers["cache-control"]) == (304, "private, no-cache")


async def test_token_without_scope_sees_public_images_only(
    home: House, png: dict[str, Any], private: dict[str, Any]
) -> None:
    narrow = signed(await home.account("narrow", scopes=[Scope.ALBUMS_READ]))
    assert (await home.client.get(png["url"], headers=narrow)).status_code == 200
    assert (await home.client.get(private["url"], headers=narrow)).status_code == 404


async def test_head_is_get_without_body(home: House, png: dict[str, Any], large: dict[str, Any]) -> None:
    for path in (png["url"], large["url"], f"/img/{png['id']}.webp?w=33", f"/{png['id']}.png"):
        head = await home.client.head(path, headers={"Range": "bytes=0-1"})
        get = await home.client.get(path)
        assert (head.status_code, head.content) == (200, b"")
        assert {**head.headers, "x-request-id": ""} == {**get.headers, "x-request-id": ""}


async def test_304_does_not_render(home: House, png: dict[str, Any]) -> None:
    path = f"/img/{png['id']}.webp?w=77"
    etag = (await home.client.get(path)).headers["etag"]
    data = home.services.settings.data_dir / "storage" / "variants" / png["id"]
    for file in data.iterdir():
        file.unlink()
    for method in ("GET", "HEAD"):
        for condition in (etag, f"W/{etag}", f'"x", {etag}', "*"):
            response = await home.client.request(method, path, headers={"If-None-Match": condition})
            assert (response.status_code, response.content) == (304, b"")
            assert response.headers["etag"] == etag
            assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert {"content-length", "content-type"}.isdisjoint(response.headers)
    assert not list(data.iterdir())
    assert (await home.client.get(path, headers={"If-None-Match": '"x"'})).status_code == 200


async def test_if_modified_since_without_if_none_match(home: House, png: dict[str, Any]) -> None:
    date = (await home.client.get(png["url"])).headers["last-modified"]
    for headers, status in [
        ({"If-Modified-Since": date}, 304),
        ({"If-Modified-Since": date, "If-None-Match": '"x"'}, 200),
        ({"If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"}, 200),
    ]:
        assert (await home.client.get(png["url"], headers=headers)).status_code == status


async def test_equal_transforms_have_equal_etags(home: House, png: dict[str, Any]) -> None:
    async def etag(query: str) -> str:
        return str((await home.client.get(f"/img/{png['id']}.webp?{query}")).headers["etag"])

    same = [await etag(query) for query in ("w=40&h=40", "h=40&w=40&fit=crop", "w=40&h=40&fit=cover&q=80")]
    assert len(set(same)) == 1
    assert await etag("w=41&h=40") not in same


@pytest.mark.parametrize(
    ("value", "start", "stop"),
    [
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, None),
        ("bytes=-50", -50, None),
        ("bytes=70000-1200000", 70_000, 1_200_001),
    ],
)
async def test_range_is_206(
    home: House, png: dict[str, Any], large: dict[str, Any], value: str, start: int, stop: int | None
) -> None:
    for image, data in ((png, sample_images.png()), (large, NOISE)):
        response = await home.client.get(image["url"], headers={"Range": value})
        part = data[start:stop]
        first = data.index(part)
        assert (response.status_code, response.content) == (206, part)
        assert response.headers["content-length"] == str(len(part))
        assert response.headers["content-range"] == f"bytes {first}-{first + len(part) - 1}/{len(data)}"


async def test_multiple_ranges_return_the_whole_image(home: House, png: dict[str, Any]) -> None:
    response = await home.client.get(png["url"], headers={"Range": "bytes=0-1,5-6"})
    assert (response.status_code, response.content) == (200, sample_images.png())
    assert "content-range" not in response.headers


async def test_range_after_the_end_is_416(home: House, png: dict[str, Any]) -> None:
    response = await home.client.get(png["url"], headers={"Range": "bytes=99999999-"})
    assert (response.status_code, response.json()["success"]) == (416, False)
    assert response.headers["content-range"] == f"bytes */{len(sample_images.png())}"
    assert response.headers["cache-control"] == "no-store"


async def test_if_range_of_another_version_returns_the_whole_image(home: House, png: dict[str, Any]) -> None:
    etag = (await home.client.get(png["url"])).headers["etag"]
    for condition, status in ((etag, 206), ('"x"', 200), (f"W/{etag}", 200)):
        response = await home.client.get(png["url"], headers={"Range": "bytes=0-1", "If-Range": condition})
        assert response.status_code == status


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
async def test_download_has_the_filename(
    home: House, png: dict[str, Any], filename: str, disposition: str
) -> None:
    image = await home.upload(sample_images.png())
    path = f"/v1/images/{image['id']}"
    await home.client.patch(path, headers=home.headers, json={"filename": filename})
    saved = await home.client.get(f"{image['url']}?download=1")
    assert saved.headers["content-disposition"] == f"attachment; {disposition}"
    assert (await home.client.get(image["url"])).headers["content-disposition"] == f"inline; {disposition}"


async def test_download_of_a_variant_has_its_extension(home: House, png: dict[str, Any]) -> None:
    response = await home.client.get(f"/img/{png['id']}.webp?w=20&download=1")
    assert response.headers["content-disposition"] == 'attachment; filename="sea.webp"'


async def test_files_are_closed_on_disconnect(home: House, large: dict[str, Any]) -> None:
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
    """Return the stored images that this process has open."""
    files = [link.readlink() for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    return [file for file in files if file.is_relative_to(folder / "storage")]


@pytest.fixture(scope="module", autouse=True)
async def _rendered(home: House) -> AsyncIterator[None]:
    """Check that the tests leave no temporary files."""
    yield
    assert not list(home.services.storage.incoming.iterdir())
