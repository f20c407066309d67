"""The house with its pictures in a bucket: people see what they see of a folder, and are told when it is away."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import httpx2
import pytest

from app.jobs.cleanup import runner
from app.lifespan import storage_location, uncached_storage
from app.resolvers import variants
from app.settings import BadSetting, Settings
from app.storage.base import Storage
from scripts.fixtures import sample_images
from scripts.fixtures.servers.seaweed import SeaweedServer
from tests.jobs.cleanup.conftest import later
from tests.pichub import House, ask, house
from tests.resolvers.test_images import context

DOCUMENTED = {200, 304, 404, 503}


@pytest.fixture
async def home(seaweed: SeaweedServer, tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path, **seaweed.settings()) as home:
        yield home


def bucket_of(home: House) -> Storage:
    settings = home.services.settings
    return uncached_storage(storage_location(settings), settings)


async def keys_of(home: House) -> list[str]:
    return sorted([key async for key, _ in bucket_of(home).list()])


async def private_image(home: House, picture: bytes) -> str:
    body = {"name": "private", "is_public": False}
    album = (await home.client.post("/v1/albums", headers=home.headers, json=body)).json()["data"]["id"]
    image = await home.upload(picture, album_id=album)
    return str(image["id"])


async def test_an_image_is_uploaded_transformed_shown_again_and_deleted(home: House) -> None:
    picture = sample_images.jpeg(640, 480)
    image_id = (await home.upload(picture, filename="a.jpg"))["id"]
    assert (await home.client.get(f"/img/{image_id}")).content == picture
    answers = [await home.client.get(f"/img/{image_id}?w=64&fm=webp") for _ in range(4)]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    part = await home.client.get(f"/img/{image_id}", headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, picture[10:20])
    assert [key.partition("/")[0] for key in await keys_of(home)] == ["originals", "variants"]
    answer = await home.client.delete(f"/v1/images/{image_id}", headers=home.headers)
    assert answer.json()["data"]["variants_removed"] == 1
    assert (await home.client.get(f"/img/{image_id}?w=64&fm=webp")).status_code == 404
    assert await keys_of(home) == []
    cache = home.services.settings.data_dir / "cache"
    assert [p for room in ("originals", "variants") for p in (cache / room).rglob("*") if p.is_file()] == []


async def test_what_one_server_rendered_another_shows(seaweed: SeaweedServer, tmp_path: Path) -> None:
    place = seaweed.settings()
    async with house(tmp_path, **place) as one:
        image_id = (await one.upload(sample_images.jpeg(4000, 3000)))["id"]
        first = await one.client.get(f"/img/{image_id}?w=64")
        before = await keys_of(one)
    shutil.rmtree(tmp_path / "cache")
    async with house(tmp_path, **place, limit_renders="1/day") as two:
        for _ in range(2):
            assert (await two.client.get(f"/img/{image_id}?w=64")).content == first.content
        assert await keys_of(two) == before
        assert [key.partition("/")[0] for key in before].count("intermediates") == 2
        assert (await two.client.get(f"/img/{image_id}?w=65")).status_code == 200


async def test_a_private_image_is_shown_to_its_owner_and_by_signature(home: House) -> None:
    image_id = await private_image(home, sample_images.png(20, 20))
    address = await signed_address(home, image_id)
    assert (await home.client.get(f"/img/{image_id}")).status_code == 404
    assert (await home.client.get(f"/img/{image_id}", headers=home.headers)).status_code == 200
    assert (await home.client.get(address)).status_code == 200


async def signed_address(home: House, image_id: str, seconds: int = 60) -> str:
    query = "query($id: ID!, $s: Int!) { image(id: $id) { signedUrl(expiresIn: $s) } }"
    async with home.browser(**home.headers) as owner:
        return str((await ask(owner, query, id=image_id, s=seconds))["image"]["signedUrl"])


async def test_the_sweep_works_on_a_bucket(home: House) -> None:
    ctx = await context(home)
    image_id = (await home.upload(sample_images.jpeg(640, 480)))["id"]
    for width in range(20, 30):
        await home.client.get(f"/img/{image_id}?w={width}")
    orphan = "originals/img_01jd5m8x2v0000000000000000.jpg"
    await home.services.storage.put(orphan, b"x")
    soon = later(ctx, timedelta(hours=2), variants_size=1500)
    report = await runner.clean_up(soon.services)
    assert not report.failed
    assert report.removed["originals"].count == 1
    assert report.removed["variants over budget"].count > 0
    left = await keys_of(home)
    assert orphan not in left
    assert len([key for key in left if key.startswith("originals")]) == 1
    assert sum([stat.size async for _, stat in bucket_of(home).list("variants")]) <= 1500


async def test_use_is_noted_weekly_and_only_where_variants_have_a_budget(home: House) -> None:
    ctx = await context(home)
    image_id = (await home.upload(sample_images.jpeg(64, 48)))["id"]
    await home.client.get(f"/img/{image_id}?w=20")
    (key,) = [key for key in await keys_of(home) if key.startswith("variants")]
    bucket = bucket_of(home)
    put = await bucket.stat(key)
    await asyncio.sleep(1.05)  # a bucket's clock has seconds
    for days, settings, touched in ((6, {}, False), (8, {"variants_size": None}, False), (8, {}, True)):
        asking = later(ctx, timedelta(days=days), **settings)
        transform = home.services.images.presets.transform({"w": "20"})
        picture = await variants.find(asking, image_id, transform, extension=None)
        await variants.ensure_rendered(asking, picture)
        assert (await bucket.stat(key) != put) is touched


async def test_a_redirect_with_leave_opens_what_may_be_seen(seaweed: SeaweedServer, tmp_path: Path) -> None:
    async with (
        house(tmp_path, **seaweed.settings(), img_redirect="presigned") as home,
        httpx2.AsyncClient() as web,
    ):
        picture = sample_images.jpeg(640, 480)
        public = (await home.upload(picture, filename="cat é.jpg"))["id"]
        answer = await home.client.get(f"/img/{public}")
        assert (answer.status_code, answer.content) == (302, b"")
        assert answer.headers["cache-control"] == "public, max-age=300"
        assert "X-Amz-Expires=600" in answer.headers["location"]
        there = await web.get(answer.headers["location"])
        assert there.content == picture
        assert there.headers["content-type"] == "image/jpeg"
        assert there.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert there.headers["content-disposition"].startswith('inline; filename="cat _.jpg"')

        answer = await home.client.get(
            f"/img/{public}?w=64&fm=auto&download=1", headers={"Accept": "image/webp"}
        )
        assert "Accept" in answer.headers["vary"]
        there = await web.get(answer.headers["location"], headers={"Range": "bytes=0-3"})
        assert (there.status_code, there.content) == (206, b"RIFF")
        assert there.headers["content-type"] == "image/webp"
        assert there.headers["content-disposition"].startswith("attachment;")

        head = await home.client.head(f"/img/{public}")
        assert (head.status_code, head.headers["content-length"]) == (200, str(len(picture)))
        held = await home.client.get(f"/img/{public}", headers={"If-None-Match": head.headers["etag"]})
        assert held.status_code == 304

        private = await private_image(home, picture)
        assert (await home.client.get(f"/img/{private}")).status_code == 404
        answer = await home.client.get(f"/img/{private}", headers=home.headers)
        assert answer.headers["cache-control"] == "private, no-cache"
        assert (await web.get(answer.headers["location"])).headers["cache-control"] == "private, no-cache"
        answer = await home.client.get(await signed_address(home, private, 60))
        expires = int(answer.headers["location"].partition("X-Amz-Expires=")[2].partition("&")[0])
        assert 50 <= expires <= 60
        assert 25 <= int(answer.headers["cache-control"].removeprefix("private, max-age=")) < expires
        assert (await web.get(answer.headers["location"])).content == picture


async def test_a_redirect_to_a_cdn_is_for_public_images_alone(seaweed: SeaweedServer, tmp_path: Path) -> None:
    cdn = "https://cdn.example.org/pictures"
    async with house(tmp_path, **seaweed.settings(), img_redirect=cdn) as home:
        public = (await home.upload(sample_images.jpeg(64, 48)))["id"]
        answer = await home.client.get(f"/img/{public}")
        assert (answer.status_code, answer.headers["location"]) == (302, f"{cdn}/originals/{public}.jpg")
        assert answer.headers["x-content-type-options"] == "nosniff"
        answer = await home.client.get(f"/img/{public}?w=20")
        assert answer.headers["location"].removeprefix(f"{cdn}/") in await keys_of(home)
        saved = await home.client.get(f"/img/{public}?download=1")
        assert not saved.headers["location"].startswith(cdn)
        private = await private_image(home, sample_images.png(20, 20))
        location = (await home.client.get(f"/img/{private}", headers=home.headers)).headers["location"]
        assert not location.startswith(cdn)
        assert "X-Amz-Signature" in location


async def test_without_keys_what_is_not_for_a_cdn_passes_through_here(
    seaweed: SeaweedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", seaweed.access_key)  # where the client looks by itself
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", seaweed.secret_key)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")  # the setting's endpoint wins
    url, cdn = seaweed.settings()["storage_url"], "https://cdn.example.org"
    async with house(tmp_path, storage_url=url, img_redirect=cdn) as home:
        private = await private_image(home, sample_images.png(20, 20))
        answer = await home.client.get(f"/img/{private}", headers=home.headers)
        assert (answer.status_code, answer.content) == (200, sample_images.png(20, 20))
        public = (await home.upload(sample_images.png(20, 20)))["id"]
        assert (await home.client.get(f"/img/{public}?download=1")).status_code == 200
        assert (await home.client.get(f"/img/{public}")).status_code == 302


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"img_redirect": "presigned"}, "PICHUB_IMG_REDIRECT requires"),
        ({"img_redirect": "presigned", "storage_url": "s3://x"}, "PICHUB_S3_ACCESS_KEY"),
        ({"storage_url": "s3://x?nope=1"}, "PICHUB_STORAGE_URL must be"),
        ({"storage_url": "s3://x", "s3_access_key": "a"}, "set together"),
    ],
)
def test_settings_that_do_not_go_together_are_told(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(BadSetting, match=told):
        storage_location(Settings(**settings))


def test_who_has_no_bucket_does_not_load_what_talks_to_one() -> None:
    code = "import sys, app.asgi, app.cli.serve; sys.exit('obstore' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_pictures_may_lie_in_another_folder(tmp_path: Path) -> None:
    url = f"file://{tmp_path / 'pictures'}"
    async with house(tmp_path / "data", storage_url=url) as home:
        image_id = (await home.upload(sample_images.png(20, 20)))["id"]
        assert (tmp_path / "pictures" / "originals" / f"{image_id}.png").exists()


async def test_while_the_bucket_is_away_only_documented_answers_are_given_and_then_all_is_well(
    restartable_seaweed: SeaweedServer, tmp_path: Path
) -> None:
    async with house(tmp_path, **restartable_seaweed.settings()) as home:
        picture = sample_images.jpeg(640, 480)
        kept, doomed = [(await home.upload(picture))["id"] for _ in range(2)]
        shown = (await home.client.get(f"/img/{kept}?w=50")).content
        seen: list[int] = []
        stop = asyncio.Event()

        async def look() -> None:
            turn = 0
            while not stop.is_set():
                turn += 1
                answer = await home.client.get(f"/img/{kept}?w={20 + turn % 300}")
                seen.append(answer.status_code)

        async with asyncio.TaskGroup() as group:
            for _ in range(3):
                group.create_task(look())
            restartable_seaweed.stop()
            began = monotonic()
            upload = await home.client.post(
                "/v1/upload", headers=home.headers, files={"image": ("a.jpg", picture)}
            )
            assert monotonic() - began < 5
            body = upload.json()
            assert (upload.status_code, body["message"]) == (503, "The storage is unreachable")
            assert body["error"]["code"] == "BUSY"
            assert upload.headers["retry-after"] == "5"
            listed = (await home.client.get("/v1/images", headers=home.headers)).json()
            assert listed["meta"]["total"] == 2
            answer = await home.client.delete(f"/v1/images/{doomed}", headers=home.headers)
            assert answer.status_code == 200
            assert (await home.client.get(f"/img/{doomed}")).status_code == 404
            assert (await home.client.get(f"/img/{kept}?w=50")).content == shown
            await asyncio.to_thread(restartable_seaweed.start)
            stop.set()
        assert set(seen) <= DOCUMENTED
        assert 503 in seen
        assert (await home.client.get(f"/img/{kept}?w=400")).status_code == 200
        another = await home.upload(picture)
        assert (await home.client.get(f"/img/{another['id']}?w=40")).status_code == 200
        assert list((tmp_path / "cache" / "tmp").iterdir()) == []
        report = await runner.clean_up(later(await context(home), timedelta(hours=2)).services)
        assert report.removed["originals"].count >= 1
        assert f"originals/{doomed}.jpg" not in await keys_of(home)
