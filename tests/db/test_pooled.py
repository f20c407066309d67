"""A pool of transactions between us and PostgreSQL."""

# ruff: noqa: PT012  (what fails is a loop)

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tortoise import connections
from tortoise.exceptions import OperationalError
from tortoise.transactions import in_transaction

from app.db.config import tortoise_config
from app.db.lifecycle import database
from scripts.fixtures import sample_images
from scripts.fixtures.servers import postgres
from tests.pichub import house
from tests.proxies.transaction_pooler import transaction_pooler


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """A new database's, over the pool."""
    own = await postgres.new_database()
    parts = urlsplit(own)
    async with transaction_pooler(parts.port or 5432) as port:
        yield parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{port}").geturl()
    await postgres.drop_database(own)


async def test_without_prepared_statements_all_is_as_ever(url: str, tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()  # so that tables are made, over the pool
    async with house(tmp_path, database_url=f"{url}?statement_cache_size=0") as built:
        ids = [(await built.upload(sample_images.png()))["id"] for _ in range(3)]
        asked = [built.client.get("/v1/images", headers=built.headers) for _ in range(5)]
        for answer in await asyncio.gather(*asked):
            assert [each["id"] for each in answer.json()["data"]] == ids[::-1], answer.text
        for image_id in ids:
            gone = await built.client.delete(f"/v1/images/{image_id}", headers=built.headers)
            assert gone.status_code == 200, gone.text


async def test_with_prepared_statements_the_log_says_what_to_set(url: str) -> None:
    async with database(tortoise_config(url)):
        ask = connections.get("default").execute_query_dict
        with pytest.raises(OperationalError, match="add statement_cache_size=0"):
            for _ in range(4):
                await ask("SELECT $1::int AS one", [1])
        async with in_transaction() as transaction:
            for _ in range(4):
                await transaction.execute_query_dict("SELECT 2 AS two")
