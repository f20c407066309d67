"""Media types and statuses of GraphQL over HTTP."""

from typing import Any

import httpx2
import pytest

from tests.graphql.conftest import Endpoint

JSON, RESPONSE = "application/json", "application/graphql-response+json"
TWO = "query A { __typename } query B { viewer { id } }"


async def post(graphql: Endpoint, accept: str, **body: Any) -> httpx2.Response:
    return await graphql.post(body, headers=graphql.server.headers | {"Accept": accept})


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
async def test_accept_determines_the_media_type(graphql: Endpoint, accept: str, chosen: str) -> None:
    response = await post(graphql, accept, query="{ __typename }")
    assert (response.status_code, response.headers["content-type"]) == (200, chosen)
    assert response.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize("accept", ["text/html", "image/*", f"{JSON};q=0", "nonsense", ";;,,"])
async def test_unsupported_accept_is_406(graphql: Endpoint, accept: str) -> None:
    response = await post(graphql, accept, query="{ __typename }")
    assert (response.status_code, response.headers["content-type"]) == (406, JSON)
    (error,) = response.json()["errors"]
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
async def test_invalid_operation_has_no_data(
    graphql: Endpoint, body: dict[str, Any], accept: str, status: int
) -> None:
    response = await post(graphql, accept, **body)
    assert response.status_code == status
    assert response.json().keys() == {"errors"}
    assert {error["extensions"]["code"] for error in response.json()["errors"]} == {"BAD_REQUEST"}


@pytest.mark.parametrize("accept", [JSON, RESPONSE])
async def test_field_error_is_a_partial_response(graphql: Endpoint, accept: str) -> None:
    partly = await post(graphql, accept, query='{ viewer { username } image(id: "img_1") { id } }')
    assert partly.status_code == 200
    assert partly.json()["data"] == {"viewer": {"username": "admin"}, "image": None}
    nothing = await post(
        graphql, accept, query='mutation { createAlbum(input: {name: ""}) { album { id } } }'
    )
    assert (nothing.status_code, nothing.json()["data"]) == (200, None)


@pytest.mark.parametrize("accept", [JSON, RESPONSE])
async def test_operation_name_is_required_for_several_operations(graphql: Endpoint, accept: str) -> None:
    for body in ({"query": TWO}, {"query": TWO, "operationName": None}, {"query": TWO, "operationName": "C"}):
        response = await post(graphql, accept, **body)
        assert (response.status_code, response.headers["content-type"]) == (400, accept)
        (error,) = response.json()["errors"]
        assert "operation" in error["extensions"]["details"]
    named = await post(graphql, accept, query=TWO, operationName="A")
    assert named.json() == {"data": {"__typename": "Query"}}


async def test_operation_name_is_required_in_a_stream(graphql: Endpoint) -> None:
    response = await post(graphql, "text/event-stream", query=TWO)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert '"code":"BAD_REQUEST"' in response.text
    assert "several operations" in response.text
    assert "\r" not in response.text


async def test_subscription_requires_a_stream(graphql: Endpoint) -> None:
    response = await post(graphql, JSON, query="subscription { events { id } }")
    assert response.status_code == 406
    assert "text/event-stream" in response.json()["errors"][0]["extensions"]["details"]


async def test_other_methods_are_405(graphql: Endpoint) -> None:
    for method in ("PUT", "DELETE", "PATCH"):
        response = await graphql.server.client.request(method, "/graphql", headers=graphql.server.headers)
        assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/graphql", "application/x-www-form-urlencoded"]
)
async def test_unsupported_content_type_is_415(graphql: Endpoint, kind: str) -> None:
    headers = graphql.server.headers | {"Content-Type": kind}
    response = await graphql.server.client.post(
        "/graphql", content=b'{"query": "{ __typename }"}', headers=headers
    )
    assert response.status_code == 415
    assert "multipart/form-data" in response.json()["errors"][0]["extensions"]["details"]


async def test_content_type_is_case_insensitive(graphql: Endpoint) -> None:
    headers = graphql.server.headers | {"Content-Type": "Application/JSON; charset=UTF-8"}
    response = await graphql.server.client.post(
        "/graphql", content=b'{"query": "{ __typename }"}', headers=headers
    )
    assert response.json() == {"data": {"__typename": "Query"}}
