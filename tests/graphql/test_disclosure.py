"""A hidden schema and internal errors are not disclosed, on any transport."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.models import Image
from scripts.fixtures import sample_images
from tests.graphql.conftest import Endpoint
from tests.graphql.transports import TRANSPORTS, Transport
from tests.pichub import House, house, served

HIDDEN = {
    "introspection of the schema": "{ __schema { types { name } } }",
    "introspection of a type": '{ __type(name: "Image") { name } }',
    "introspection in a fragment": "{ ...F } fragment F on Query { __schema { types { name } } }",
    "a field": "{ viewr { id } }",
    "an argument": "{ images(frist: 1) { totalCount } }",
    "a type": "query($a: Imag) { viewer { id } }",
    "a fragment's type": "{ ... on Qury { viewer { id } } }",
    "a value of an enum": "{ images(orderBy: {direction: DESK}) { totalCount } }",
    "a field of an input": "{ images(filter: {tagg: 1}) { totalCount } }",
    "a directive's argument": "{ viewer @skip(iff: true) { id } }",
    "a field of a union or interface": '{ node(id: "x") { filename } }',
}
WRONG_VARIABLES: dict[str, tuple[str, Any]] = {
    "a value of an enum": ("OrderDirection", "DESK"),
    "a field of an input": ("ImageOrder", {"directoin": "DESC"}),
}


@pytest.fixture
async def closed(tmp_path: Path) -> AsyncIterator[House]:
    async with served(tmp_path, introspection=False) as server:
        yield server


@pytest.mark.parametrize("transport", TRANSPORTS.values(), ids=TRANSPORTS)
async def test_hidden_schema_is_not_disclosed_by_errors(closed: House, transport: Transport) -> None:
    for what, query in HIDDEN.items():
        response = await transport(closed, {"query": query})
        for error in response["errors"]:
            assert error["extensions"]["code"] == "BAD_REQUEST", what
            assert "Did you mean" not in str(error), what
        assert response.get("data") is None, what


@pytest.mark.parametrize("transport", TRANSPORTS.values(), ids=TRANSPORTS)
@pytest.mark.parametrize(("kind", "value"), WRONG_VARIABLES.values(), ids=WRONG_VARIABLES)
async def test_hidden_schema_is_not_disclosed_by_variables(
    closed: House, transport: Transport, kind: str, value: Any
) -> None:
    order = "$a" if kind == "ImageOrder" else "{direction: $a}"
    query = f"query($a: {kind}!) {{ images(orderBy: {order}) {{ totalCount }} }}"
    response = await transport(closed, {"query": query, "variables": {"a": value}})
    assert {error["extensions"]["code"] for error in response["errors"]} == {"BAD_REQUEST"}
    assert "Did you mean" not in str(response)


async def test_errors_have_suggestions_with_introspection(tmp_path: Path) -> None:
    async with house(tmp_path) as open_:
        endpoint = Endpoint(open_)
        assert "Did you mean 'viewer'" in (await endpoint.error(HIDDEN["a field"]))["message"]
        assert await endpoint.data(HIDDEN["introspection of the schema"])


@pytest.mark.parametrize("transport", TRANSPORTS.values(), ids=TRANSPORTS)
async def test_unexpected_error_is_logged_once(
    tmp_path: Path, transport: Transport, caplog: pytest.LogCaptureFixture
) -> None:
    async with served(tmp_path) as server:
        await server.upload(sample_images.jpeg())
        await Image.raw("DROP TABLE images")
        (error,) = (await transport(server, {"query": "{ images { nodes { id } } }"}))["errors"]
    assert error["message"] == "Internal error"
    assert error["extensions"]["code"] == "INTERNAL_ERROR"
    assert error["path"] == ["images"]
    (logged,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    (request_id, _) = logged.args  # type: ignore[misc]
    assert request_id
    assert str(request_id) in error["extensions"]["details"]
    assert "no such table" not in str(error)


MISTAKEN: dict[str, dict[str, Any]] = {
    "no query": {"query": ""},
    "a name of no operation": {"query": "query A { viewer { id } }", "operationName": "B"},
    "several and no name": {"query": "query A { viewer { id } } query B { viewer { id } }"},
    "a fragment alone": {"query": "fragment A on Query { viewer { id } }"},
    "no GraphQL": {"query": "{ viewer "},
}


@pytest.mark.parametrize("transport", TRANSPORTS.values(), ids=TRANSPORTS)
@pytest.mark.parametrize("request_", MISTAKEN.values(), ids=MISTAKEN)
async def test_client_errors_are_not_logged(
    tmp_path: Path, transport: Transport, request_: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    async with served(tmp_path) as server:
        response = await transport(server, request_)
    assert {error["extensions"]["code"] for error in response["errors"]} == {"BAD_REQUEST"}, response
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
