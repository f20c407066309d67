"""What a client is not told: the schema where it is hidden, and what goes wrong inside, whatever the way it asks."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.models import Image
from scripts.fixtures import sample_images
from tests.graphql.conftest import Endpoint
from tests.graphql.ways import WAYS, Way
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


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_a_hidden_schema_is_not_told_in_pieces(closed: House, way: Way) -> None:
    for what, query in HIDDEN.items():
        answer = await way(closed, {"query": query})
        for error in answer["errors"]:
            assert error["extensions"]["code"] == "BAD_REQUEST", what
            assert "Did you mean" not in str(error), what
        assert answer.get("data") is None, what


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize(("kind", "value"), WRONG_VARIABLES.values(), ids=WRONG_VARIABLES)
async def test_nor_by_what_is_wrong_with_variables(closed: House, way: Way, kind: str, value: Any) -> None:
    order = "$a" if kind == "ImageOrder" else "{direction: $a}"
    query = f"query($a: {kind}!) {{ images(orderBy: {order}) {{ totalCount }} }}"
    answer = await way(closed, {"query": query, "variables": {"a": value}})
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_REQUEST"}
    assert "Did you mean" not in str(answer)


async def test_where_the_schema_is_told_so_is_what_was_meant(tmp_path: Path) -> None:
    async with house(tmp_path) as open_:
        endpoint = Endpoint(open_)
        assert "Did you mean 'viewer'" in (await endpoint.error(HIDDEN["a field"]))["message"]
        assert await endpoint.data(HIDDEN["introspection of the schema"])


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_a_mistake_of_ours_is_logged_once_and_shown_as_such(
    tmp_path: Path, way: Way, caplog: pytest.LogCaptureFixture
) -> None:
    async with served(tmp_path) as server:
        await server.upload(sample_images.jpeg())
        await Image.raw("DROP TABLE images")
        (error,) = (await way(server, {"query": "{ images { nodes { id } } }"}))["errors"]
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


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("request_", MISTAKEN.values(), ids=MISTAKEN)
async def test_a_mistake_of_theirs_is_a_bad_request_and_not_logged(
    tmp_path: Path, way: Way, request_: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    async with served(tmp_path) as server:
        answer = await way(server, request_)
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_REQUEST"}, answer
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
