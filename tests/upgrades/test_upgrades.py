"""Upgrades of databases that earlier versions wrote.

Each dump has the full schema of its version and one or two rows per table. `scripts/stress upgrade --keep` writes the
databases that the dumps were cut from.
"""

import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from app import migrations
from app.lifespan import prepare
from app.settings import Settings
from scripts.stress_tests import audit
from scripts.stress_tests.audit import DataFolder
from scripts.stress_tests.tiny_images import tiny_png
from tests.pichub import UNLIMITED, house, signed

DUMPS = sorted(Path(__file__).parent.glob("*.sql"))
SOURCES = [tiny_png(number) for number in range(5)]
"""The files that the images of the dumps were uploaded from."""


def restore(dump: Path, folder: Path) -> str:
    """Create the data folder of a dump. Return its API token."""
    text = dump.read_text()
    by_digest = {sha256(source).hexdigest(): source for source in SOURCES}
    with closing(sqlite3.connect(folder / "pichub.db")) as db:
        db.executescript(text)
        for key, digest in db.execute("SELECT key, sha256 FROM images"):
            path = folder / "storage" / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(by_digest[digest])
    return text.splitlines()[0].removeprefix("-- token: ")


def query(folder: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(folder / "pichub.db")) as db:
        return db.execute(sql).fetchall()


def table_names(folder: Path) -> list[str]:
    return [name for (name,) in query(folder, "SELECT name FROM sqlite_master WHERE type = 'table'")]


def schema(folder: Path) -> dict[str, Any]:
    """Return the columns and indexes of each table, unordered."""
    return {table: (columns(folder, table), indexes(folder, table)) for table in table_names(folder)}


def columns(folder: Path, table: str) -> set[Any]:
    return {tuple(column[1:4]) + column[5:] for column in query(folder, f"PRAGMA table_info('{table}')")}


def indexes(folder: Path, table: str) -> set[Any]:
    return {
        (unique, *(name for _, _, name in query(folder, f"PRAGMA index_info('{index}')")))
        for _, index, unique, *_ in query(folder, f"PRAGMA index_list('{table}')")
    }


def select_all(folder: Path) -> dict[str, str]:
    """Return a query per table for all rows, with the columns that the table has now."""
    skipped = {"tortoise_migrations", "sqlite_sequence"}
    return {
        table: f"SELECT {', '.join(sorted(name for name, *_ in columns(folder, table)))} FROM {table} ORDER BY 1, 2"
        for table in table_names(folder)
        if table not in skipped
    }


def test_each_migration_up_to_0006_has_a_dump() -> None:
    names = [path.stem for path in sorted(Path(migrations.__path__[0]).glob("0*.py"))]
    assert [dump.stem for dump in DUMPS] == names[: len(DUMPS)]
    assert len(DUMPS) >= 6


@pytest.mark.parametrize("dump", DUMPS, ids=lambda dump: dump.stem)
async def test_migrations_keep_every_row(dump: Path, tmp_path: Path) -> None:
    restore(dump, tmp_path)
    queries = select_all(tmp_path)
    before = {table: query(tmp_path, sql) for table, sql in queries.items()}
    await prepare(Settings(data_dir=tmp_path, **UNLIMITED))
    assert {table: query(tmp_path, sql) for table, sql in queries.items()} == before
    assert query(tmp_path, "PRAGMA foreign_key_check") == []


@pytest.mark.parametrize("dump", DUMPS, ids=lambda dump: dump.stem)
async def test_an_upgraded_database_works(dump: Path, tmp_path: Path) -> None:
    token = restore(dump, tmp_path)
    images = query(tmp_path, "SELECT id, sha256, title, album_id FROM images ORDER BY id")
    albums = query(tmp_path, "SELECT id, name, image_count FROM albums ORDER BY id")
    tagged = {id for (id,) in query(tmp_path, "SELECT image_id FROM image_tags WHERE name = 'one'")}
    assert 0 < len(tagged) < len(images)
    async with house(tmp_path) as pichub:
        listed = (await pichub.client.get("/v1/images", headers=signed(token))).json()["data"]
        assert {(image["id"], image["sha256"]) for image in listed} == {row[:2] for row in images}
        for image in listed:
            response = await pichub.client.get(f"/img/{image['id']}", headers=signed(token))
            assert sha256(response.content).hexdigest() == image["sha256"]
        response = await pichub.client.get("/v1/images?tag=one", headers=signed(token))
        assert {image["id"] for image in response.json()["data"]} == tagged
        image = await pichub.upload(tiny_png(7), token=token)
        response = await pichub.client.delete(f"/v1/images/{image['id']}", headers=signed(token))
        assert response.status_code == 200
    assert query(tmp_path, "SELECT id, sha256, title, album_id FROM images ORDER BY id") == images
    assert query(tmp_path, "SELECT id, name, image_count FROM albums ORDER BY id") == albums
    assert [*audit.check_counts(DataFolder(tmp_path)), *audit.check_originals(DataFolder(tmp_path))] == []


async def test_an_upgraded_database_has_the_tables_of_a_new_one(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    restore(DUMPS[0], old)
    for folder in (old, new):
        await prepare(Settings(data_dir=folder, **UNLIMITED))
    assert schema(old) == schema(new)
