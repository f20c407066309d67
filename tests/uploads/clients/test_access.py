"""Access to client configurations, and the permissions of their tokens."""

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
async def pichub(tmp_path) -> AsyncIterator[House]:
    async with house(tmp_path) as pichub:
        yield pichub


@pytest.fixture
async def client(pichub: House) -> AsyncIterator[httpx2.AsyncClient]:
    async with pichub.signed_in("ann") as client:
        yield client


async def test_a_new_token_is_returned_with_configurations_that_contain_it(
    pichub: House, client: httpx2.AsyncClient
) -> None:
    created = (await ask(client, CREATE, input={"name": "ShareX", "preset": "UPLOAD_ONLY"}))["createApiToken"]
    assert [each["name"] for each in created["uploaders"]] == list(UPLOAD_CLIENTS)
    for each in created["uploaders"]:
        assert created["text"] in each["content"]
        assert pichub.url in each["content"]
        assert each["steps"]["en"]
        assert each["steps"]["zh"]
        fetched = await pichub.client.get(f"/v1/uploaders/{each['name']}", headers=signed(created["text"]))
        assert (fetched.status_code, fetched.text) == (200, each["content"])
        assert fetched.headers["content-disposition"] == f'attachment; filename="{each["filename"]}"'
        assert fetched.headers["content-type"].split(";")[0] == each["mediaType"]
        assert fetched.headers["cache-control"] == "no-store"


async def test_the_openapi_document_has_the_media_types_of_configurations(pichub: House) -> None:
    document = (await pichub.client.get("/v1/openapi.json")).json()
    documented = document["paths"]["/v1/uploaders/{name}"]["get"]["responses"]["200"]["content"]
    kinds: dict[str, set[str]] = {}
    for name in UPLOAD_CLIENTS:
        response = await pichub.client.get(f"/v1/uploaders/{name}", headers=pichub.headers)
        media_type = response.headers["content-type"].split(";")[0]
        is_json = media_type == "application/json" and isinstance(response.json(), dict)
        kinds.setdefault(media_type, set()).add("object" if is_json else "string")
    assert {media_type: {each["schema"]["type"]} for media_type, each in documented.items()} == kinds
    assert kinds == {
        "application/json": {"object"}, "application/toml": {"string"}, "application/x-sh": {"string"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("permissions", "may_upload"),
    [
        ({"preset": "UPLOAD_ONLY"}, True),
        ({"preset": "EVERYTHING"}, True),
        ({"scopes": ["IMAGES_WRITE"]}, True),
        ({"preset": "READ_ONLY"}, False),
        ({"scopes": ["ALBUMS_WRITE"]}, False),
    ],
)
async def test_only_upload_tokens_are_returned_with_configurations(
    client: httpx2.AsyncClient, permissions: dict[str, object], may_upload: bool
) -> None:
    created = (await ask(client, CREATE, input={"name": "x", **permissions}))["createApiToken"]
    assert bool(created["uploaders"]) is may_upload


async def test_an_unknown_client_is_refused_with_the_available_ones(pichub: House) -> None:
    response = await pichub.client.get("/v1/uploaders/paint", headers=pichub.headers)
    assert response.status_code == 404
    assert (
        response.json()["error"]["details"]
        == f"There is no uploader 'paint'; there are {', '.join(UPLOAD_CLIENTS)}"
    )


async def test_a_session_without_a_token_is_forbidden(client: httpx2.AsyncClient) -> None:
    response = await client.get("/v1/uploaders/sharex")
    assert (response.status_code, "API token" in response.json()["error"]["details"]) == (403, True)


async def test_an_upload_only_token_permits_only_uploads(pichub: House) -> None:
    token = await pichub.account("ann", scopes=SCOPES_OF[ScopePreset.UPLOAD_ONLY])
    image = await pichub.upload(sample_images.png(), token=token)
    permitted = set()
    for route, path, _, _, request in ROWS:
        method, _, pattern = route.partition(" ")
        if pattern.removeprefix("/v1") not in API:
            continue
        response = await pichub.client.request(
            method,
            path.replace("@private_image", image["id"]),
            **request | {"headers": signed(token) | request.get("headers", {})},
        )
        if response.status_code == 403:
            assert "images:upload" in response.json()["error"]["details"], (
                "the message must name the token's scope"
            )
        else:
            permitted.add(route)
    public = {"GET /v1/openapi.json", "OPTIONS /v1/uploads", "OPTIONS /v1/uploads/{id}"}
    uploading = {"POST /v1/upload", "POST /v1/uploads", "GET /v1/uploaders/{name}"}
    uploading |= {
        f"{method} /v1/uploads/{{id}}" for method in ("GET", "HEAD", "PATCH", "PUT", "POST", "DELETE")
    }
    assert permitted - public <= uploading
    assert {"POST /v1/upload", "POST /v1/uploads", "PATCH /v1/uploads/{id}"} <= permitted
    form = {
        "operations": json.dumps({"query": UPLOAD, "variables": {"file": None}}),
        "map": '{"0": ["variables.file"]}',
    }
    uploaded = await pichub.client.post(
        "/graphql", data=form, files={"0": ("a.png", sample_images.png())}, headers=signed(token)
    )
    assert uploaded.json()["data"]["uploadImage"]["image"]["url"].startswith(pichub.url)
    delete = f'mutation {{ deleteImage(input: {{id: "{image["id"]}"}}) {{ deletedImageId }} }}'
    for document in ("{ images(first: 1) { totalCount } }", "{ viewer { username } }", delete):
        response = await pichub.client.post("/graphql", json={"query": document}, headers=signed(token))
        (error,) = response.json()["errors"]
        assert error["extensions"]["code"] == "FORBIDDEN"


async def test_a_write_token_permits_uploads(pichub: House) -> None:
    token = await pichub.account("ann", scopes=[Scope.IMAGES_WRITE])
    await pichub.upload(sample_images.png(), token=token)
