from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.pichub import House, house


@dataclass(frozen=True)
class Endpoint:
    """`/graphql` of a house, asked as the first account unless said otherwise."""

    house: House

    async def ask(
        self, query: str, *, headers: dict[str, str] | None = None, **variables: Any
    ) -> dict[str, Any]:
        """The whole answer, which must be one that an operation gave."""
        answer = await self.post({"query": query, "variables": variables}, headers=headers)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def data(self, query: str, **variables: Any) -> Any:
        body = await self.ask(query, **variables)
        assert "errors" not in body, body["errors"]
        return body["data"]

    async def error(self, query: str, **variables: Any) -> dict[str, Any]:
        """The one error of an answer."""
        (error,) = (await self.ask(query, **variables))["errors"]
        assert isinstance(error, dict)
        return error

    async def post(self, body: object, *, headers: dict[str, str] | None = None) -> httpx2.Response:
        return await self.house.client.post("/graphql", json=body, headers=headers or self.house.headers)


@pytest.fixture
async def graphql(tmp_path: Path) -> AsyncIterator[Endpoint]:
    async with house(tmp_path) as built:
        yield Endpoint(built)
