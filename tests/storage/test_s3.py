"""S3 storage beyond the contract, on a real server."""

import asyncio
import os
import resource
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import httpx2
import obstore
import pytest

from app.errors import OutOfStorage, StorageUnreachable
from app.storage import DiskStorage
from app.storage.locations import Bucket, parse_location
from app.storage.presigned import AwsCredentials, presign
from app.storage.s3 import S3Storage
from scripts.fixtures.servers.seaweed import SeaweedServer
from tests.pichub import until
from tests.storage.conftest import now, s3_storage

KEY = "originals/img_01jd5m8x2v.jpg"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("s3://pics", Bucket("pics")),
        ("s3://pics/a/b/", Bucket("pics", "a/b")),
        (
            "s3://pics?endpoint=https://s3.example.org/&region=eu-west-1&style=virtual&bulk_delete=off",
            Bucket(
                "pics",
                endpoint="https://s3.example.org",
                region="eu-west-1",
                virtual_hosted=True,
                bulk_delete=False,
            ),
        ),
        (
            "s3://pics?endpoint=http%3A%2F%2F127.0.0.1%3A9000",
            Bucket("pics", endpoint="http://127.0.0.1:9000"),
        ),
        ("s3://pics?endpoint=https://s3.example.org:443", Bucket("pics", endpoint="https://s3.example.org")),
        ("file:///srv/my%20pics", Path("/srv/my pics")),
        ("/srv/pics", Path("/srv/pics")),
        ("data/storage", Path("data/storage")),
    ],
)
def test_a_location_is_parsed(url: str, expected: Path | Bucket) -> None:
    assert parse_location(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "s3://",
        "s3://key:secret@pics",
        "s3://pics/a b",
        "s3://pics/" + "a" * 101,
        "s3://pics?endpoint=ftp://x",
        "s3://pics?endpoint=https://x/path",
        "s3://pics?style=other",
        "s3://pics?regoin=x",
        "file://elsewhere/srv",
        "file:relative",
        "gs://pics",
    ],
)
def test_an_invalid_location_is_rejected(url: str) -> None:
    with pytest.raises(ValueError, match=r"s3://|file://"):
        parse_location(url)


def test_urls_begin_with_the_bucket_or_its_host() -> None:
    assert Bucket("pics").url == "https://s3.us-east-1.amazonaws.com/pics"
    assert Bucket("pics", endpoint="http://x:1", virtual_hosted=True).url == "http://pics.x:1"
    assert Bucket("pics", endpoint="http://x:1", public="https://y").public_url == "https://y/pics"


def test_a_presigned_url_equals_the_documented_example() -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html"""
    url = presign(
        "https://examplebucket.s3.amazonaws.com/test.txt",
        credentials=AwsCredentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        region="us-east-1",
        now=datetime(2013, 5, 24, tzinfo=UTC),
        expires_in=timedelta(days=1),
        headers={},
    )
    assert url.endswith("=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")


async def test_a_signed_url_opens_one_object(bucket: S3Storage) -> None:
    await bucket.put(KEY, b"0123456789")
    headers = {
        "Content-Type": "image/jpeg",
        "Content-Disposition": "attachment; filename=\"a b;é.jpg\"; filename*=UTF-8''%C3%A9",
        "Cache-Control": "private, max-age=7",
    }
    url = bucket.signed_url(KEY, expires_in=timedelta(minutes=1), headers=headers)
    assert url
    async with httpx2.AsyncClient() as client:
        response = await client.get(url)
        assert (response.status_code, response.content) == (200, b"0123456789")
        assert response.headers["content-type"] == "image/jpeg"
        assert response.headers["cache-control"] == "private, max-age=7"
        assert response.headers["content-disposition"].startswith("attachment; filename=")
        part = await client.get(url, headers={"Range": "bytes=2-4"})
        assert (part.status_code, part.content) == (206, b"234")
        assert (await client.get(url.replace("max-age%3D7", "max-age%3D9"))).status_code == 403
        assert (await client.get(url.replace("img_01", "img_02"))).status_code in {403, 404}
        assert (await client.get(url.partition("?")[0])).status_code == 403


async def test_a_signed_url_expires(seaweed: SeaweedServer, tmp_path: Path) -> None:
    bucket = s3_storage(seaweed, tmp_path)
    await bucket.put(KEY, b"x")
    bucket._clock = lambda: now() - timedelta(minutes=2)
    url = bucket.signed_url(KEY, expires_in=timedelta(minutes=1), headers={})
    assert url
    async with httpx2.AsyncClient() as client:
        assert (await client.get(url)).status_code == 403


async def test_an_object_has_content_type_and_cache_control(bucket: S3Storage) -> None:
    for extension, kind in (("webp", "image/webp"), ("jpg", "image/jpeg"), ("avif", "image/avif")):
        await bucket.put(f"variants/img_1/a.{extension}", b"x")
        found = await obstore.get_async(bucket._reads, bucket._path(f"variants/img_1/a.{extension}"))
        assert found.attributes["Content-Type"] == kind
        assert found.attributes["Cache-Control"] == "public, max-age=31536000, immutable"


async def test_a_touched_object_keeps_its_content_type(bucket: S3Storage) -> None:
    await bucket.put("variants/img_1/a.webp", b"x")
    await bucket.touch("variants/img_1/a.webp")
    found = await obstore.get_async(bucket._reads, bucket._path("variants/img_1/a.webp"))
    assert found.attributes["Content-Type"] == "image/webp"


async def test_a_large_file_is_put_in_parts_and_read_in_chunks(bucket: S3Storage) -> None:
    source = bucket.incoming / "large"
    body = os.urandom(24 * 1024 * 1024)
    source.write_bytes(body)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    await bucket.put(KEY, source)
    assert not source.exists()
    found = b""
    async with bucket.open(KEY, 1000) as stored:
        assert stored.stat.size == len(body)
        async for chunk in stored.chunks:
            assert len(chunk) <= 4 * 1024 * 1024
            found += chunk
    assert found == body[1000:]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024  # KB, `found` among them


async def test_delete_stale_takes_one_list_and_one_delete_request(
    bucket: S3Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [f"variants/img_{n:03}/a.webp" for n in range(120)]
    await asyncio.gather(*(bucket.put(key, b"x") for key in [*keys, "variants/img_0605/young"]))
    calls: list[str] = []

    def count_calls(name: str) -> None:
        real = getattr(obstore, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            calls.append(name)
            return real(*args, **kwargs)

        monkeypatch.setattr(obstore, name, call)

    for name in ("list", "head_async", "delete_async", "get_async"):
        count_calls(name)
    removed = await bucket.delete_stale(keys, now() + timedelta(minutes=1))
    assert removed.count == 120
    assert calls == ["list", "delete_async"]


async def test_delete_stale_finds_keys_far_apart(bucket: S3Storage) -> None:
    keys = ["a/1", "m/img_1/x.webp", "m/img_1/y.webp", "zz/z"]
    for key in keys:
        await bucket.put(key, b"x")
    removed = await bucket.delete_stale([*keys, "b/none", "zzz/none"], now() + timedelta(minutes=1))
    assert removed.count == 4


async def test_wrong_credentials_are_reported_as_unreachable(seaweed: SeaweedServer, tmp_path: Path) -> None:
    bucket = parse_location(seaweed.url)
    assert isinstance(bucket, Bucket)
    storage = S3Storage(bucket, AwsCredentials("wrong", "w" * 40), DiskStorage(tmp_path), clock=now)
    for work in (storage.read(KEY), storage.stat(KEY), storage.put(KEY, b"x"), storage.delete_under("a")):
        with pytest.raises(StorageUnreachable):
            await work


async def test_a_stopped_server_fails_fast_and_works_after_a_restart(
    restartable_seaweed: SeaweedServer, tmp_path: Path
) -> None:
    storage = s3_storage(restartable_seaweed, tmp_path)
    await storage.put(KEY, b"x")
    source = storage.incoming / "received"
    source.write_bytes(b"y")
    restartable_seaweed.stop()
    began = monotonic()
    works: list[Any] = [
        storage.read(KEY),
        storage.stat(KEY),
        storage.put(KEY, source),
        storage.touch(KEY),
        storage.delete(KEY),
        storage.delete_under("originals"),
        storage.delete_stale([KEY], now()),
    ]
    outcomes = await asyncio.gather(*works, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [StorageUnreachable] * len(works)
    assert monotonic() - began < 5
    assert source.exists()
    restartable_seaweed.start()
    assert await storage.read(KEY) == b"x"


async def test_a_server_that_does_not_respond_fails(
    restartable_seaweed: SeaweedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.storage.s3.ANSWER", timedelta(seconds=0.3))
    monkeypatch.setattr("app.storage.s3.RETRIED_WITHIN", timedelta(seconds=0.2))
    storage = s3_storage(restartable_seaweed, tmp_path)
    await storage.put(KEY, b"x")
    with restartable_seaweed.frozen(), pytest.raises(StorageUnreachable):
        await storage.read(KEY)
    assert await storage.read(KEY) == b"x"


async def test_puts_to_a_hanging_server_fail(
    restartable_seaweed: SeaweedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.coordination.circuit_breaker.PROBE_AFTER_SECONDS", 0.2)
    monkeypatch.setattr("app.coordination.circuit_breaker.PROBE_INTERVAL_SECONDS", 0.05)
    monkeypatch.setattr("app.storage.s3.PROBE_TIMEOUT_SECONDS", 1.0)
    storage = s3_storage(restartable_seaweed, tmp_path)
    await storage.put(KEY, b"x")
    source = tmp_path / "large"
    source.write_bytes(bytes(12_000_000))
    with restartable_seaweed.frozen():
        async with asyncio.timeout(20):  # the upload timeout alone is half a minute
            puts = [storage.put(f"{KEY}.jpg", b"y"), storage.put(f"{KEY}.png", source)]
            errors = await asyncio.gather(*puts, return_exceptions=True)
        assert [type(each) for each in errors] == [StorageUnreachable] * 2
        for work in (storage.put(KEY, b"z"), storage.read(KEY), storage.delete(KEY)):
            with pytest.raises(StorageUnreachable):
                await work
    await until(lambda: not storage._watch.is_open, within=20)
    assert await storage.read(KEY) == b"x"
    await storage.put(KEY, source)


async def test_a_full_server_is_out_of_storage(tmp_path: Path) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = b"<Error><Code>XMinioStorageFull</Code></Error>"
        writer.write(b"HTTP/1.1 507 Insufficient Storage\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        bucket = Bucket("pics", endpoint=f"http://127.0.0.1:{port}")
        storage = S3Storage(bucket, AwsCredentials("a", "b"), DiskStorage(tmp_path), clock=now)
        with pytest.raises(OutOfStorage):
            await storage.put(KEY, b"x")
