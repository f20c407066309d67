"""Who is given configurations, and what the token in them opens."""

import json
from collections.abc import AsyncIterator

import httpx2
import pytest

from app.auth.actor import SCOPES_OF, Scope, ScopePreset
from app.uploads.clients.catalogue import UPLOAD_CLIENTS
from compat_rest.routes import API
from scripts.fixtures import sample_images
from tests.access_control.test_who_may import ROWS
from tests.pichub import House, ask, house, signed

UPLOAD = "mutation($file: Upload!) { uploadImage(input: {file: $file}) { image { url } } }"
CREATE = """mutation($input: CreateApiTokenInput!) { createApiToken(input: $input) {
  text uploaders { name title filename mediaType content steps { en zh } } } }"""


@pytest.fixture
async def built(tmp_path) -> AsyncIterator[House]:
    async with house(tmp_path) as running:
        yield running


@pytest.fixture
async def ann(built: House) -> AsyncIterator[httpx2.AsyncClient]:
    async with built.signed_in("ann") as client:
        yield client


async def test_a_new_token_comes_with_files_that_hold_it(built: House, ann: httpx2.AsyncClient) -> None:
    made = (await ask(ann, CREATE, input={"name": "ShareX", "preset": "UPLOAD_ONLY"}))["createApiToken"]
    assert [each["name"] for each in made["uploaders"]] == list(UPLOAD_CLIENTS)
    for each in made["uploaders"]:
        assert made["text"] in each["content"]
        assert built.url in each["content"]
        assert each["steps"]["en"]
        assert each["steps"]["zh"]
        fetched = await built.client.get(f"/v1/uploaders/{each['name']}", headers=signed(made["text"]))
        assert (fetched.status_code, fetched.text) == (200, each["content"])
        assert fetched.headers["content-disposition"] == f'attachment; filename="{each["filename"]}"'
        assert fetched.headers["content-type"].split(";")[0] == each["mediaType"]
        assert fetched.headers["cache-control"] == "no-store"


async def test_the_openapi_document_says_which_files_are_json_and_which_are_text(built: House) -> None:
    document = (await built.client.get("/v1/openapi.json")).json()
    told = document["paths"]["/v1/uploaders/{name}"]["get"]["responses"]["200"]["content"]
    kinds: dict[str, set[str]] = {}
    for name in UPLOAD_CLIENTS:
        answer = await built.client.get(f"/v1/uploaders/{name}", headers=built.headers)
        media_type = answer.headers["content-type"].split(";")[0]
        is_json = media_type == "application/json" and isinstance(answer.json(), dict)
        kinds.setdefault(media_type, set()).add("object" if is_json else "string")
    assert {media_type: {each["schema"]["type"]} for media_type, each in told.items()} == kinds
    assert kinds == {
        "application/json": {"object"}, "application/toml": {"string"}, "application/x-sh": {"string"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "uploads"),
    [
        ({"preset": "UPLOAD_ONLY"}, True),
        ({"preset": "EVERYTHING"}, True),
        ({"scopes": ["IMAGES_WRITE"]}, True),
        ({"preset": "READ_ONLY"}, False),
        ({"scopes": ["ALBUMS_WRITE"]}, False),
    ],
)
async def test_a_token_that_does_not_upload_comes_with_none(
    ann: httpx2.AsyncClient, given: dict[str, object], uploads: bool
) -> None:
    made = (await ask(ann, CREATE, input={"name": "x", **given}))["createApiToken"]
    assert bool(made["uploaders"]) is uploads


async def test_a_tool_that_is_not_known_is_told_with_those_that_are(built: House) -> None:
    answer = await built.client.get("/v1/uploaders/paint", headers=built.headers)
    assert answer.status_code == 404
    assert (
        answer.json()["error"]["details"]
        == f"There is no uploader 'paint'; there are {', '.join(UPLOAD_CLIENTS)}"
    )


async def test_a_session_is_told_that_it_has_no_token_to_give(ann: httpx2.AsyncClient) -> None:
    answer = await ann.get("/v1/uploaders/sharex")
    assert (answer.status_code, "API token" in answer.json()["error"]["details"]) == (403, True)


async def test_a_token_for_uploading_opens_that_and_nothing_else(built: House) -> None:
    token = await built.account("ann", scopes=SCOPES_OF[ScopePreset.UPLOAD_ONLY])
    image = await built.upload(sample_images.png(), token=token)
    opened = set()
    for route, path, _, _, sent in ROWS:
        method, _, pattern = route.partition(" ")
        if pattern.removeprefix("/v1") not in API:
            continue
        answer = await built.client.request(
            method,
            path.replace("@private_image", image["id"]),
            **sent | {"headers": signed(token) | sent.get("headers", {})},
        )
        if answer.status_code == 403:
            assert "images:upload" in answer.json()["error"]["details"], "what the token has"
        else:
            opened.add(route)
    open_to_all = {"GET /v1/openapi.json", "OPTIONS /v1/uploads", "OPTIONS /v1/uploads/{id}"}
    uploading = {"POST /v1/upload", "POST /v1/uploads", "GET /v1/uploaders/{name}"}
    uploading |= {
        f"{method} /v1/uploads/{{id}}" for method in ("GET", "HEAD", "PATCH", "PUT", "POST", "DELETE")
    }
    assert opened - open_to_all <= uploading
    assert {"POST /v1/upload", "POST /v1/uploads", "PATCH /v1/uploads/{id}"} <= opened
    form = {
        "operations": json.dumps({"query": UPLOAD, "variables": {"file": None}}),
        "map": '{"0": ["variables.file"]}',
    }
    taken = await built.client.post(
        "/graphql", data=form, files={"0": ("a.png", sample_images.png())}, headers=signed(token)
    )
    assert taken.json()["data"]["uploadImage"]["image"]["url"].startswith(built.url)
    delete = f'mutation {{ deleteImage(input: {{id: "{image["id"]}"}}) {{ deletedImageId }} }}'
    for document in ("{ images(first: 1) { totalCount } }", "{ viewer { username } }", delete):
        answer = await built.client.post("/graphql", json={"query": document}, headers=signed(token))
        (error,) = answer.json()["errors"]
        assert error["extensions"]["code"] == "FORBIDDEN"


async def test_a_token_for_writing_uploads_too(built: House) -> None:
    token = await built.account("ann", scopes=[Scope.IMAGES_WRITE])
    await built.upload(sample_images.png(), token=token)
