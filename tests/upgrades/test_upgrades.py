"""Databases as earlier states of PicHub left them. `scripts/torture upgrade --keep` makes such files."""

import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from app.lifespan import prepare
from app.settings import Settings
from scripts.stress_tests import audit
from scripts.stress_tests.audit import DataFolder
from scripts.stress_tests.tiny_images import tiny_png
from tests.pichub import UNLIMITED, house, signed

DUMPS = sorted(Path(__file__).parent.glob("*.sql"))
PICTURES = 5


def restored(dump: Path, folder: Path) -> str:
    """Makes the data folder of a dump, and gives the token that opens it."""
    text = dump.read_text()
    by_digest = {digest_of(number): tiny_png(number) for number in range(PICTURES)}
    with closing(sqlite3.connect(folder / "pichub.db")) as db:
        db.executescript(text)
        for key, digest in db.execute("SELECT key, sha256 FROM images"):
            path = folder / "storage" / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(by_digest[digest])
    return text.splitlines()[0].removeprefix("-- token: ")


def digest_of(number: int) -> str:
    return sha256(tiny_png(number)).hexdigest()


def rows(folder: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(folder / "pichub.db")) as db:
        return db.execute(sql).fetchall()


def schema(folder: Path) -> dict[str, Any]:
    """The columns and indexes of each table, in no order."""
    tables = [name for (name,) in rows(folder, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {table: (_columns(folder, table), _indexes(folder, table)) for table in tables}


def _columns(folder: Path, table: str) -> set[Any]:
    return {tuple(column[1:4]) + column[5:] for column in rows(folder, f"PRAGMA table_info('{table}')")}


def _indexes(folder: Path, table: str) -> set[Any]:
    found = rows(folder, f"PRAGMA index_list('{table}')")
    return {
        (unique, *(name for _, _, name in rows(folder, f"PRAGMA index_info('{index}')")))
        for _, index, unique, *_ in found
    }


def test_there_are_databases_of_earlier_states() -> None:
    assert len(DUMPS) >= 6


@pytest.mark.parametrize("dump", DUMPS, ids=lambda dump: dump.stem)
async def test_an_earlier_database_is_taken_over_whole(dump: Path, tmp_path: Path) -> None:
    token = restored(dump, tmp_path)
    before = rows(tmp_path, "SELECT id, sha256, title, album_id FROM images ORDER BY id")
    albums = rows(tmp_path, "SELECT id, name, image_count FROM albums ORDER BY id")
    async with house(tmp_path) as home:
        listed = (await home.client.get("/v1/images", headers=signed(token))).json()["data"]
        assert {(image["id"], image["sha256"]) for image in listed} == {row[:2] for row in before}
        for image in listed:
            shown = await home.client.get(f"/img/{image['id']}", headers=signed(token))
            assert shown.content in map(tiny_png, range(PICTURES))
        found = await home.client.get("/v1/images?tag=one", headers=signed(token))
        assert found.json()["meta"]["total"] == 2
        image = await home.upload(tiny_png(7), token=token)
        answer = await home.client.delete(f"/v1/images/{image['id']}", headers=signed(token))
        assert answer.status_code == 200
    assert rows(tmp_path, "SELECT id, sha256, title, album_id FROM images ORDER BY id") == before
    assert rows(tmp_path, "SELECT id, name, image_count FROM albums ORDER BY id") == albums
    assert [*audit.check_counts(DataFolder(tmp_path)), *audit.check_originals(DataFolder(tmp_path))] == []


async def test_an_earlier_database_ends_with_the_tables_of_a_new_one(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    restored(DUMPS[0], old)
    for folder in (old, new):
        await prepare(Settings(data_dir=folder, **UNLIMITED))
    assert schema(old) == schema(new)
