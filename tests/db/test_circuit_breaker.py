"""A PostgreSQL that hangs: waiting requests fail, and later ones fail at once. A slow one is waited for."""

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
from tests.databases import CURRENT
from tests.pichub import house, until
from tests.proxies.dropping_proxy import DroppingProxy, dropping_proxy


@pytest.fixture
async def proxy() -> AsyncIterator[DroppingProxy]:
    async with dropping_proxy(urlsplit(postgres.server_url()).port or 5432) as proxy:
        yield proxy


@pytest.fixture
def url(proxy: DroppingProxy) -> str:
    """The server's default database, through the proxy."""
    return through_proxy(proxy, postgres.server_url())


def through_proxy(proxy: DroppingProxy, url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{proxy.here}").geturl()


@pytest.fixture(autouse=True)
def fast_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(circuit_breaker, "PROBE_AFTER_SECONDS", 0.2)
    monkeypatch.setattr(circuit_breaker, "PROBE_INTERVAL_SECONDS", 0.05)
    monkeypatch.setattr(engine_asyncpg, "PROBE_TIMEOUT_SECONDS", 1.0)


async def query(sql: str = "SELECT 1") -> Any:
    return await connections.get("default").execute_query_dict(sql)


async def query_in_transaction() -> None:
    async with in_transaction() as transaction:
        await transaction.execute_query_dict("SELECT 1")


async def test_waiting_queries_fail_and_later_ones_fail_at_once(
    proxy: DroppingProxy, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with database(tortoise_config(f"{url}?maxsize=3")):
        engine = connections.get("default")
        assert isinstance(engine, PostgresEngine)
        await asyncio.gather(*(query("SELECT pg_sleep(0.01)") for _ in range(3)))
        with proxy.held():
            waiting = [query() for _ in range(5)] + [query_in_transaction() for _ in range(3)]
            errors = await asyncio.gather(*waiting, return_exceptions=True)
            assert {type(error) for error in errors} == {OutcomeUnknown, DatabaseUnreachable}
            assert sum(isinstance(error, OutcomeUnknown) for error in errors) == 3, (
                "sent statements may have run"
            )
            assert engine.watch.is_open
            for work in (query, query_in_transaction):
                with pytest.raises(DatabaseUnreachable):
                    await work()
            assert (engine.in_use, engine.waiting) == (0, 0)
        await until(lambda: not engine.watch.is_open)
        await asyncio.gather(*(query() for _ in range(5)), *(query_in_transaction() for _ in range(3)))
        assert engine.in_use == 0
    messages = [record.getMessage() for record in caplog.records if "PostgreSQL" in record.getMessage()]
    assert messages == [
        "PostgreSQL has not answered for 1.2 seconds: what needs it is refused at once until it does",
        "PostgreSQL answers again",
    ]


async def test_a_slow_statement_is_waited_for(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_asyncpg, "PROBE_TIMEOUT_SECONDS", 30.0)
    async with database(tortoise_config(url)):
        assert await query("SELECT pg_sleep(0.8)::text AS slept") == [{"slept": ""}]


async def test_a_single_hanging_connection_times_out(url: str) -> None:
    async with database(tortoise_config(f"{url}?command_timeout=1")):
        engine = connections.get("default")
        with pytest.raises(DatabaseUnreachable):
            await query("SELECT pg_sleep(30)")
        assert not engine.watch.is_open
        assert await query() == [{"?column?": 1}]


async def test_a_hanging_query_that_is_cancelled_frees_its_connection(proxy: DroppingProxy, url: str) -> None:
    async with database(tortoise_config(f"{url}?maxsize=1")):
        engine = connections.get("default")
        await query()
        with proxy.held():
            for work in (query, query_in_transaction):
                task = asyncio.create_task(work())
                await asyncio.sleep(0.05)
                task.cancel()
                with pytest.raises((asyncio.CancelledError, DatabaseUnreachable)):
                    await task
            assert engine.in_use == 0
        await until(lambda: not engine.watch.is_open)
        await query()


async def test_opening_a_hanging_database_fails(proxy: DroppingProxy, url: str) -> None:
    with proxy.held(), pytest.raises((DatabaseUnreachable, OperationalError)):
        async with database(tortoise_config(f"{url}?timeout=1")):
            pass


@pytest.fixture
async def initialized_url(
    proxy: DroppingProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[str]:
    """An initialized database, through the proxy."""
    monkeypatch.setattr(CURRENT, "kind", "postgres")
    monkeypatch.setattr(CURRENT, "urls", {})
    url = await databases.url_for(tmp_path)
    yield through_proxy(proxy, url)
    await postgres.drop_database(url)


async def test_cached_responses_continue_and_others_are_503(
    proxy: DroppingProxy, initialized_url: str, tmp_path: Path
) -> None:
    async with house(tmp_path, database_url=initialized_url) as pichub:
        image = await pichub.upload(sample_images.png())
        url = f"/img/{image['id']}?w=20"
        for _ in range(3):
            assert (await pichub.client.get(url)).status_code == 200
        with proxy.held():
            lists = [pichub.client.get("/v1/images", headers=pichub.headers) for _ in range(20)]
            for response in await asyncio.gather(*lists):
                assert (response.status_code, response.headers["retry-after"]) == (503, "3")
            assert (await pichub.client.get(url)).status_code == 200
            assert (await pichub.client.get("/healthz")).status_code == 200
            assert (await pichub.client.get("/readyz")).status_code == 503
        await until(lambda: not connections.get("default").watch.is_open)
        assert (await pichub.client.get("/v1/images", headers=pichub.headers)).status_code == 200
