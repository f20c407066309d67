"""`pichub copy-storage`: to a bucket and back, interrupted and resumed, byte for byte."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from app.storage import DiskStorage
from scripts.fixtures.servers.seaweed import SeaweedServer
from tests.storage.conftest import s3_storage

OBJECTS = 300
PICHUB = Path(sys.executable).with_name("pichub")


def command(folder: Path, *arguments: str) -> list[str]:
    return [str(PICHUB), "copy-storage", "--data-dir", str(folder / "data"), *arguments]


def environment(server: SeaweedServer) -> dict[str, str]:
    keys = {"PICHUB_S3_ACCESS_KEY": server.access_key, "PICHUB_S3_SECRET_KEY": server.secret_key}
    return {**os.environ, **keys}


async def run(
    folder: Path, server: SeaweedServer, *arguments: str
) -> tuple[int, dict[str, dict[str, int]], str]:
    process = await asyncio.create_subprocess_exec(
        *command(folder, *arguments, "--json"),
        env=environment(server),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, json.loads(out or b"{}"), err.decode()


async def create_source(folder: Path) -> tuple[DiskStorage, dict[str, bytes]]:
    source = DiskStorage(folder)
    objects = {f"originals/img_{n:026}.jpg": os.urandom(2000 + 40 * n) for n in range(OBJECTS)}
    for key, body in objects.items():
        await source.put(key, body, durable=False)
    await source.put("variants/img_1/a.webp", b"x")
    return source, objects


async def test_a_killed_copy_resumes_and_copies_back(seaweed: SeaweedServer, tmp_path: Path) -> None:
    source, objects = await create_source(tmp_path / "from")
    url = seaweed.under(f"copied-{os.getpid()}-{id(tmp_path)}")
    bucket = s3_storage(seaweed, tmp_path, url.partition("?")[0].rpartition("/")[2])

    killed = await asyncio.create_subprocess_exec(
        *command(tmp_path, str(source.root), url), env=environment(seaweed), stderr=subprocess.DEVNULL
    )
    try:
        while len([key async for key, _ in bucket.list()]) < 40:
            assert killed.returncode is None
            await asyncio.sleep(0.02)
    finally:
        killed.send_signal(signal.SIGKILL)
        await killed.wait()
    assert 40 <= len([key async for key, _ in bucket.list()]) < OBJECTS

    await bucket.put(next(iter(objects)), b"y" * len(next(iter(objects.values()))))  # of the same size
    code, report, error = await run(tmp_path, seaweed, str(source.root), url)
    assert (code, report["failures"]) == (0, {}), error
    assert report["copied"]["count"] + report["there"]["count"] == OBJECTS
    assert report["there"]["count"] >= 39
    assert [key async for key, _ in source.list("variants")]

    code, report, _ = await run(tmp_path, seaweed, url, str(tmp_path / "to"), "--all", "--at-once", "16")
    assert (code, report["copied"]["count"]) == (0, OBJECTS)
    target = DiskStorage(tmp_path / "to")
    assert {key: await target.read(key) async for key, _ in target.list()} == objects
    assert {key: await source.read(key) async for key, _ in source.list("originals")} == objects


async def test_an_unusable_source_is_reported(seaweed: SeaweedServer, tmp_path: Path) -> None:
    code, _, error = await run(tmp_path, seaweed, str(tmp_path / "nowhere"), str(tmp_path / "to"))
    assert (code, "There is no folder" in error) == (2, True)
    code, _, error = await run(tmp_path, seaweed, "gs://x", str(tmp_path / "to"))
    assert (code, "It must be a folder" in error) == (2, True)
