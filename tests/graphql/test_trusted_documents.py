"""Trusted documents are run by id or text, and no others are."""

import json
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from app.graphql.schema import build_schema
from app.graphql.server.trusted_documents import InvalidDocument, TrustedDocuments
from app.resolvers import albums
from app.settings import Settings
from scripts.fixtures import sample_images
from tests.events.sockets import connect
from tests.graphql.transports import TRANSPORTS, Transport, over_http
from tests.pichub import House, served, until
from tests.resolvers.test_images import context

VIEWER = "query Viewer { viewer { username } }\n"
PICTURES = "query Pictures($first: Int) { images(first: $first) { totalCount } }"
EVENTS = "subscription Events { events { cursor } }"
UPLOAD = "mutation Upload($file: Upload!) { uploadImage(input: {file: $file}) { image { filename } } }"
HASH = sha256(VIEWER.encode()).hexdigest()
VIEWER_DATA = {"viewer": {"username": "admin"}}
PREFLIGHT = {"GraphQL-Require-Preflight": "1"}


def apollo(id: str) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": id}}}


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """Shared by all tests: none depends on the data of another."""
    folder = tmp_path_factory.mktemp("documents")
    async with served(folder / "data", graphql_documents=filled(folder / "trusted")) as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return filled(tmp_path / "documents")


def filled(folder: Path) -> Path:
    (folder / "deeper").mkdir(parents=True)
    (folder / "viewer.graphql").write_text(VIEWER)
    (folder / "deeper" / "events.gql").write_text(EVENTS)
    (folder / "relay.json").write_text(json.dumps({"a1b2": PICTURES}))
    operations = [{"id": "upload", "name": "Upload", "type": "mutation", "body": UPLOAD}]
    manifest = {"format": "apollo-persisted-query-manifest", "version": 1, "operations": operations}
    (folder / "apollo.json").write_text(json.dumps(manifest))
    (folder / "README.md").write_text("Not a document.")
    return folder


def code(response: dict[str, Any]) -> str:
    (error,) = response["errors"]
    return str(error["extensions"]["code"])


BY_ID = {
    "documentId": {"documentId": f"sha256:{HASH}"},
    "documentId without a prefix": {"documentId": HASH},
    "Apollo's hash": apollo(HASH),
    "its text": {"query": VIEWER},
    "its text, trimmed": {"query": VIEWER.strip()},
    "text and hash": {"query": VIEWER, **apollo(HASH)},
}


@pytest.mark.parametrize("transport", TRANSPORTS.values(), ids=TRANSPORTS)
@pytest.mark.parametrize("request_", BY_ID.values(), ids=BY_ID)
async def test_trusted_document_is_run(server: House, transport: Transport, request_: dict[str, Any]) -> None:
    assert await transport(server, request_) == {"data": VIEWER_DATA}


REFUSED = {
    "another text": ({"query": "{ viewer { id } }"}, "DOCUMENT_NOT_TRUSTED"),
    "another text of a known hash": ({"query": "{ viewer { id } }", **apollo(HASH)}, "DOCUMENT_NOT_TRUSTED"),
    "introspection": ({"query": "{ __schema { types { name } } }"}, "DOCUMENT_NOT_TRUSTED"),
    "no GraphQL": ({"query": "{ viewer "}, "DOCUMENT_NOT_TRUSTED"),
    "another id": ({"documentId": "sha256:00"}, "PERSISTED_QUERY_NOT_FOUND"),
    "another hash": (apollo("00"), "PERSISTED_QUERY_NOT_FOUND"),
    "a text and the id of another": ({"query": VIEWER, "documentId": "a1b2"}, "BAD_REQUEST"),
    "an id that is a number": ({"documentId": 5}, "BAD_REQUEST"),
    "an id that is empty": ({"documentId": ""}, "BAD_REQUEST"),
    "a hash that is a list": (apollo([]), "BAD_REQUEST"),  # type: ignore[arg-type]
    "a hash of another version": ({"extensions": {"persistedQuery": {"version": 2}}}, "BAD_REQUEST"),
    "a hash that is missing": ({"extensions": {"persistedQuery": {"version": 1}}}, "BAD_REQUEST"),
    "a persisted query that is text": ({"extensions": {"persistedQuery": "x"}}, "BAD_REQUEST"),
}


@pytest.mark.parametrize("transport", TRANSPORTS.values(), ids=TRANSPORTS)
@pytest.mark.parametrize(("request_", "expected"), REFUSED.values(), ids=REFUSED)
async def test_other_documents_are_rejected(
    server: House,
    transport: Transport,
    request_: dict[str, Any],
    expected: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert code(await transport(server, request_)) == expected
    assert not caplog.records


async def test_unknown_id_has_the_message_for_apollo(server: House) -> None:
    response = await over_http(server, apollo("00"))
    assert response["errors"][0]["message"] == "PersistedQueryNotFound"


async def test_documents_of_manifests_take_variables_and_files(server: House) -> None:
    request = {"documentId": "a1b2", "variables": {"first": 5}}
    assert await over_http(server, request) == {"data": {"images": {"totalCount": 0}}}
    response = await server.client.post(
        "/graphql",
        data={
            "operations": json.dumps({"documentId": "upload", "variables": {"file": None}}),
            "map": '{"0": ["variables.file"]}',
        },
        files={"0": ("a.png", sample_images.png())},
        headers=server.headers,
    )
    assert response.json() == {"data": {"uploadImage": {"image": {"filename": "a.png"}}}}


async def test_subscription_is_run_by_id(server: House) -> None:
    ctx = await context(server)
    async with connect(server.url) as socket:
        await socket.initialize(Authorization=f"Bearer {server.token}")
        id = sha256(EVENTS.encode()).hexdigest()
        socket.send({"id": "1", "type": "subscribe", "payload": {"documentId": id}})
        await until(lambda: server.services.events.feed.subscribers == 1)
        await albums.create(ctx, albums.NewAlbum("New"))
        assert (await socket.next_event())["cursor"]


@pytest.mark.parametrize(
    "params",
    [{"documentId": HASH}, {"extensions": json.dumps(apollo(HASH)["extensions"])}],
    ids=["documentId", "Apollo's hash"],
)
async def test_document_by_get_needs_a_preflight(server: House, params: dict[str, str]) -> None:
    response = await server.client.get("/graphql", params=params, headers=PREFLIGHT)
    assert response.json() == {"data": {"viewer": None}}
    response = await server.client.get("/graphql", params=params, headers={"Accept": "text/html, */*;q=0.8"})
    assert response.status_code == 400
    assert code(response.json()) == "BAD_REQUEST"


async def test_trusted_mutation_by_get_is_rejected(server: House) -> None:
    response = await server.client.get("/graphql", params={"documentId": "upload"}, headers=PREFLIGHT)
    assert response.status_code in {400, 405}


INVALID: dict[str, tuple[str, str | bytes, str]] = {
    "syntax": ("a.graphql", "{ viewer { id }", "Syntax Error"),
    "a field that is not there": ("a.graphql", "{\n  viewr { id } }", "Cannot query field 'viewr'"),
    "a fragment alone": ("a.graphql", "fragment A on Image { id }", "Fragment 'A' is never used"),
    "nothing": ("a.graphql", "", "Unexpected <EOF>"),
    "no UTF-8": ("a.graphql", b"\xff", "not UTF-8 text"),
    "over a limit": ("a.graphql", "{" + " viewer { id }" * 21 + "}", "21 root fields; the limit is 20"),
    "nested": ("a.graphql", "{a" * 900, "nested too deeply"),
    "no JSON": ("a.json", "{", "not JSON"),
    "a list": ("a.json", "[]", "an object of ids and texts"),
    "texts that are none": ("a.json", '{"a": 5}', "an object of ids and texts"),
    "a manifest of nonsense": (
        "a.json",
        '{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [5]}',
        "an object of ids and texts",
    ),
    "a bad document of a manifest": ("a.json", '{"a1": "{ viewr { id } }"}', "'a1': Cannot query field"),
    "two with one id": ("a.json", json.dumps({HASH: PICTURES}), "another document has the id"),
}


@pytest.mark.parametrize(("name", "content", "expected"), INVALID.values(), ids=INVALID)
def test_invalid_document_is_reported(folder: Path, name: str, content: str | bytes, expected: str) -> None:
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InvalidDocument, match=expected) as raised:
        TrustedDocuments.load(folder, build_schema(Settings()).document_cache)
    assert name in str(raised.value) or "another document" in expected


def test_missing_and_empty_folders_are_rejected(tmp_path: Path) -> None:
    cache = build_schema(Settings()).document_cache
    with pytest.raises(InvalidDocument, match="no such folder"):
        TrustedDocuments.load(tmp_path / "nowhere", cache)
    with pytest.raises(InvalidDocument, match="no documents found"):
        TrustedDocuments.load(tmp_path, cache)
