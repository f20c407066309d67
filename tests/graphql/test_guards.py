"""What an operation may cost is told before it runs, and telling it costs little."""

import time

import pytest

from tests.graphql.conftest import Endpoint

BOMB = (
    "{ ...F0 } "
    + " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(100))
    + " fragment F100 on Query { a: viewer { id } }"
)


def nested(levels: int) -> str:
    return "{" + "album(id: 1) { images { nodes {" * levels + " id " + "} } }" * levels + "}"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("{" + "images { nodes { album { " * 4 + "id" + " } } }" * 4 + "}", "13 levels deep; 12 are allowed"),
        ("{" + " ".join(f"a{n}: viewer {{ id }}" for n in range(16)) + "}", "16 aliases; 15 are allowed"),
        ("{" + " viewer { id }" * 21 + "}", "21 fields at its root; 20 are allowed"),
        (
            "{ ...F } fragment F on Query {" + " viewer { id }" * 21 + "}",
            "21 fields at its root; 20 are allowed",
        ),
        ("{ viewer { " + "id " * 2000 + "} }", "more than 2000 tokens"),
    ],
    ids=["depth", "aliases", "root fields", "root fields in a fragment", "tokens"],
)
async def test_an_operation_over_a_limit_is_told_which_and_by_how_much(
    graphql: Endpoint, query: str, said: str
) -> None:
    body = await graphql.ask(query)
    assert said in body["errors"][0]["message"]
    assert body["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert body.get("data") is None


async def test_a_hundred_chained_fragments_are_refused_at_once(graphql: Endpoint) -> None:
    start = time.perf_counter()
    body = await graphql.ask(BOMB)
    assert time.perf_counter() - start < 1
    assert body["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


async def test_fragments_in_a_circle_are_refused(graphql: Endpoint) -> None:
    body = await graphql.ask("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }")
    assert body["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


@pytest.mark.parametrize("levels", [50, 150, 300])
async def test_a_document_nested_beyond_reason_is_refused(graphql: Endpoint, levels: int) -> None:
    body = await graphql.ask(nested(levels))
    assert {error["extensions"]["code"] for error in body["errors"]} == {"BAD_REQUEST"}


async def test_a_value_nested_beyond_reason_is_refused(graphql: Endpoint) -> None:
    body = await graphql.ask("{ images(first: " + "[" * 900 + "]" * 900 + ") { totalCount } }")
    assert {error["extensions"]["code"] for error in body["errors"]} == {"BAD_REQUEST"}
