"""A PostgreSQL that hangs: who waits for it is let go, and nobody waits after them. One that is slow is waited for."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tortoise import connections
from tortoise.exceptions import OperationalError
from tortoise.transactions import in_transaction

from app.coordination import circuit_breaker
from app.db import engine_asyncpg
from app.db.config import tortoise_config
from app.db.engine_asyncpg import PostgresEngine
from app.db.lifecycle import database
from app.errors import DatabaseUnreachable, OutcomeUnknown
from scripts.fixtures import sample_images
from scripts.fixtures.servers import postgres
from tests import databases
from tests.databases import CHOSEN
from tests.pichub import house, until
from tests.proxies.dropping_proxy import DroppingProxy, dropping_proxy


@pytest.fixture
async def way() -> AsyncIterator[DroppingProxy]:
    async with dropping_proxy(urlsplit(postgres.server_url()).port or 5432) as way:
        yield way


@pytest.fixture
def url(way: DroppingProxy) -> str:
    """The server's own database, over the way."""
    return over(way, postgres.server_url())


def over(way: DroppingProxy, url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{way.here}").geturl()


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(circuit_breaker, "PROBE_AFTER_SECONDS", 0.2)
    monkeypatch.setattr(circuit_breaker, "PROBE_INTERVAL_SECONDS", 0.05)
    monkeypatch.setattr(engine_asyncpg, "PROBE_TIMEOUT_SECONDS", 1.0)


async def ask(sql: str = "SELECT 1") -> Any:
    return await connections.get("default").execute_query_dict(sql)


async def ask_in_a_transaction() -> None:
    async with in_transaction() as transaction:
        await transaction.execute_query_dict("SELECT 1")


async def test_all_who_wait_are_let_go_and_the_next_are_refused_at_once(
    way: DroppingProxy, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with database(tortoise_config(f"{url}?maxsize=3")):
        engine = connections.get("default")
        assert isinstance(engine, PostgresEngine)
        await asyncio.gather(*(ask("SELECT pg_sleep(0.01)") for _ in range(3)))
        with way.held():
            waiting = [ask() for _ in range(5)] + [ask_in_a_transaction() for _ in range(3)]
            told = await asyncio.gather(*waiting, return_exceptions=True)
            assert {type(each) for each in told} == {OutcomeUnknown, DatabaseUnreachable}
            assert sum(isinstance(each, OutcomeUnknown) for each in told) == 3, "what was sent may be done"
            assert engine.watch.is_open
            for work in (ask, ask_in_a_transaction):
                with pytest.raises(DatabaseUnreachable):
                    await work()
            assert (engine.in_use, engine.waiting) == (0, 0)
        await until(lambda: not engine.watch.is_open)
        await asyncio.gather(*(ask() for _ in range(5)), *(ask_in_a_transaction() for _ in range(3)))
        assert engine.in_use == 0
    said = [each.getMessage() for each in caplog.records if "PostgreSQL" in each.getMessage()]
    assert said == [
        "PostgreSQL has not answered for 1.2 seconds: what needs it is refused at once until it does",
        "PostgreSQL answers again",
    ]


async def test_a_statement_that_takes_its_time_is_waited_for(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_asyncpg, "PROBE_TIMEOUT_SECONDS", 30.0)
    async with database(tortoise_config(url)):
        assert await ask("SELECT pg_sleep(0.8)::text AS slept") == [{"slept": ""}]


async def test_one_connection_that_hangs_alone_ends_with_its_time(url: str) -> None:
    async with database(tortoise_config(f"{url}?command_timeout=1")):
        engine = connections.get("default")
        with pytest.raises(DatabaseUnreachable):
            await ask("SELECT pg_sleep(30)")
        assert not engine.watch.is_away
        assert await ask() == [{"?column?": 1}]


async def test_who_is_cancelled_while_it_hangs_gives_the_connection_back(
    way: DroppingProxy, url: str
) -> None:
    async with database(tortoise_config(f"{url}?maxsize=1")):
        engine = connections.get("default")
        await ask()
        with way.held():
            for work in (ask, ask_in_a_transaction):
                asked = asyncio.create_task(work())
                await asyncio.sleep(0.05)
                asked.cancel()
                with pytest.raises((asyncio.CancelledError, DatabaseUnreachable)):
                    await asked
            assert engine.in_use == 0
        await until(lambda: not engine.watch.is_away)
        await ask()


async def test_a_start_beside_one_that_hangs_ends(way: DroppingProxy, url: str) -> None:
    with way.held(), pytest.raises((DatabaseUnreachable, OperationalError)):
        async with database(tortoise_config(f"{url}?timeout=1")):
            pass


@pytest.fixture
async def own_url(way: DroppingProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """A database of a PicHub that was made, over the way."""
    monkeypatch.setattr(CHOSEN, "kind", "postgres")
    monkeypatch.setattr(CHOSEN, "urls", {})
    url = await databases.url_for(tmp_path)
    yield over(way, url)
    await postgres.drop_database(url)


async def test_what_needs_no_database_goes_on_and_the_rest_is_503(
    way: DroppingProxy, own_url: str, tmp_path: Path
) -> None:
    async with house(tmp_path, database_url=own_url) as built:
        image = await built.upload(sample_images.png())
        hot = f"/img/{image['id']}?w=20"
        for _ in range(3):
            assert (await built.client.get(hot)).status_code == 200
        with way.held():
            lists = [built.client.get("/v1/images", headers=built.headers) for _ in range(20)]
            for answer in await asyncio.gather(*lists):
                assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")
            assert (await built.client.get(hot)).status_code == 200
            assert (await built.client.get("/healthz")).status_code == 200
            assert (await built.client.get("/readyz")).status_code == 503
        await until(lambda: not connections.get("default").watch.is_away)
        assert (await built.client.get("/v1/images", headers=built.headers)).status_code == 200
