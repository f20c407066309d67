"""Copying a database to either kind: complete, or reported as incomplete."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from app.auth.actor import Actor, Scope
from app.context import Context, Services
from app.db.config import sqlite_url
from app.db.copying import CopyRefused, copying
from app.lifespan import prepare, run_services
from app.models import Account, Event, Image
from app.resolvers import albums
from app.resolvers.albums import NewAlbum
from app.settings import Settings
from scripts.fixtures import sample_images
from scripts.fixtures.servers import postgres
from tests.pichub import house
from tests.resolvers.test_images import context, upload

PICHUB = Path(sys.executable).with_name("pichub")
INSERT_EVENTS = """
WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
INSERT INTO events (id, position, type, account_id, subject_id, data, created_at)
SELECT 'evt_' || i, i, 'ping', (SELECT id FROM accounts), 'whk_1', '{"b": 1, "a": "海"}', '2026-01-01 00:00:00+00:00'
FROM n
"""


@pytest.fixture
async def source(tmp_path: Path) -> str:
    """The URL of a SQLite file with rows in most tables."""
    folder = tmp_path / "data"
    async with house(folder) as pichub:
        ctx = await context(pichub)
        album = await albums.create(ctx, NewAlbum("Harbour"))
        await upload(ctx, sample_images.png(), album_id=album.id, title="In an album", tags=["a", "海"])
    return sqlite_url(folder / "pichub.db")


@pytest.fixture
async def target() -> AsyncIterator[str]:
    url = await postgres.new_database()
    yield url
    await postgres.drop_database(url)


async def copy(source: str, target: str) -> int:
    async with copying(source, target) as work:
        await work.run(lambda _: None)
        await work.compare(lambda _: None)
        await work.finish()
    return work.total // 3


async def test_a_copy_there_and_back_is_equal_and_usable(source: str, target: str, tmp_path: Path) -> None:
    back = sqlite_url(tmp_path / "back.db")
    assert await copy(source, target) == await copy(target, back) > 8
    for url in (target, back):
        settings = Settings(data_dir=tmp_path / "data", database_url=url, min_free_disk=1)
        assert await prepare(settings) is None
        async with run_services(settings) as services:
            ctx = await context_of(services)
            (image,) = await Image.all()
            assert (image.title, image.tags, image.created_at.tzinfo) == ("In an album", ["a", "海"], UTC)
            await upload(ctx, sample_images.png(), tags=["counts", "on"])
            assert (await Event.all().order_by("-position").first()).position == 4  # type: ignore[union-attr]


async def context_of(services: Services) -> Context:
    admin = await Account.get(username="admin")
    return Context(services, actor=Actor(admin, frozenset(Scope)))


async def test_a_target_with_rows_is_rejected(source: str, target: str) -> None:
    await copy(source, target)
    with pytest.raises(CopyRefused, match="The target is not empty: there are rows in accounts"):
        await copy(source, target)


async def test_an_unsuitable_source_is_rejected(source: str, target: str, tmp_path: Path) -> None:
    with pytest.raises(CopyRefused, match="same database"):
        await copy(source, source)
    with pytest.raises(CopyRefused, match="no database at"):
        await copy(sqlite_url(tmp_path / "none.db"), source)
    with pytest.raises(CopyRefused, match="pichub migrate"):
        await copy(target, source)


async def test_a_killed_copy_resumes(source: str, target: str) -> None:
    path = source.removeprefix("sqlite://")
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(INSERT_EVENTS)
    command = [PICHUB, "copy-database", source, target]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ)  # noqa: ASYNC220
    other = await asyncpg.connect(target)
    try:
        async with asyncio.timeout(60):
            while not 500 <= await count_events(other) < 12_000:  # noqa: ASYNC110  (of another process)
                await asyncio.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert (killed_at := await count_events(other)) < 11_000
        with pytest.raises(CopyRefused, match="unfinished copy of /"):
            await copy(sqlite_url(await copy_of_file(path)), target)
        await other.execute("CREATE TABLE copied AS SELECT xmin::text AS transaction_id, id FROM events")
        resumed = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)  # noqa: ASYNC221
        assert resumed.returncode == 0, resumed.stderr
        assert "are the same on both sides" in resumed.stdout
        assert await count_events(other) == 11_004
        unchanged = (
            "SELECT count(*) FROM events e JOIN copied c USING (id) WHERE e.xmin::text = c.transaction_id"
        )
        assert await other.fetchval(unchanged) == killed_at, "a row was written twice"
    finally:
        await other.close()


async def copy_of_file(path: str) -> Path:
    """Return a copy of the database file under another name."""
    other = Path(path).with_name("other.db")
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(other)) as target:
        source.backup(target)
    return other


async def count_events(other: "asyncpg.Connection[asyncpg.Record]") -> int:
    try:
        return int(await other.fetchval("SELECT count(*) FROM events"))
    except asyncpg.UndefinedTableError:
        return 0


async def test_a_change_during_a_copy_is_detected(source: str, target: str) -> None:
    async with copying(source, target) as work:
        await work.run(lambda _: None)
        with closing(sqlite3.connect(source.removeprefix("sqlite://"))) as database, database:
            database.execute("UPDATE images SET title = 'other', updated_at = ?", [str(datetime.now(UTC))])
        with pytest.raises(CopyRefused, match="The rows of images are not those of the source"):
            await work.compare(lambda _: None)
