"""Media types and statuses, as GraphQL over HTTP says."""

from typing import Any

import httpx2
import pytest

from tests.graphql.conftest import Endpoint

JSON, RESPONSE = "application/json", "application/graphql-response+json"
TWO = "query A { __typename } query B { viewer { id } }"


async def post(graphql: Endpoint, accept: str, **body: Any) -> httpx2.Response:
    return await graphql.post(body, headers=graphql.house.headers | {"Accept": accept})


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (RESPONSE, RESPONSE),
        (f"{RESPONSE}, {JSON};q=0.9", RESPONSE),
        (f"{JSON};q=0.5, {RESPONSE}", RESPONSE),
        (f"{JSON}, {RESPONSE}", JSON),
        (f"{RESPONSE}, {JSON}", RESPONSE),
        (f"{RESPONSE};q=0, */*", JSON),
        (f"{JSON};q=0, */*", RESPONSE),
        ("Application/GraphQL-Response+JSON; charset=utf-8", RESPONSE),
        (f"{RESPONSE};q=nonsense, {JSON};q=0.1", JSON),
        (f"{RESPONSE}, {JSON}, text/event-stream, multipart/mixed", RESPONSE),
    ],
)
async def test_accept_chooses_the_type_of_the_answer(graphql: Endpoint, accept: str, chosen: str) -> None:
    answer = await post(graphql, accept, query="{ __typename }")
    assert (answer.status_code, answer.headers["content-type"]) == (200, chosen)
    assert answer.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize("accept", ["text/html", "image/*", f"{JSON};q=0", "nonsense", ";;,,"])
async def test_who_takes_nothing_that_there_is_gets_none_of_it(graphql: Endpoint, accept: str) -> None:
    answer = await post(graphql, accept, query="{ __typename }")
    assert (answer.status_code, answer.headers["content-type"]) == (406, JSON)
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "BAD_REQUEST"
    assert RESPONSE in error["extensions"]["details"]


@pytest.mark.parametrize(
    "body",
    [
        {"query": "{"},
        {"query": "{ nope }"},
        {"query": "query($id: ID!) { image(id: $id) { id } }"},
        {"query": "query($n: Int) { images(first: $n) { totalCount } }", "variables": {"n": "x"}},
        {"query": "{ a { b { c" * 400},
    ],
)
@pytest.mark.parametrize(("accept", "status"), [(JSON, 200), (RESPONSE, 400)])
async def test_what_can_not_be_executed_has_no_data_and_the_status_that_its_type_wants(
    graphql: Endpoint, body: dict[str, Any], accept: str, status: int
) -> None:
    answer = await post(graphql, accept, **body)
    assert answer.status_code == status
    assert answer.json().keys() == {"errors"}
    assert {error["extensions"]["code"] for error in answer.json()["errors"]} == {"BAD_REQUEST"}


@pytest.mark.parametrize("accept", [JSON, RESPONSE])
async def test_an_error_of_a_field_stands_in_an_answer_that_was_executed(
    graphql: Endpoint, accept: str
) -> None:
    partly = await post(graphql, accept, query='{ viewer { username } image(id: "img_1") { id } }')
    assert partly.status_code == 200
    assert partly.json()["data"] == {"viewer": {"username": "admin"}, "image": None}
    nothing = await post(
        graphql, accept, query='mutation { createAlbum(input: {name: ""}) { album { id } } }'
    )
    assert (nothing.status_code, nothing.json()["data"]) == (200, None)


@pytest.mark.parametrize("accept", [JSON, RESPONSE])
async def test_of_several_operations_one_must_be_named(graphql: Endpoint, accept: str) -> None:
    for body in ({"query": TWO}, {"query": TWO, "operationName": None}, {"query": TWO, "operationName": "C"}):
        answer = await post(graphql, accept, **body)
        assert (answer.status_code, answer.headers["content-type"]) == (400, accept)
        (error,) = answer.json()["errors"]
        assert "operation" in error["extensions"]["details"]
    named = await post(graphql, accept, query=TWO, operationName="A")
    assert named.json() == {"data": {"__typename": "Query"}}


async def test_over_a_stream_one_must_be_named_too(graphql: Endpoint) -> None:
    answer = await post(graphql, "text/event-stream", query=TWO)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert '"code":"BAD_REQUEST"' in answer.text
    assert "several operations" in answer.text
    assert "\r" not in answer.text


async def test_a_subscription_without_a_stream_is_told_how_to_ask(graphql: Endpoint) -> None:
    answer = await post(graphql, JSON, query="subscription { events { id } }")
    assert answer.status_code == 406
    assert "text/event-stream" in answer.json()["errors"][0]["extensions"]["details"]


async def test_other_methods_are_told_which_there_are(graphql: Endpoint) -> None:
    for method in ("PUT", "DELETE", "PATCH"):
        answer = await graphql.house.client.request(method, "/graphql", headers=graphql.house.headers)
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/graphql", "application/x-www-form-urlencoded"]
)
async def test_a_body_of_an_unknown_type_is_told_which_there_are(graphql: Endpoint, kind: str) -> None:
    headers = graphql.house.headers | {"Content-Type": kind}
    answer = await graphql.house.client.post(
        "/graphql", content=b'{"query": "{ __typename }"}', headers=headers
    )
    assert answer.status_code == 415
    assert "multipart/form-data" in answer.json()["errors"][0]["extensions"]["details"]


async def test_the_type_of_a_body_is_read_in_whatever_case(graphql: Endpoint) -> None:
    headers = graphql.house.headers | {"Content-Type": "Application/JSON; charset=UTF-8"}
    answer = await graphql.house.client.post(
        "/graphql", content=b'{"query": "{ __typename }"}', headers=headers
    )
    assert answer.json() == {"data": {"__typename": "Query"}}
