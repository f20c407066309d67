"""Trusted documents: what a client was built with is run by its id or its text, and nothing else is."""

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
from tests.events.sockets import connected
from tests.graphql.ways import WAYS, Way, over_http
from tests.pichub import House, served, until
from tests.resolvers.test_images import context

VIEWER = "query Viewer { viewer { username } }\n"
PICTURES = "query Pictures($first: Int) { images(first: $first) { totalCount } }"
EVENTS = "subscription Events { events { cursor } }"
UPLOAD = "mutation Upload($file: Upload!) { uploadImage(input: {file: $file}) { image { filename } } }"
HASH = sha256(VIEWER.encode()).hexdigest()
NOBODY = {"viewer": {"username": "admin"}}
PREFLIGHT = {"GraphQL-Require-Preflight": "1"}


def apollo(id: str) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": id}}}


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One for all: what a test puts into it, no other looks for."""
    folder = tmp_path_factory.mktemp("documents")
    async with served(folder / "house", graphql_documents=filled(folder / "trusted")) as server:
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


def code(answer: dict[str, Any]) -> str:
    (error,) = answer["errors"]
    return str(error["extensions"]["code"])


BY_ID = {
    "documentId": {"documentId": f"sha256:{HASH}"},
    "documentId without a prefix": {"documentId": HASH},
    "Apollo's hash": apollo(HASH),
    "its text": {"query": VIEWER},
    "its text, trimmed": {"query": VIEWER.strip()},
    "text and hash": {"query": VIEWER, **apollo(HASH)},
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("request_", BY_ID.values(), ids=BY_ID)
async def test_a_known_document_is_run(server: House, way: Way, request_: dict[str, Any]) -> None:
    assert await way(server, request_) == {"data": NOBODY}


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


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize(("request_", "expected"), REFUSED.values(), ids=REFUSED)
async def test_anything_else_is_refused(
    server: House, way: Way, request_: dict[str, Any], expected: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert code(await way(server, request_)) == expected
    assert not caplog.records


async def test_apollos_clients_read_from_the_message_that_an_id_is_not_known(server: House) -> None:
    answer = await over_http(server, apollo("00"))
    assert answer["errors"][0]["message"] == "PersistedQueryNotFound"


async def test_manifests_name_documents_and_variables_and_files_come_with_them(server: House) -> None:
    asked = {"documentId": "a1b2", "variables": {"first": 5}}
    assert await over_http(server, asked) == {"data": {"images": {"totalCount": 0}}}
    answer = await server.client.post(
        "/graphql",
        data={
            "operations": json.dumps({"documentId": "upload", "variables": {"file": None}}),
            "map": '{"0": ["variables.file"]}',
        },
        files={"0": ("a.png", sample_images.png())},
        headers=server.headers,
    )
    assert answer.json() == {"data": {"uploadImage": {"image": {"filename": "a.png"}}}}


async def test_a_subscription_is_followed_by_its_id(server: House) -> None:
    ctx = await context(server)
    async with connected(server.url) as socket:
        await socket.ready(Authorization=f"Bearer {server.token}")
        id = sha256(EVENTS.encode()).hexdigest()
        socket.send({"id": "1", "type": "subscribe", "payload": {"documentId": id}})
        await until(lambda: server.services.feed.subscribers == 1)
        await albums.create(ctx, albums.NewAlbum("New"))
        assert (await socket.event())["cursor"]


@pytest.mark.parametrize(
    "params",
    [{"documentId": HASH}, {"extensions": json.dumps(apollo(HASH)["extensions"])}],
    ids=["documentId", "Apollo's hash"],
)
async def test_a_document_is_asked_for_by_get_with_the_same_preflight(
    server: House, params: dict[str, str]
) -> None:
    answer = await server.client.get("/graphql", params=params, headers=PREFLIGHT)
    assert answer.json() == {"data": {"viewer": None}}
    answer = await server.client.get("/graphql", params=params, headers={"Accept": "text/html, */*;q=0.8"})
    assert answer.status_code == 400
    assert code(answer.json()) == "BAD_REQUEST"


async def test_a_mutation_is_not_run_by_get_whoever_trusts_it(server: House) -> None:
    answer = await server.client.get("/graphql", params={"documentId": "upload"}, headers=PREFLIGHT)
    assert answer.status_code in {400, 405}


UNFIT: dict[str, tuple[str, str | bytes, str]] = {
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


@pytest.mark.parametrize(("name", "content", "said"), UNFIT.values(), ids=UNFIT)
def test_a_bad_document_is_named_with_what_is_wrong(
    folder: Path, name: str, content: str | bytes, said: str
) -> None:
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InvalidDocument, match=said) as raised:
        TrustedDocuments.load(folder, build_schema(Settings()).document_cache)
    assert name in str(raised.value) or "another document" in said


def test_a_folder_must_be_there_and_hold_something(tmp_path: Path) -> None:
    reader = build_schema(Settings()).document_cache
    with pytest.raises(InvalidDocument, match="no such folder"):
        TrustedDocuments.load(tmp_path / "nowhere", reader)
    with pytest.raises(InvalidDocument, match="no documents found"):
        TrustedDocuments.load(tmp_path, reader)
