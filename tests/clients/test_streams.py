from typing import Any

import pytest

from tests.clients.conftest import Clients


@pytest.fixture(scope="module")
def told(clients: Clients) -> Any:
    return clients.told("streams.js")


@pytest.mark.parametrize("kind", ["ws", "sse"])
def test_graphql_ws_and_graphql_sse_change_page_subscribe_and_see_codes(told: Any, kind: str) -> None:
    seen = told[kind]
    assert seen["listed"] == seen["made"][::-1]
    assert seen["heard"] == "Heard"
    assert seen["codes"] == ["VALIDATION_ERROR", "BAD_REQUEST"]
