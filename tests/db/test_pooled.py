"""A transaction pooler between PicHub and PostgreSQL."""

# ruff: noqa: PT012  (the block that fails is a loop)

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
    """The URL of a new database through the pooler."""
    direct_url = await postgres.new_database()
    parts = urlsplit(direct_url)
    async with transaction_pooler(parts.port or 5432) as port:
        yield parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{port}").geturl()
    await postgres.drop_database(direct_url)


async def test_without_prepared_statements_everything_works(url: str, tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()  # create the tables through the pooler
    async with house(tmp_path, database_url=f"{url}?statement_cache_size=0") as pichub:
        ids = [(await pichub.upload(sample_images.png()))["id"] for _ in range(3)]
        requests = [pichub.client.get("/v1/images", headers=pichub.headers) for _ in range(5)]
        for response in await asyncio.gather(*requests):
            assert [each["id"] for each in response.json()["data"]] == ids[::-1], response.text
        for image_id in ids:
            response = await pichub.client.delete(f"/v1/images/{image_id}", headers=pichub.headers)
            assert response.status_code == 200, response.text


async def test_with_prepared_statements_the_error_names_the_option(url: str) -> None:
    async with database(tortoise_config(url)):
        query = connections.get("default").execute_query_dict
        with pytest.raises(OperationalError, match="add statement_cache_size=0"):
            for _ in range(4):
                await query("SELECT $1::int AS one", [1])
        async with in_transaction() as transaction:
            for _ in range(4):
                await transaction.execute_query_dict("SELECT 2 AS two")
