"""The storage contract, checked on each implementation."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.storage import InvalidKey, ObjectMissing, Storage, StorageTotals

KEY = "originals/img_01jd5m8x2v.jpg"
LARGE = bytes(range(256)) * 4096

BAD_KEYS = [
    "",
    ".",
    "..",
    "/",
    "/etc/passwd",
    "../secret",
    "originals/../../secret",
    "originals/..",
    "originals/.",
    "originals/./img",
    "originals//img",
    "originals/",
    "originals\\..\\secret",
    "originals/img\0.jpg",
    "originals/img.jpg\n",
    "\noriginals/img.jpg",
    "originals/.hidden",
    ".git/config",
    "originals/bild ä.jpg",
    "originals/\u2025/img",  # a character that some normalisations turn into two dots
    "originals/\uff0e\uff0e/img",
    "originals/%2e%2e/img",
    "originals/img\udc80",
    "c:/img",
    "~/img",
    "originals/img?x",
    "originals/*",
    "tmp/put-0",
    "tmp",
    "a/" * 450 + "a",
    "a" * 256,
    "originals/" + "a" * 256,
]


async def keys_of(storage: Storage, prefix: str = "") -> list[str]:
    return sorted([key async for key, _ in storage.list(prefix)])


async def bytes_of(storage: Storage, key: str, start: int = 0, stop: int | None = None) -> bytes:
    async with storage.open(key, start, stop) as stored:
        return b"".join([chunk async for chunk in stored.chunks])


@pytest.mark.parametrize("data", [b"", b"x", b"\0\xff\r\n", LARGE], ids=["empty", "one", "binary", "large"])
async def test_a_put_object_is_read_back(storage: Storage, data: bytes) -> None:
    await storage.put(KEY, data)
    assert await storage.read(KEY) == data
    assert await bytes_of(storage, KEY) == data


async def test_a_path_is_consumed(storage: Storage) -> None:
    source = storage.incoming / "received"
    source.write_bytes(LARGE)
    await storage.put(KEY, source)
    assert not source.exists()
    assert await storage.read(KEY) == LARGE


async def test_a_path_outside_the_storage_is_consumed(storage: Storage, tmp_path: Path) -> None:
    source = tmp_path / "elsewhere"
    source.write_bytes(LARGE)
    await storage.put(KEY, source)
    assert not source.exists()
    assert await storage.read(KEY) == LARGE


async def test_a_path_that_does_not_exist_stores_nothing(storage: Storage, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await storage.put(KEY, tmp_path / "nowhere")
    assert await storage.stat(KEY) is None


async def test_a_path_stays_if_the_key_is_invalid(storage: Storage) -> None:
    source = storage.incoming / "received"
    source.write_bytes(b"x")
    with pytest.raises(InvalidKey):
        await storage.put("../out", source)
    assert source.read_bytes() == b"x"


async def test_a_file_moved_to_its_local_path_is_an_object(storage: Storage) -> None:
    path = storage.local_path(KEY)
    if path is not None:
        await storage.put(KEY, b"old")
        (storage.incoming / "made").write_bytes(b"new")
        (storage.incoming / "made").replace(path)
        assert await storage.read(KEY) == b"new"
        assert await keys_of(storage) == [KEY]
    with pytest.raises(InvalidKey):
        storage.local_path("../out")


async def test_a_second_put_replaces_the_first(storage: Storage) -> None:
    await storage.put(KEY, LARGE)
    await storage.put(KEY, b"new")
    assert await storage.read(KEY) == b"new"
    assert await keys_of(storage) == [KEY]


async def test_a_stat_has_size_and_time(storage: Storage) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    await storage.put(KEY, b"12345")
    found = await storage.stat(KEY)
    assert found
    assert found.size == 5
    assert before < found.modified_at < datetime.now(UTC) + timedelta(seconds=2)


async def test_the_time_is_of_the_put_not_of_the_file(storage: Storage) -> None:
    source = storage.incoming / "received"
    source.write_bytes(b"x")
    os.utime(source, (0, 0))
    await storage.put(KEY, source)
    found = await storage.stat(KEY)
    assert found
    assert found.modified_at.year > 2000


async def test_a_missing_object_is_reported(storage: Storage) -> None:
    await storage.put("originals/other", b"x")
    for key in (KEY, "originals", "originals/other/deeper"):
        with pytest.raises(ObjectMissing) as caught:
            await storage.read(key)
        assert caught.value.key == key
        with pytest.raises(ObjectMissing):
            await bytes_of(storage, key)
        with pytest.raises(ObjectMissing):
            async with storage.as_file(key):
                pass
        assert await storage.stat(key) is None
        assert await storage.delete(key) is False


@pytest.mark.parametrize(
    ("start", "stop"),
    [(0, None), (0, 0), (0, 1), (5, 9), (1024, None), (100, 700_000), (0, 10**12), (10**12, None), (9, 5)],
)
async def test_a_range_is_a_slice(storage: Storage, start: int, stop: int | None) -> None:
    await storage.put(KEY, LARGE)
    async with storage.open(KEY, start, stop) as stored:
        assert stored.stat.size == len(LARGE)
        assert b"".join([chunk async for chunk in stored.chunks]) == LARGE[start:stop]


@pytest.mark.parametrize(("start", "stop"), [(-1, None), (0, -1)])
async def test_a_negative_bound_is_rejected(storage: Storage, start: int, stop: int) -> None:
    await storage.put(KEY, b"x")
    with pytest.raises(ValueError, match="negative"):
        await bytes_of(storage, KEY, start, stop)


async def test_an_error_of_the_reader_propagates(storage: Storage) -> None:
    await storage.put(KEY, b"x")
    with pytest.raises(FileNotFoundError):
        async with storage.open(KEY):
            raise FileNotFoundError


async def test_an_open_object_outlives_its_deletion(storage: Storage) -> None:
    await storage.put(KEY, LARGE)
    async with storage.open(KEY) as stored:
        await storage.delete(KEY)
        assert b"".join([chunk async for chunk in stored.chunks]) == LARGE


async def test_an_open_object_outlives_its_replacement(storage: Storage) -> None:
    await storage.put(KEY, LARGE)
    async with storage.open(KEY) as stored:
        await storage.put(KEY, b"new")
        assert b"".join([chunk async for chunk in stored.chunks]) == LARGE


async def test_an_object_can_be_read_as_a_file(storage: Storage) -> None:
    await storage.put(KEY, LARGE)
    async with storage.as_file(KEY) as path:
        assert path.read_bytes() == LARGE


async def test_a_deleted_object_is_gone(storage: Storage) -> None:
    await storage.put(KEY, b"x")
    assert await storage.delete(KEY) is True
    assert await storage.delete(KEY) is False
    assert await storage.stat(KEY) is None
    assert await keys_of(storage) == []


async def test_delete_under_deletes_the_prefix_and_nothing_else(storage: Storage) -> None:
    gone = ["variants/img_1/a.webp", "variants/img_1/b.webp", "variants/img_1/deep/c.webp"]
    kept = ["variants/img_10/a.webp", "variants/img_2/a.webp", "originals/img_1"]
    for key in gone + kept:
        await storage.put(key, b"x")
    assert await storage.delete_under("variants/img_1") == 3
    assert await keys_of(storage) == sorted(kept)
    assert await storage.delete_under("variants/img_1") == 0


async def test_delete_under_keeps_an_object_with_the_prefix_as_key(storage: Storage) -> None:
    await storage.put("variants/img_1", b"x")
    assert await storage.delete_under("variants/img_1") == 0
    assert await keys_of(storage, "variants/img_1") == []
    assert await storage.read("variants/img_1") == b"x"


async def test_a_deleted_prefix_can_be_used_again(storage: Storage) -> None:
    await storage.put("variants/img_1/a", b"1")
    await storage.delete_under("variants/img_1")
    await storage.put("variants/img_1/a", b"2")
    assert await storage.read("variants/img_1/a") == b"2"


async def test_a_list_has_all_objects_with_their_sizes(storage: Storage) -> None:
    expected = {f"variants/img_{n % 7}/{n}.webp": n for n in range(40)}
    await asyncio.gather(*(storage.put(key, b"x" * size) for key, size in expected.items()))
    assert {key: found.size async for key, found in storage.list()} == expected
    under = {key: found.size async for key, found in storage.list("variants/img_3")}
    assert under == {key: size for key, size in expected.items() if key.startswith("variants/img_3/")}
    assert await keys_of(storage, "variants/img_99") == []


async def test_a_list_omits_incoming_files(storage: Storage) -> None:
    (storage.incoming / "received").write_bytes(b"x")
    assert await keys_of(storage) == []


async def test_free_is_a_number_of_bytes_or_unbounded(storage: Storage) -> None:
    free = await storage.free()
    assert free is None or free > 0


async def test_only_old_incoming_files_are_cleared(storage: Storage) -> None:
    old, young = storage.incoming / "old", storage.incoming / "young"
    for path in (old, young):
        path.write_bytes(b"12345")
    os.utime(old, (0, 0))
    await storage.put(KEY, b"x")
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    assert await storage.clear_incoming(an_hour_ago, dry_run=True) == StorageTotals(1, 5)
    assert {path.name for path in storage.incoming.iterdir()} == {"old", "young"}
    assert await storage.clear_incoming(an_hour_ago) == StorageTotals(1, 5)
    assert [path.name for path in storage.incoming.iterdir()] == ["young"]
    assert await keys_of(storage) == [KEY]


async def test_a_touch_updates_the_time_and_nothing_else(storage: Storage, tick: float) -> None:
    await storage.put(KEY, b"12345")
    put = await storage.stat(KEY)
    await asyncio.sleep(tick)
    await storage.touch(KEY)
    touched = await storage.stat(KEY)
    assert put
    assert touched
    assert put.modified_at < touched.modified_at
    assert await storage.read(KEY) == b"12345"
    await storage.touch("originals/none")
    assert await keys_of(storage) == [KEY]


async def test_delete_stale_keeps_objects_put_or_touched_since(storage: Storage, tick: float) -> None:
    for key in ("variants/img_1/a", "variants/img_1/b", "variants/img_2/c", "variants/img_3/d"):
        await storage.put(key, b"12345")
    await asyncio.sleep(tick)
    now = datetime.now(UTC)
    await asyncio.sleep(tick)
    await storage.put("variants/img_1/b", b"12345")
    await storage.touch("variants/img_3/d")
    stale = [
        "variants/img_1/a",
        "variants/img_1/b",
        "variants/img_2/c",
        "variants/img_3/d",
        "variants/img_4/e",
    ]
    assert await storage.delete_stale(stale, now) == StorageTotals(2, 10)
    assert await keys_of(storage) == ["variants/img_1/b", "variants/img_3/d"]
    assert await storage.delete_stale([], now) == StorageTotals()


async def assert_rejected(storage: Storage, key: str) -> None:
    """Check that every method rejects the key."""
    with pytest.raises(InvalidKey):
        await storage.put(key, b"x")
    with pytest.raises(InvalidKey):
        await storage.read(key)
    with pytest.raises(InvalidKey):
        await bytes_of(storage, key)
    with pytest.raises(InvalidKey):
        await storage.stat(key)
    with pytest.raises(InvalidKey):
        async with storage.as_file(key):
            pass
    with pytest.raises(InvalidKey):
        await storage.touch(key)
    with pytest.raises(InvalidKey):
        await storage.delete(key)
    with pytest.raises(InvalidKey):
        await storage.delete_stale([key], datetime.now(UTC))
    with pytest.raises(InvalidKey):
        await storage.delete_under(key)
    if key:
        with pytest.raises(InvalidKey):
            await keys_of(storage, key)


@pytest.mark.parametrize("key", BAD_KEYS, ids=ascii)
async def test_an_invalid_key_is_rejected(storage: Storage, key: str) -> None:
    await assert_rejected(storage, key)
    assert await keys_of(storage) == []


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=st.text(alphabet="aZ9._-/\\ \0\n~:é", max_size=12))
async def test_any_text_works_as_a_key_or_is_rejected(storage: Storage, key: str) -> None:
    try:
        await storage.put(key, b"x")
    except InvalidKey:
        await assert_rejected(storage, key)
    else:
        assert set(key) <= set("aZ9._-/")
        assert await keys_of(storage) == [key]
        assert await storage.delete(key)


async def test_of_concurrent_puts_one_wins_completely(storage: Storage) -> None:
    versions = [bytes([n]) * 200_000 for n in range(12)]
    await asyncio.gather(*(storage.put(KEY, data) for data in versions))
    assert await storage.read(KEY) in versions


async def test_readers_get_complete_objects_during_replacement(storage: Storage) -> None:
    versions = [bytes([n]) * 300_000 for n in range(10)]
    await storage.put(KEY, versions[0])

    async def read() -> None:
        for _ in range(10):
            assert await storage.read(KEY) in versions
            assert await bytes_of(storage, KEY) in versions

    async def write() -> None:
        for data in versions:
            await storage.put(KEY, data)

    await asyncio.gather(write(), read(), read())


async def test_concurrent_puts_and_deletes_in_one_folder_succeed(storage: Storage) -> None:
    async def put(name: int) -> None:
        for _ in range(15):
            await storage.put(f"variants/img_1/{name}", b"x")

    async def delete(name: int) -> None:
        for _ in range(15):
            await storage.delete(f"variants/img_1/{name}")

    async def delete_all() -> None:
        for _ in range(15):
            await storage.delete_under("variants/img_1")

    async def list_all() -> None:
        for _ in range(15):
            await keys_of(storage)

    tasks = [*map(put, range(4)), *map(delete, range(4)), delete_all(), delete_all(), list_all()]
    await asyncio.gather(*tasks)
    await storage.put("variants/img_1/last", b"x")
    assert await storage.read("variants/img_1/last") == b"x"
    await storage.delete_under("variants/img_1")
    assert await keys_of(storage) == []
    assert list(storage.incoming.iterdir()) == []


async def test_a_cancelled_put_is_complete_or_undone(storage: Storage) -> None:
    for turn in range(30):
        task = asyncio.create_task(storage.put(f"originals/{turn}", LARGE))
        await asyncio.sleep(turn / 20_000)
        task.cancel()
        await asyncio.wait([task])
        before = await keys_of(storage)
        await asyncio.sleep(0.002)
        assert await keys_of(storage) == before  # nothing continues in the background
        assert list(storage.incoming.iterdir()) == []
    for key in await keys_of(storage):
        assert await storage.read(key) == LARGE
