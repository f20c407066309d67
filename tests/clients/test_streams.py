from typing import Any

import pytest

from tests.clients.conftest import Clients


@pytest.fixture(scope="module")
def result(clients: Clients) -> Any:
    return clients.run("streams.js")


@pytest.mark.parametrize("kind", ["ws", "sse"])
def test_graphql_ws_and_graphql_sse(result: Any, kind: str) -> None:
    seen = result[kind]
    assert seen["listed"] == seen["made"][::-1]
    assert seen["heard"] == "Heard"
    assert seen["codes"] == ["VALIDATION_ERROR", "BAD_REQUEST"]
