"""What an operation may cost is told before it runs, and telling it costs little."""

import time
from pathlib import Path

import pytest

from app.graphql.schema import build_schema
from app.settings import Settings
from tests.graphql.conftest import Endpoint
from tests.graphql.ways import WAYS, Way
from tests.pichub import served

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
async def test_an_operation_over_a_limit_is_told_which_and_by_how_much(
    graphql: Endpoint, query: str, said: str
) -> None:
    body = await graphql.ask(query)
    assert said in body["errors"][0]["message"]
    assert body["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert body.get("data") is None


def test_a_hundred_chained_fragments_are_refused_in_no_time() -> None:
    reader = build_schema(Settings()).document_cache
    took = []
    for _ in range(3):  # others may be at work on this machine
        start = time.thread_time()
        errors = reader.parse(BOMB).errors
        took.append(time.thread_time() - start)
    assert min(took) < 0.05
    assert "1,000,000,000 aliases; the limit is 15" in errors[0].message


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_a_bomb_of_fragments_is_a_bad_request_whatever_the_way_it_comes(
    tmp_path: Path, way: Way
) -> None:
    async with served(tmp_path) as server:
        answer = await way(server, {"query": BOMB})
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_REQUEST"}


async def test_fragments_in_a_circle_are_refused(graphql: Endpoint) -> None:
    body = await graphql.ask("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }")
    assert body["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


@pytest.mark.parametrize("levels", [50, 150, 300])
async def test_a_document_nested_beyond_reason_is_refused(graphql: Endpoint, levels: int) -> None:
    body = await graphql.ask(nested(levels))
    assert {error["extensions"]["code"] for error in body["errors"]} == {"BAD_REQUEST"}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize(
    "text", [nested(200), "{" + "...{" * 600 + "__typename" + "}" * 601], ids=["fields", "fragments"]
)
async def test_it_is_refused_whatever_the_way_it_comes(tmp_path: Path, way: Way, text: str) -> None:
    async with served(tmp_path) as server:
        answer = await way(server, {"query": text})
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_REQUEST"}


async def test_a_value_nested_beyond_reason_is_refused(graphql: Endpoint) -> None:
    body = await graphql.ask("{ images(first: " + "[" * 900 + "]" * 900 + ") { totalCount } }")
    assert {error["extensions"]["code"] for error in body["errors"]} == {"BAD_REQUEST"}
