"""GraphQL over HTTP: what is well formed is answered, what is not is refused, and nothing is answered with 500."""

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


async def test_a_query_by_post_and_by_get_is_answered(graphql: Endpoint) -> None:
    assert await graphql.data("{ viewer { username role } }") == {
        "viewer": {"username": "admin", "role": "ADMIN"}
    }
    answer = await graphql.house.client.get(
        "/graphql", params={"query": "{ viewer { username } }"}, headers=graphql.house.headers
    )
    assert answer.json() == {"data": {"viewer": {"username": "admin"}}}


async def test_a_mutation_by_get_is_refused(graphql: Endpoint) -> None:
    answer = await graphql.house.client.get(
        "/graphql",
        params={"query": 'mutation { createAlbum(input: {name: "x"}) { album { id } } }'},
        headers=graphql.house.headers,
    )
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert await graphql.data("{ albums { totalCount } }") == {"albums": {"totalCount": 0}}


async def test_a_browser_gets_graphiql_and_curl_does_not(graphql: Endpoint) -> None:
    page = await graphql.house.client.get(
        "/graphql", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    )
    assert page.status_code == 200
    assert "graphiql" in page.text.lower()
    answer = await graphql.house.client.get("/graphql", headers={"Accept": "*/*", **graphql.house.headers})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


@pytest.mark.parametrize("token", ["nonsense", "pchb_pat_" + "0" * 39])
async def test_a_token_that_does_not_hold_is_refused_before_the_operation(
    graphql: Endpoint, token: str
) -> None:
    answer = await graphql.post({"query": "{ __typename }"}, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["errors"] == [
        {
            "message": "Invalid or expired API token",
            "extensions": {
                "code": "UNAUTHORIZED",
                "details": "Please check your API token and ensure it has not expired",
                "params": {"reason": "invalid_token"},
            },
        }
    ]


async def test_nobody_may_look_at_what_is_public(graphql: Endpoint) -> None:
    image = await graphql.house.upload(sample_images.jpeg())
    nobody = {"Accept": "application/json"}
    body = await graphql.ask(
        "query($id: ID!) { viewer { id } image(id: $id) { id } }", headers=nobody, id=image["id"]
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
async def test_a_malformed_body_is_a_bad_request(graphql: Endpoint, body: bytes) -> None:
    answer = await graphql.house.client.post(
        "/graphql", content=body, headers={"Content-Type": "application/json", **graphql.house.headers}
    )
    assert answer.status_code in {200, 400}
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "BAD_REQUEST"
    assert error["message"]


async def test_a_body_of_another_kind_is_refused(graphql: Endpoint) -> None:
    answer = await graphql.house.client.post(
        "/graphql",
        content=b"{ viewer { id } }",
        headers={"Content-Type": "text/plain", **graphql.house.headers},
    )
    assert answer.status_code == 415


async def test_a_document_too_large_is_refused(graphql: Endpoint) -> None:
    answer = await graphql.post({"query": "{ __typename }" + " " * 600_000})
    assert answer.status_code == 413
    assert answer.json()["errors"][0]["extensions"]["code"] == "PAYLOAD_TOO_LARGE"


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
async def test_an_error_has_the_code_of_its_cause(graphql: Endpoint, query: str, code: str) -> None:
    error = await graphql.error(query)
    assert error["extensions"]["code"] == code
    assert error["message"]
    assert error["extensions"]["details"]


async def test_lone_surrogates_in_variables_are_refused_as_text_that_can_not_be_kept(
    graphql: Endpoint,
) -> None:
    answer = await graphql.house.client.post(
        "/graphql",
        content=b'{"query": "mutation($n: String!) { createAlbum(input: {name: $n}) { album { id } } }", '
        b'"variables": {"n": "\\ud800"}}',
        headers={"Content-Type": "application/json", **graphql.house.headers},
    )
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "VALIDATION_ERROR"


def form(query: str, variables: Any, places: Any) -> dict[str, str]:
    operations = {"query": query, "variables": variables}
    return {"operations": json.dumps(operations), "map": json.dumps(places)}


async def test_a_file_comes_as_the_multipart_request_specification_says(graphql: Endpoint) -> None:
    answer = await graphql.house.client.post(
        "/graphql",
        data=form(UPLOAD, {"file": None}, {"0": ["variables.file"]}),
        files={"0": ("a.png", sample_images.alpha_png())},
        headers=graphql.house.headers,
    )
    image = answer.json()["data"]["uploadImage"]["image"]
    assert (image["filename"], image["size"]) == ("a.png", len(sample_images.alpha_png()))


async def test_of_several_files_the_bad_ones_do_not_hold_up_the_good(graphql: Endpoint) -> None:
    answer = await graphql.house.client.post(
        "/graphql",
        data=form(UPLOADS, {"files": [None] * 3}, {str(n): [f"variables.files.{n}"] for n in range(3)}),
        files={
            "0": ("a.png", sample_images.png()),
            "1": ("b.txt", b"text"),
            "2": ("c.gif", sample_images.still_gif()),
        },
        headers=graphql.house.headers,
    )
    results = answer.json()["data"]["uploadImages"]["results"]
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
async def test_a_map_that_leads_nowhere_is_a_bad_request(graphql: Endpoint, places: Any) -> None:
    answer = await graphql.house.client.post(
        "/graphql",
        data=form(UPLOAD, {"file": None, "other": 1, "list": [None]}, places),
        files={"0": ("a.png", sample_images.png())},
        headers=graphql.house.headers,
    )
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert list(graphql.house.services.storage.incoming.iterdir()) == []


@pytest.mark.parametrize("operations", ["null", "[]", '"x"', "{", "[{}]"])
async def test_operations_that_are_no_request_are_a_bad_request(graphql: Endpoint, operations: str) -> None:
    answer = await graphql.house.client.post(
        "/graphql",
        data={"operations": operations, "map": '{"0": ["variables.file"]}'},
        files={"0": ("a.png", sample_images.png())},
        headers=graphql.house.headers,
    )
    assert answer.status_code == 400


async def test_one_file_given_to_two_fields_is_used_once(graphql: Endpoint) -> None:
    query = """mutation($file: Upload!) {
      a: uploadImage(input: {file: $file}) { image { id } }
      b: uploadImage(input: {file: $file}) { image { id } }
    }"""
    answer = await graphql.house.client.post(
        "/graphql",
        data=form(query, {"file": None}, {"0": ["variables.file"]}),
        files={"0": ("a.png", sample_images.png())},
        headers=graphql.house.headers,
    )
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "VALIDATION_ERROR"
    assert error["path"] == ["b"]


async def test_a_file_for_nobody_is_refused_before_it_is_read(graphql: Endpoint) -> None:
    answer = await graphql.house.client.post(
        "/graphql",
        data=form(UPLOAD, {"file": None}, {"0": ["variables.file"]}),
        files={"0": ("a.png", sample_images.png())},
        headers={"GraphQL-Require-Preflight": "1"},
    )
    assert answer.status_code == 401


async def test_what_a_foreign_page_could_send_unasked_is_refused(graphql: Endpoint) -> None:
    client = graphql.house.client
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


async def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    async with house(tmp_path, max_upload_size=1024) as small:
        answer = await small.client.post(
            "/graphql",
            data=form(UPLOAD, {"file": None}, {"0": ["variables.file"]}),
            files={"0": ("a.png", bytes(5000))},
            headers=small.headers,
        )
        assert answer.status_code == 413
        assert answer.json()["errors"][0]["message"] == "File size exceeds maximum limit"


async def test_a_mistake_of_ours_shows_nothing_of_the_inside(
    graphql: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    await graphql.house.upload(sample_images.jpeg())
    await Image.raw("DROP TABLE images")
    error = await graphql.error("{ images { nodes { id } } }")
    assert error["message"] == "Internal error"
    assert error["extensions"]["code"] == "INTERNAL_ERROR"
    assert "images" not in error["extensions"]["details"]
    request_id = error["extensions"]["requestId"]
    assert error["extensions"]["params"] == {"reason": "internal_error", "request_id": request_id}
    assert len([record for record in caplog.records if record.exc_info]) == 1


async def test_introspection_is_a_setting_and_suggestions_follow_it(tmp_path: Path) -> None:
    async with house(tmp_path, introspection=False) as closed:
        endpoint = Endpoint(closed)
        hidden = await endpoint.ask("{ __schema { types { name } } }")
        assert {error["extensions"]["code"] for error in hidden["errors"]} == {"BAD_REQUEST"}
        assert "Did you mean" not in (await endpoint.error("{ viewr { id } }"))["message"]
        assert await endpoint.data("{ __typename }") == {"__typename": "Query"}


async def test_a_number_without_end_in_a_document_is_the_askers_mistake(graphql: Endpoint) -> None:
    error = await graphql.error("{ images(first: " + "9" * 5000 + ") { pageInfo { hasNextPage } } }")
    assert error["message"] == "A number in the document has too many digits"
    assert error["extensions"]["code"] == "BAD_REQUEST"
    assert error["extensions"]["params"] == {"reason": "number_too_long"}
