from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.pichub import House, house


@dataclass(frozen=True)
class Endpoint:
    """`/graphql` of a server, as the first account by default."""

    server: House

    async def execute(
        self, query: str, *, headers: dict[str, str] | None = None, **variables: Any
    ) -> dict[str, Any]:
        """Run an operation and return the response body."""
        response = await self.post({"query": query, "variables": variables}, headers=headers)
        assert response.status_code == 200, response.text
        body: dict[str, Any] = response.json()
        return body

    async def data(self, query: str, **variables: Any) -> Any:
        body = await self.execute(query, **variables)
        assert "errors" not in body, body["errors"]
        return body["data"]

    async def error(self, query: str, **variables: Any) -> dict[str, Any]:
        """Run an operation and return its only error."""
        (error,) = (await self.execute(query, **variables))["errors"]
        assert isinstance(error, dict)
        return error

    async def post(self, body: object, *, headers: dict[str, str] | None = None) -> httpx2.Response:
        return await self.server.client.post("/graphql", json=body, headers=headers or self.server.headers)


@pytest.fixture
async def graphql(tmp_path: Path) -> AsyncIterator[Endpoint]:
    async with house(tmp_path) as server:
        yield Endpoint(server)
