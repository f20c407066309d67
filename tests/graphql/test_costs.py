"""What an operation may ask for is weighed by its page sizes, whatever the way it comes and wherever they are said."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from graphql import parse

from app.graphql.schema import build_schema
from app.graphql.server.costs import COMPUTED_FIELDS, LENGTH_ARGUMENTS, LIST_LENGTHS, CostEstimator
from app.settings import Settings
from tests.graphql.conftest import Endpoint
from tests.graphql.ways import WAYS, Way
from tests.operations import SHOWN
from tests.pichub import House, house, served

SCHEMA = build_schema(Settings())._schema
SHOP = """
query($first: Int) {
  images(first: $first) {
    totalCount
    pageInfo { hasNextPage endCursor }
    nodes { id title album { name } variant(transform: {width: 320}) { url } srcSet(widths: [1, 2, 3]) }
  }
}"""
GALLERIES = """
query($albums: Int = 100, $images: Int) {
  albums(first: $albums) { nodes { name images(first: $images) { nodes { id } } } }
}"""


def cost(text: str, **variables: Any) -> int:
    document = parse(text)
    fragments = {d.name.value: d for d in document.definitions if d.kind == "fragment_definition"}
    (operation,) = [d for d in document.definitions if d.kind == "operation_definition"]
    return CostEstimator(SCHEMA, fragments, variables).cost(operation)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ __typename }", 0),
        ("{ __schema { types { name fields { name } } } }", 0),
        ("{ viewer { id username } }", 1),
        ("{ images { nodes { id } } }", 1 + 20),
        ("{ images(first: 3) { totalCount } }", 1),
        ("{ images(first: 3) { nodes { id } } }", 1 + 3),
        ("{ images(last: 3) { nodes { id } } }", 1 + 3),
        ("{ images(first: 3) { edges { cursor node { id } } pageInfo { hasNextPage } } }", 1 + 3),
        ("{ images(first: 3) { nodes { id } edges { node { id } } } }", 1 + 3 + 3),
        ("{ images(first: 3) { nodes { album { id } } } }", 1 + 3 * 2),
        ("{ images(first: 3) { nodes { variant(transform: {}) { url } } } }", 1 + 3 * 2),
        ("{ images(first: 3) { nodes { signedUrl(expiresIn: 9) } } }", 1 + 3 * 2),
        ("{ images(first: 3) { nodes { srcSet(widths: [1, 2, 3]) } } }", 1 + 3 * 4),
        ("{ albums(first: 3) { nodes { images(first: 5) { nodes { id } } } } }", 1 + 3 * (1 + 1 + 5)),
        ('{ nodes(ids: ["a", "b"]) { id } }', 2),
        ("{ viewer { sessions { id } } }", 1 + 100),
        ("{ images(first: 3) { ...I } } fragment I on ImageConnection { nodes { id } }", 1 + 3),
        ("{ node(id: 1) { ... on Album { images(first: 3) { nodes { id } } } } }", 1 + 1 + 3),
        ("subscription { events { id ... on ImageUploadedEvent { image { id } } } }", 2),
    ],
)  # fmt: skip
def test_objects_are_counted_as_often_as_their_lists_may_hold_them(text: str, expected: int) -> None:
    assert cost(text) == expected


@pytest.mark.parametrize(
    ("first", "expected"), [(3, 4), (100, 101), (None, 21), (0, 2), (-5, 2), (2**31 - 1, 101)]
)
def test_a_page_size_that_is_not_allowed_counts_as_one_that_is(first: int | None, expected: int) -> None:
    assert cost("query($first: Int) { images(first: $first) { nodes { id } } }", first=first) == expected


def test_fragments_that_multiply_each_other_cost_more_than_can_be_counted_and_no_time() -> None:
    chain = " ".join(
        f"fragment F{n} on Image {{ album {{ images(first: 100) {{ nodes {{ ...F{n + 1} ...F{n + 1} }} }} }} }}"
        for n in range(100)
    )
    assert cost("{ image(id: 1) { ...F0 } } fragment F100 on Image { id } " + chain) == 10**9


def test_the_documentation_tells_the_cost_of_its_example() -> None:
    (gallery,) = [shown.text for shown in SHOWN if "query Gallery" in shown.text]
    told = re.search(r"it tells (\d+) and (\d+)", gallery)
    assert told
    assert (int(told[1]), int(told[2])) == (cost(gallery), Settings().graphql_max_cost)


def test_the_fields_that_are_weighed_apart_are_fields_of_the_schema() -> None:
    for kind, name in [*COMPUTED_FIELDS, *LENGTH_ARGUMENTS, *LIST_LENGTHS]:
        assert name in getattr(SCHEMA.get_type(kind), "fields", {}), f"{kind}.{name}"
    for (kind, name), argument in [*COMPUTED_FIELDS.items(), *LENGTH_ARGUMENTS.items()]:
        assert not argument or argument in getattr(SCHEMA.get_type(kind), "fields", {})[name].args


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[House]:
    async with served(tmp_path) as server:
        yield server


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_an_operation_that_costs_too_much_is_told_what_and_how_much_is_allowed(
    server: House, way: Way
) -> None:
    for page, allowed in ((100, False), (20, True), (100, False)):  # what was read once is weighed anew
        answer = await way(server, {"query": GALLERIES, "variables": {"images": page}})
        assert ("errors" not in answer) == allowed, answer
    (error,) = answer["errors"]
    assert error["message"] == "The operation has a cost of 10,201; the limit is 5,000. Request smaller pages"
    assert error["extensions"]["code"] == "BAD_REQUEST"
    assert error["extensions"]["params"] == {"reason": "cost_limit_exceeded", "limit": 5000, "actual": 10_201}
    assert answer.get("data") is None


async def test_a_page_of_a_hundred_with_all_that_a_front_end_shows_is_allowed(tmp_path: Path) -> None:
    async with house(tmp_path) as built:
        assert await Endpoint(built).data(SHOP, first=100)
    assert cost(SHOP, first=100) == 601


async def test_what_is_allowed_is_a_setting(tmp_path: Path) -> None:
    async with house(tmp_path, graphql_max_cost=20) as small:
        endpoint = Endpoint(small)
        assert await endpoint.data("{ images(first: 19) { nodes { id } } }")
        error = await endpoint.error("{ images { nodes { id } } }")
        assert error["message"].startswith("The operation has a cost of 21; the limit is 20")


@pytest.mark.parametrize("first", [0, -1, 101, 2**31 - 1, 2**31, 10**400, 1.5, "1", [1], {}, True])
async def test_nonsense_for_a_page_size_is_a_bad_request(tmp_path: Path, first: object) -> None:
    async with house(tmp_path) as built:
        endpoint = Endpoint(built)
        error = await endpoint.error(SHOP, first=first)
        assert error["extensions"]["code"] == "BAD_REQUEST"


async def test_what_an_operation_costs_is_told_to_those_who_ask(tmp_path: Path) -> None:
    async with house(tmp_path) as built:
        told = await Endpoint(built).data("{ images(first: 7) { nodes { id } } rateLimit { cost maxCost } }")
        assert told["rateLimit"] == {"cost": 1 + 7 + 1, "maxCost": 5000}
