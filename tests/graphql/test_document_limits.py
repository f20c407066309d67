"""Limits on the size of operations."""

import time
from pathlib import Path

import pytest

from app.graphql.schema import build_schema
from app.settings import Settings
from tests.graphql.conftest import Endpoint
from tests.graphql.transports import TRANSPORTS, Transport
from tests.pichub import served

BOMB = (
    "{ ...F0 } "
    + " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(100))
    + " fragment F100 on Query { a: viewer { id } }"
)


def nested(levels: int) -> str:
    return "{" + "album(id: 1) { images { nodes {" * levels + " id " + "} } }" * levels + "}"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{" + "images { nodes { album { " * 4 + "id" + " } } }" * 4 + "}", "13 nesting levels; the limit is 12"),
        ("{" + " ".join(f"a{n}: viewer {{ id }}" for n in range(16)) + "}", "16 aliases; the limit is 15"),
        ("{" + " viewer { id }" * 21 + "}", "21 root fields; the limit is 20"),
        (
            "{ ...F } fragment F on Query {" + " viewer { id }" * 21 + "}",
            "21 root fields; the limit is 20",
        ),
        ("{ viewer { " + "id " * 2000 + "} }", "more than 2000 tokens"),
        ("{ viewer { " + "id @skip(if: true) " * 51 + "} }", "51 directives; the limit is 50"),
        ("{ viewer { id " + "@skip(if: true) " * 5 + "} }", "5 directives on one node; the limit is 4"),
        ("query ($a: Int @a @b @c @d @e) { viewer { id } }", "5 directives on one node; the limit is 4"),
        ("{ ...F } fragment F on Query @a @b @c @d @e { viewer { id } }", "5 directives on one node"),
    ],
    ids=[
        "depth", "aliases", "root fields", "root fields in a fragment", "tokens", "directives",
        "directives of a field", "directives of a variable", "directives of a fragment",
    ],
)  # fmt: skip
async def test_operation_over_a_limit_is_rejected(graphql: Endpoint, query: str, expected: str) -> None:
    body = await graphql.execute(query)
    assert expected in body["errors"][0]["message"]
    assert body["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert body.get("data") is None


def test_chained_fragments_are_rejected_quickly() -> None:
    cache = build_schema(Settings()).document_cache
    durations = []
    for _ in range(3):  # other processes may be busy
        start = time.thread_time()
        errors = cache.parse(BOMB).errors
        durations.append(time.thread_time() - start)
    assert min(durations) < 0.05
    assert "1,000,000,000 aliases; the limit is 15" in errors[0].message


@pytest.mark.parametrize("transport", TRANSPORTS.values(), ids=TRANSPORTS)
async def test_chained_fragments_are_a_bad_request(tmp_path: Path, transport: Transport) -> None:
    async with served(tmp_path) as server:
        response = await transport(server, {"query": BOMB})
        assert {error["extensions"]["code"] for error in response["errors"]} == {"BAD_REQUEST"}


async def test_circular_fragments_are_rejected(graphql: Endpoint) -> None:
    body = await graphql.execute("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }")
    assert body["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


@pytest.mark.parametrize("levels", [50, 150, 300])
async def test_deeply_nested_document_is_rejected(graphql: Endpoint, levels: int) -> None:
    body = await graphql.execute(nested(levels))
    assert {error["extensions"]["code"] for error in body["errors"]} == {"BAD_REQUEST"}


@pytest.mark.parametrize("transport", TRANSPORTS.values(), ids=TRANSPORTS)
@pytest.mark.parametrize(
    "text", [nested(200), "{" + "...{" * 600 + "__typename" + "}" * 601], ids=["fields", "fragments"]
)
async def test_deep_nesting_is_rejected_on_all_transports(
    tmp_path: Path, transport: Transport, text: str
) -> None:
    async with served(tmp_path) as server:
        response = await transport(server, {"query": text})
        assert {error["extensions"]["code"] for error in response["errors"]} == {"BAD_REQUEST"}


async def test_deeply_nested_value_is_rejected(graphql: Endpoint) -> None:
    body = await graphql.execute("{ images(first: " + "[" * 900 + "]" * 900 + ") { totalCount } }")
    assert {error["extensions"]["code"] for error in body["errors"]} == {"BAD_REQUEST"}
