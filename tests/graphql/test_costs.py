"""Cost limits of operations, on all transports."""

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
from tests.graphql.transports import TRANSPORTS, Transport
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
def test_cost_counts_the_objects_of_all_lists(text: str, expected: int) -> None:
    assert cost(text) == expected


@pytest.mark.parametrize(
    ("first", "expected"), [(3, 4), (100, 101), (None, 21), (0, 2), (-5, 2), (2**31 - 1, 101)]
)
def test_invalid_page_size_is_clamped(first: int | None, expected: int) -> None:
    assert cost("query($first: Int) { images(first: $first) { nodes { id } } }", first=first) == expected


def test_cost_of_nested_fragments_is_bounded() -> None:
    chain = " ".join(
        f"fragment F{n} on Image {{ album {{ images(first: 100) {{ nodes {{ ...F{n + 1} ...F{n + 1} }} }} }} }}"
        for n in range(100)
    )
    assert cost("{ image(id: 1) { ...F0 } } fragment F100 on Image { id } " + chain) == 10**9


def test_documented_cost_is_correct() -> None:
    (gallery,) = [shown.text for shown in SHOWN if "query Gallery" in shown.text]
    costs = re.search(r"returns (\d+) and (\d+)", gallery)
    assert costs
    assert (int(costs[1]), int(costs[2])) == (cost(gallery), Settings().graphql_max_cost)


def test_fields_with_special_costs_exist() -> None:
    for kind, name in [*COMPUTED_FIELDS, *LENGTH_ARGUMENTS, *LIST_LENGTHS]:
        assert name in getattr(SCHEMA.get_type(kind), "fields", {}), f"{kind}.{name}"
    for (kind, name), argument in [*COMPUTED_FIELDS.items(), *LENGTH_ARGUMENTS.items()]:
        assert not argument or argument in getattr(SCHEMA.get_type(kind), "fields", {})[name].args


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[House]:
    async with served(tmp_path) as server:
        yield server


@pytest.mark.parametrize("transport", TRANSPORTS.values(), ids=TRANSPORTS)
async def test_operation_over_the_cost_limit_is_rejected(server: House, transport: Transport) -> None:
    for page, allowed in ((100, False), (20, True), (100, False)):  # also for cached documents
        response = await transport(server, {"query": GALLERIES, "variables": {"images": page}})
        assert ("errors" not in response) == allowed, response
    (error,) = response["errors"]
    assert error["message"] == "The operation has a cost of 10,201; the limit is 5,000. Request smaller pages"
    assert error["extensions"]["code"] == "BAD_REQUEST"
    assert error["extensions"]["params"] == {"reason": "cost_limit_exceeded", "limit": 5000, "actual": 10_201}
    assert response.get("data") is None


async def test_full_page_with_all_usual_fields_is_allowed(tmp_path: Path) -> None:
    async with house(tmp_path) as built:
        assert await Endpoint(built).data(SHOP, first=100)
    assert cost(SHOP, first=100) == 601


async def test_cost_limit_is_a_setting(tmp_path: Path) -> None:
    async with house(tmp_path, graphql_max_cost=20) as small:
        endpoint = Endpoint(small)
        assert await endpoint.data("{ images(first: 19) { nodes { id } } }")
        error = await endpoint.error("{ images { nodes { id } } }")
        assert error["message"].startswith("The operation has a cost of 21; the limit is 20")


@pytest.mark.parametrize("first", [0, -1, 101, 2**31 - 1, 2**31, 10**400, 1.5, "1", [1], {}, True])
async def test_invalid_page_size_is_a_bad_request(tmp_path: Path, first: object) -> None:
    async with house(tmp_path) as built:
        endpoint = Endpoint(built)
        error = await endpoint.error(SHOP, first=first)
        assert error["extensions"]["code"] == "BAD_REQUEST"


async def test_cost_can_be_queried(tmp_path: Path) -> None:
    async with house(tmp_path) as built:
        costs = await Endpoint(built).data("{ images(first: 7) { nodes { id } } rateLimit { cost maxCost } }")
        assert costs["rateLimit"] == {"cost": 1 + 7 + 1, "maxCost": 5000}
