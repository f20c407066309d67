"""GraphQL over HTTP: malformed requests are rejected, and none is answered with 500."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.models import Image
from scripts.fixtures import sample_images
from tests.graphql.conftest import Endpoint
from tests.pichub import house

UPLOAD = "mutation($file: Upload!) { uploadImage(input: {file: $file}) { image { id size filename } } }"
UPLOADS = """mutation($files: [Upload!]!) {
  uploadImages(input: {files: $files}) { results { filename image { id } error { code } } }
}"""


async def test_query_by_post_and_get(graphql: Endpoint) -> None:
    assert await graphql.data("{ viewer { username role } }") == {
        "viewer": {"username": "admin", "role": "ADMIN"}
    }
    response = await graphql.server.client.get(
        "/graphql", params={"query": "{ viewer { username } }"}, headers=graphql.server.headers
    )
    assert response.json() == {"data": {"viewer": {"username": "admin"}}}


async def test_mutation_by_get_is_405(graphql: Endpoint) -> None:
    response = await graphql.server.client.get(
        "/graphql",
        params={"query": 'mutation { createAlbum(input: {name: "x"}) { album { id } } }'},
        headers=graphql.server.headers,
    )
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert await graphql.data("{ albums { totalCount } }") == {"albums": {"totalCount": 0}}


async def test_graphiql_is_served_to_browsers_only(graphql: Endpoint) -> None:
    page = await graphql.server.client.get(
        "/graphql", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    )
    assert page.status_code == 200
    assert "graphiql" in page.text.lower()
    response = await graphql.server.client.get(
        "/graphql", headers={"Accept": "*/*", **graphql.server.headers}
    )
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


@pytest.mark.parametrize("token", ["nonsense", "pchb_pat_" + "0" * 39])
async def test_invalid_token_is_rejected_before_execution(graphql: Endpoint, token: str) -> None:
    response = await graphql.post({"query": "{ __typename }"}, headers={"Authorization": f"Bearer {token}"})
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.json()["errors"] == [
        {
            "message": "Invalid or expired API token",
            "extensions": {
                "code": "UNAUTHORIZED",
                "details": "Please check your API token and ensure it has not expired",
                "params": {"reason": "invalid_token"},
            },
        }
    ]


async def test_public_images_are_visible_anonymously(graphql: Endpoint) -> None:
    image = await graphql.server.upload(sample_images.jpeg())
    anonymous = {"Accept": "application/json"}
    body = await graphql.execute(
        "query($id: ID!) { viewer { id } image(id: $id) { id } }", headers=anonymous, id=image["id"]
    )
    assert body == {"data": {"viewer": None, "image": {"id": image["id"]}}}


MALFORMED: dict[str, Any] = {
    "null": b"null",
    "a string": b'"x"',
    "a number": b"1",
    "a list": b"[1,2]",
    "a batch": b'[{"query": "{ __typename }"}]',
    "broken": b'{"query": ',
    "nothing": b"",
    "not UTF-8": b'{"query": "\xff"}',
    "NaN": b'{"query": "{ __typename }", "variables": {"a": NaN}}',
    "a huge number": b'{"query": "{ __typename }", "variables": {"a": ' + b"9" * 5000 + b"}}",
    "deep": b"[" * 100_000,
    "no query": b"{}",
    "a query that is a number": b'{"query": 1}',
    "a query that is null": b'{"query": null}',
    "an empty query": b'{"query": ""}',
    "variables that are a list": b'{"query": "{ __typename }", "variables": []}',
    "variables that are text": b'{"query": "{ __typename }", "variables": "{}"}',
    "a name that is a number": b'{"query": "{ __typename }", "operationName": 1}',
    "a name of no operation": b'{"query": "{ __typename }", "operationName": "Nope"}',
    "extensions that are a list": b'{"query": "{ __typename }", "extensions": []}',
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
async def test_malformed_body_is_a_bad_request(graphql: Endpoint, body: bytes) -> None:
    response = await graphql.server.client.post(
        "/graphql", content=body, headers={"Content-Type": "application/json", **graphql.server.headers}
    )
    assert response.status_code in {200, 400}
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "BAD_REQUEST"
    assert error["message"]


async def test_plain_text_body_is_415(graphql: Endpoint) -> None:
    response = await graphql.server.client.post(
        "/graphql",
        content=b"{ viewer { id } }",
        headers={"Content-Type": "text/plain", **graphql.server.headers},
    )
    assert response.status_code == 415


async def test_large_document_is_413(graphql: Endpoint) -> None:
    response = await graphql.post({"query": "{ __typename }" + " " * 600_000})
    assert response.status_code == 413
    assert response.json()["errors"][0]["extensions"]["code"] == "PAYLOAD_TOO_LARGE"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ nope }", "BAD_REQUEST"),
        ("{ image { id } }", "BAD_REQUEST"),
        ("{ image(id: 1) { id } ", "BAD_REQUEST"),
        ("query($id: ID!) { image(id: $id) { id } }", "BAD_REQUEST"),
        ('{ image(id: "\\ud800") { id } }', "BAD_REQUEST"),
        ('{ image(id: "img_1") { id } }', "NOT_FOUND"),
        ('{ node(id: "img_00000000000000000000000000") { id } }', "NOT_FOUND"),
        ("{ images(first: 0) { totalCount } }", "BAD_REQUEST"),
        ("{ images(first: 101) { totalCount } }", "BAD_REQUEST"),
        ("{ images(first: 1, last: 1) { totalCount } }", "BAD_REQUEST"),
        ('{ images(after: "nonsense") { totalCount } }', "BAD_REQUEST"),
        ('{ images(filter: {tag: "a\\u0000"}) { totalCount } }', "VALIDATION_ERROR"),
        ('mutation { createAlbum(input: {name: ""}) { album { id } } }', "VALIDATION_ERROR"),
        ('mutation { uploadImage(input: {file: "x"}) { image { id } } }', "BAD_REQUEST"),
    ],
)
async def test_error_has_a_code(graphql: Endpoint, query: str, code: str) -> None:
    error = await graphql.error(query)
    assert error["extensions"]["code"] == code
    assert error["message"]
    assert error["extensions"]["details"]


async def test_lone_surrogates_in_variables_are_rejected(
    graphql: Endpoint,
) -> None:
    response = await graphql.server.client.post(
        "/graphql",
        content=b'{"query": "mutation($n: String!) { createAlbum(input: {name: $n}) { album { id } } }", '
        b'"variables": {"n": "\\ud800"}}',
        headers={"Content-Type": "application/json", **graphql.server.headers},
    )
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "VALIDATION_ERROR"


def form(query: str, variables: Any, places: Any) -> dict[str, str]:
    operations = {"query": query, "variables": variables}
    return {"operations": json.dumps(operations), "map": json.dumps(places)}


async def test_file_is_uploaded_by_multipart_request(graphql: Endpoint) -> None:
    response = await graphql.server.client.post(
        "/graphql",
        data=form(UPLOAD, {"file": None}, {"0": ["variables.file"]}),
        files={"0": ("a.png", sample_images.alpha_png())},
        headers=graphql.server.headers,
    )
    image = response.json()["data"]["uploadImage"]["image"]
    assert (image["filename"], image["size"]) == ("a.png", len(sample_images.alpha_png()))


async def test_invalid_file_does_not_affect_others(graphql: Endpoint) -> None:
    response = await graphql.server.client.post(
        "/graphql",
        data=form(UPLOADS, {"files": [None] * 3}, {str(n): [f"variables.files.{n}"] for n in range(3)}),
        files={
            "0": ("a.png", sample_images.png()),
            "1": ("b.txt", b"text"),
            "2": ("c.gif", sample_images.still_gif()),
        },
        headers=graphql.server.headers,
    )
    results = response.json()["data"]["uploadImages"]["results"]
    assert [result["filename"] for result in results] == ["a.png", "b.txt", "c.gif"]
    assert [result["image"] is not None for result in results] == [True, False, True]
    assert results[1]["error"] == {"code": "UNSUPPORTED_MEDIA_TYPE"}


MISPLACED: dict[str, Any] = {
    "a list": [],
    "null": None,
    "no list of paths": {"0": 5},
    "a path that is no text": {"0": [5]},
    "no path": {"0": []},
    "two paths": {"0": ["variables.file", "variables.other"]},
    "outside the variables": {"0": ["query"]},
    "the variables themselves": {"0": ["variables"]},
    "a variable that is not there": {"0": ["variables.nope"]},
    "beyond a variable": {"0": ["variables.file.deeper"]},
    "a list index out of range": {"0": ["variables.list.9"]},
    "a list index that is no number": {"0": ["variables.list.x"]},
    "a negative index": {"0": ["variables.list.-1"]},
    "a place that is taken": {"0": ["variables.other"]},
    "a file that is not there": {"1": ["variables.file"]},
}


@pytest.mark.parametrize("places", MISPLACED.values(), ids=MISPLACED.keys())
async def test_invalid_file_map_is_a_bad_request(graphql: Endpoint, places: Any) -> None:
    response = await graphql.server.client.post(
        "/graphql",
        data=form(UPLOAD, {"file": None, "other": 1, "list": [None]}, places),
        files={"0": ("a.png", sample_images.png())},
        headers=graphql.server.headers,
    )
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert list(graphql.server.services.storage.incoming.iterdir()) == []


@pytest.mark.parametrize("operations", ["null", "[]", '"x"', "{", "[{}]"])
async def test_invalid_operations_field_is_a_bad_request(graphql: Endpoint, operations: str) -> None:
    response = await graphql.server.client.post(
        "/graphql",
        data={"operations": operations, "map": '{"0": ["variables.file"]}'},
        files={"0": ("a.png", sample_images.png())},
        headers=graphql.server.headers,
    )
    assert response.status_code == 400


async def test_file_can_be_used_once(graphql: Endpoint) -> None:
    query = """mutation($file: Upload!) {
      a: uploadImage(input: {file: $file}) { image { id } }
      b: uploadImage(input: {file: $file}) { image { id } }
    }"""
    response = await graphql.server.client.post(
        "/graphql",
        data=form(query, {"file": None}, {"0": ["variables.file"]}),
        files={"0": ("a.png", sample_images.png())},
        headers=graphql.server.headers,
    )
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "VALIDATION_ERROR"
    assert error["path"] == ["b"]


async def test_anonymous_upload_is_rejected_before_it_is_read(graphql: Endpoint) -> None:
    response = await graphql.server.client.post(
        "/graphql",
        data=form(UPLOAD, {"file": None}, {"0": ["variables.file"]}),
        files={"0": ("a.png", sample_images.png())},
        headers={"GraphQL-Require-Preflight": "1"},
    )
    assert response.status_code == 401


async def test_request_without_preflight_is_rejected(graphql: Endpoint) -> None:
    client = graphql.server.client
    by_get = await client.get(
        "/graphql", params={"query": "{ __typename }"}, headers={"Accept": "application/json"}
    )
    by_form = await client.post(
        "/graphql",
        data=form(UPLOAD, {"file": None}, {"0": ["variables.file"]}),
        files={"0": ("a.png", sample_images.png())},
    )
    assert (by_get.status_code, by_form.status_code) == (400, 400)
    asked = await client.get(
        "/graphql", params={"query": "{ __typename }"}, headers={"Apollo-Require-Preflight": "1"}
    )
    assert asked.json() == {"data": {"__typename": "Query"}}


async def test_file_over_the_limit_is_413(tmp_path: Path) -> None:
    async with house(tmp_path, max_upload_size=1024) as small:
        response = await small.client.post(
            "/graphql",
            data=form(UPLOAD, {"file": None}, {"0": ["variables.file"]}),
            files={"0": ("a.png", bytes(5000))},
            headers=small.headers,
        )
        assert response.status_code == 413
        assert response.json()["errors"][0]["message"] == "File size exceeds maximum limit"


async def test_unexpected_error_discloses_nothing(
    graphql: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    await graphql.server.upload(sample_images.jpeg())
    await Image.raw("DROP TABLE images")
    error = await graphql.error("{ images { nodes { id } } }")
    assert error["message"] == "Internal error"
    assert error["extensions"]["code"] == "INTERNAL_ERROR"
    assert "images" not in error["extensions"]["details"]
    request_id = error["extensions"]["requestId"]
    assert error["extensions"]["params"] == {"reason": "internal_error", "request_id": request_id}
    assert len([record for record in caplog.records if record.exc_info]) == 1


async def test_introspection_is_a_setting(tmp_path: Path) -> None:
    async with house(tmp_path, introspection=False) as closed:
        endpoint = Endpoint(closed)
        hidden = await endpoint.execute("{ __schema { types { name } } }")
        assert {error["extensions"]["code"] for error in hidden["errors"]} == {"BAD_REQUEST"}
        assert "Did you mean" not in (await endpoint.error("{ viewr { id } }"))["message"]
        assert await endpoint.data("{ __typename }") == {"__typename": "Query"}


async def test_huge_number_in_a_document_is_a_bad_request(graphql: Endpoint) -> None:
    error = await graphql.error("{ images(first: " + "9" * 5000 + ") { pageInfo { hasNextPage } } }")
    assert error["message"] == "A number in the document has too many digits"
    assert error["extensions"]["code"] == "BAD_REQUEST"
    assert error["extensions"]["params"] == {"reason": "number_too_long"}
