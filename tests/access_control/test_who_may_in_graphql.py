"""Who may do what in GraphQL: every field of the roots, asked by everyone. REST's table: test_who_may."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from graphql import FieldNode, OperationDefinitionNode, parse

from app.auth.actor import Scope
from app.graphql.schema import build_schema
from app.settings import Settings
from scripts.fixtures import sample_images
from tests.access_control.actors import ASKERS, OWNERS, Cast, Casts, gather, rules, without_ids
from tests.pichub import PASSWORD, House, house

NO = None
IMAGES_READ, IMAGES_UPLOAD, IMAGES_WRITE = Scope.IMAGES_READ, Scope.IMAGES_UPLOAD, Scope.IMAGES_WRITE
ALBUMS_READ, ALBUMS_WRITE = Scope.ALBUMS_READ, Scope.ALBUMS_WRITE
ACCOUNT_READ = Scope.ACCOUNT_READ
HOOKS_READ, HOOKS_WRITE = Scope.WEBHOOKS_READ, Scope.WEBHOOKS_WRITE

# A number is the status of an operation that is refused before it runs.
OF_THINGS = rules("""
                      | own          | private      | private link | private links | public    | public change | upload
nobody                | UNAUTHORIZED | UNAUTHORIZED | NOT_FOUND    | null          | ok        | UNAUTHORIZED  | 401
mistyped token        | 401          | 401          | 401          | 401           | 401       | 401           | 401
unknown token         | 401          | 401          | 401          | 401           | 401       | 401           | 401
expired token         | 401          | 401          | 401          | 401           | 401       | 401           | 401
revoked token         | 401          | 401          | 401          | 401           | 401       | 401           | 401
token of disabled     | 401          | 401          | 401          | 401           | 401       | 401           | 401
session of disabled   | UNAUTHORIZED | UNAUTHORIZED | NOT_FOUND    | null          | ok        | UNAUTHORIZED  | 401
token without scope   | FORBIDDEN    | FORBIDDEN    | FORBIDDEN    | FORBIDDEN     | FORBIDDEN | FORBIDDEN     | 403
token of another      | ok           | NOT_FOUND    | NOT_FOUND    | null          | ok        | FORBIDDEN     | ok
session of another    | ok           | NOT_FOUND    | NOT_FOUND    | null          | ok        | FORBIDDEN     | ok
token of admin        | ok           | NOT_FOUND    | NOT_FOUND    | null          | ok        | FORBIDDEN     | ok
session of admin      | ok           | NOT_FOUND    | NOT_FOUND    | null          | ok        | FORBIDDEN     | ok
session, foreign page | 403          | 403          | 403          | 403           | 403       | 403           | 403
owner's token         | ok           | ok           | ok           | ok            | ok        | ok            | ok
owner's session       | ok           | ok           | ok           | ok            | ok        | ok            | ok
""")
OF_ACCOUNTS = rules("""
                      | viewer    | account link | by session   | key, session | admins       | admins' link | open
nobody                | null      | NOT_FOUND    | UNAUTHORIZED | UNAUTHORIZED | UNAUTHORIZED | NOT_FOUND    | ok
mistyped token        | 401       | 401          | 401          | 401          | 401          | 401          | 401
unknown token         | 401       | 401          | 401          | 401          | 401          | 401          | 401
expired token         | 401       | 401          | 401          | 401          | 401          | 401          | 401
revoked token         | 401       | 401          | 401          | 401          | 401          | 401          | 401
token of disabled     | 401       | 401          | 401          | 401          | 401          | 401          | 401
session of disabled   | null      | NOT_FOUND    | UNAUTHORIZED | UNAUTHORIZED | UNAUTHORIZED | NOT_FOUND    | ok
token without scope   | FORBIDDEN | FORBIDDEN    | FORBIDDEN    | FORBIDDEN    | FORBIDDEN    | NOT_FOUND    | ok
token of another      | ok        | NOT_FOUND    | FORBIDDEN    | FORBIDDEN    | FORBIDDEN    | NOT_FOUND    | ok
session of another    | ok        | NOT_FOUND    | ok           | NOT_FOUND    | FORBIDDEN    | NOT_FOUND    | ok
token of admin        | ok        | NOT_FOUND    | FORBIDDEN    | FORBIDDEN    | FORBIDDEN    | NOT_FOUND    | ok
session of admin      | ok        | ok           | ok           | NOT_FOUND    | ok           | ok           | ok
session, foreign page | 403       | 403          | 403          | 403          | 403          | 403          | 403
owner's token         | ok        | ok           | FORBIDDEN    | FORBIDDEN    | FORBIDDEN    | NOT_FOUND    | ok
owner's session       | ok        | ok           | ok           | ok           | FORBIDDEN    | NOT_FOUND    | ok
""")
OF_KEYS = rules("""
                      | keys of account
nobody                | NOT_FOUND
mistyped token        | 401
unknown token         | 401
expired token         | 401
revoked token         | 401
token of disabled     | 401
session of disabled   | NOT_FOUND
token without scope   | FORBIDDEN
token of another      | NOT_FOUND
session of another    | NOT_FOUND
token of admin        | NOT_FOUND
session of admin      | FORBIDDEN
session, foreign page | 403
owner's token         | ok
owner's session       | ok
""")
RULES = OF_THINGS | OF_ACCOUNTS | OF_KEYS

# The rule, the scope, the field with things of the owner's in it; what selects nothing selects its `__typename`.
QUERIES: list[tuple[str, Scope | None, str]] = [
    ("private link", IMAGES_READ, 'node(id: "@private_image")'),
    ("private link", ALBUMS_READ, 'node(id: "@private_album")'),
    ("private link", ALBUMS_READ, 'node(id: "@category")'),
    ("private link", ACCOUNT_READ, 'node(id: "@token")'),
    ("private link", ACCOUNT_READ, 'node(id: "@session")'),
    ("account link", ACCOUNT_READ, 'node(id: "@owner")'),
    ("admins' link", NO, 'node(id: "@invitation")'),
    ("private link", IMAGES_UPLOAD, 'node(id: "@upload")'),
    ("private", IMAGES_UPLOAD, 'upload(id: "@upload") { filename }'),
    ("public", IMAGES_READ, 'node(id: "@public_image")'),
    ("public", ALBUMS_READ, 'node(id: "@public_album")'),
    ("private links", IMAGES_READ, 'nodes(ids: ["@private_image"])'),
    ("private links", ALBUMS_READ, 'nodes(ids: ["@private_album", "@category"])'),
    ("private links", ACCOUNT_READ, 'nodes(ids: ["@token", "@session"])'),
    ("public", IMAGES_READ, 'nodes(ids: ["@public_image"])'),
    ("viewer", ACCOUNT_READ, "viewer { id usage { bytes } sessions { id } apiTokens { totalCount } }"),
    ("keys of account", ACCOUNT_READ, 'node(id: "@owner") { ... on Account { sessions { userAgent } } }'),
    (
        "keys of account",
        ACCOUNT_READ,
        'node(id: "@owner") { ... on Account { apiTokens { nodes { name } } } }',
    ),
    ("private link", IMAGES_READ, 'image(id: "@private_image") { filename }'),
    (
        "public",
        IMAGES_READ,
        'image(id: "@public_image") { filename category { name } album { name images { totalCount } } }',
    ),
    ("public change", IMAGES_READ, 'image(id: "@public_image") { signedUrl(expiresIn: 9) }'),
    ("open", NO, "presets { name canonical }"),
    ("private link", IMAGES_READ, 'explainTransform(url: "/img/@private_image?w=9") { canonicalUrl }'),
    ("public", IMAGES_READ, 'explainTransform(url: "/img/@public_image.webp") { image { filename } digest }'),
    ("own", IMAGES_READ, "images { nodes { filename } }"),
    ("private", IMAGES_READ, 'images(filter: {albumId: "@private_album"}) { totalCount }'),
    ("private", IMAGES_READ, 'images(filter: {categoryId: "@category"}) { totalCount }'),
    ("public change", IMAGES_READ, 'images(filter: {albumId: "@public_album"}) { totalCount }'),
    ("private link", ALBUMS_READ, 'album(id: "@private_album") { name }'),
    ("public", ALBUMS_READ, 'album(id: "@public_album") { name }'),
    ("public", IMAGES_READ, 'album(id: "@public_album") { cover { id } }'),
    ("public", IMAGES_READ, 'album(id: "@public_album") { images { totalCount } }'),
    ("own", ALBUMS_READ, "albums { nodes { name } }"),
    ("own", IMAGES_READ, "events(types: [IMAGE_UPLOADED]) { nodes { data } }"),
    ("private", ALBUMS_READ, 'category(id: "@category") { name }'),
    ("own", ALBUMS_READ, "categories { nodes { name } }"),
    ("private link", HOOKS_READ, 'node(id: "@webhook")'),
    ("private link", HOOKS_READ, 'node(id: "@delivery")'),
    ("private", HOOKS_READ, 'webhook(id: "@webhook") { url }'),
    ("own", HOOKS_READ, "webhooks { nodes { url deliveries { totalCount } } }"),
    ("admins", NO, "accounts(first: 1) { nodes { username usage { bytes } } }"),
    ("admins", NO, "invitations"),
    ("open", NO, "rateLimit { windows { remaining } }"),
]
MUTATIONS: list[tuple[str, Scope | None, str]] = [
    ("upload", IMAGES_UPLOAD, "uploadImage(input: {file: $file})"),
    ("upload", IMAGES_UPLOAD, "uploadImages(input: {files: [$file]}) { results { error { code } } }"),
    ("own", IMAGES_UPLOAD, 'createUpload(input: {filename: "a.png", size: 9})'),
    ("private", IMAGES_UPLOAD, 'deleteUpload(input: {id: "@upload"})'),
    ("private", IMAGES_WRITE, 'updateImage(input: {id: "@private_image", title: "x"})'),
    ("public change", IMAGES_WRITE, 'updateImage(input: {id: "@public_image", title: "x"})'),
    ("private", IMAGES_WRITE, 'deleteImage(input: {id: "@private_image"})'),
    ("public change", IMAGES_WRITE, 'deleteImage(input: {id: "@public_image"})'),
    (
        "private",
        IMAGES_WRITE,
        'deleteImages(input: {ids: ["@private_image"]}) { results { error { code details } } }',
    ),
    (
        "public change",
        IMAGES_WRITE,
        'deleteImages(input: {ids: ["@public_image"]}) { results { error { code details } } }',
    ),
    ("own", ALBUMS_WRITE, 'createAlbum(input: {name: "x"})'),
    ("private", ALBUMS_WRITE, 'updateAlbum(input: {id: "@private_album", name: "x"})'),
    ("public change", ALBUMS_WRITE, 'updateAlbum(input: {id: "@public_album", isPublic: false})'),
    ("private", ALBUMS_WRITE, 'deleteAlbum(input: {id: "@private_album"})'),
    ("private", IMAGES_WRITE, 'deleteAlbum(input: {id: "@private_album", deleteImages: true})'),
    ("public change", ALBUMS_WRITE, 'deleteAlbum(input: {id: "@public_album"})'),
    (
        "private",
        ALBUMS_WRITE,
        'addImagesToAlbum(input: {albumId: "@private_album", imageIds: ["@public_image"]})',
    ),
    (
        "public change",
        ALBUMS_WRITE,
        'addImagesToAlbum(input: {albumId: "@public_album", imageIds: ["@public_image"]})',
    ),
    (
        "private",
        ALBUMS_WRITE,
        'removeImagesFromAlbum(input: {albumId: "@private_album", imageIds: ["@image_in_it"]})',
    ),
    (
        "public change",
        ALBUMS_WRITE,
        'removeImagesFromAlbum(input: {albumId: "@public_album", imageIds: ["@image_in_it"]})',
    ),
    ("own", ALBUMS_WRITE, 'createCategory(input: {name: "@new_name"})'),
    ("private", ALBUMS_WRITE, 'updateCategory(input: {id: "@category", description: "x"})'),
    ("private", ALBUMS_WRITE, 'deleteCategory(input: {id: "@category"})'),
    ("own", HOOKS_WRITE, 'createWebhook(input: {url: "https://93.184.216.34/", events: [IMAGE_UPLOADED]})'),
    ("private", HOOKS_WRITE, 'updateWebhook(input: {id: "@webhook", isActive: false})'),
    ("private", HOOKS_WRITE, 'deleteWebhook(input: {id: "@webhook"})'),
    ("private", HOOKS_WRITE, 'rotateWebhookSecret(input: {id: "@webhook"})'),
    ("private", HOOKS_WRITE, 'pingWebhook(input: {id: "@webhook"})'),
    ("private", HOOKS_WRITE, 'redeliver(input: {deliveryId: "@delivery"})'),
    ("open", NO, 'signUp(input: {username: "@new_name", password: "@password"})'),
    ("open", NO, 'signIn(input: {username: "@username", password: "@password"})'),
    ("by session", NO, "signOut"),
    ("by session", NO, 'changePassword(input: {currentPassword: "@password", newPassword: "another horse"})'),
    ("key, session", NO, 'revokeSession(input: {id: "@session"})'),
    ("by session", NO, 'createApiToken(input: {name: "x", preset: EVERYTHING})'),
    ("key, session", NO, 'revokeApiToken(input: {id: "@token"})'),
    ("admins", NO, 'createAccount(input: {username: "@new_name", password: "@password"})'),
    ("admins", NO, 'updateAccount(input: {id: "@account", disabled: true})'),
    ("admins", NO, 'setAccountPassword(input: {id: "@account", password: "another horse"})'),
    ("admins", NO, "createInvitation"),
    ("admins", NO, 'revokeInvitation(input: {id: "@invitation"})'),
]


def operation(kind: str, field: str) -> str:
    head = f"{kind}($file: Upload!)" if "$file" in field else kind
    return f"{head} {{ {field if field.endswith('}') else field + ' { __typename }'} }}"


ROWS = [(*row, operation("query", field)) for *row, field in QUERIES] + [
    (*row, operation("mutation", field)) for *row, field in MUTATIONS
]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """For the module, as its house is."""
    return "asyncio"


@pytest.fixture(scope="module")
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with house(tmp_path_factory.mktemp("home"), sign_up="open") as running:
        yield running


@pytest.fixture(scope="module")
async def casts(home: House) -> Casts:
    return Casts(home, await home.services.access.passwords.hash(PASSWORD))


def root_field(document: str) -> tuple[str, str]:
    (operation,) = parse(document).definitions
    assert isinstance(operation, OperationDefinitionNode)
    (field,) = operation.selection_set.selections
    assert isinstance(field, FieldNode)
    return operation.operation.value, field.name.value


def test_every_field_of_the_roots_has_a_row_and_every_row_a_field(tmp_path) -> None:
    schema = build_schema(Settings(data_dir=tmp_path))._schema
    roots = {
        "query": schema.query_type,
        "mutation": schema.mutation_type,  # who may follow what: tests/events/test_following.py
    }
    fields = {(kind, name) for kind, root in roots.items() if root for name in root.fields}
    assert {root_field(document) for _, _, document in ROWS} == fields


@pytest.mark.parametrize(("rule", "scope", "document"), ROWS, ids=[document for *_, document in ROWS])
async def test_who_may(casts: Casts, rule: str, scope: Scope | None, document: str) -> None:
    reads = document.startswith("query")
    cast = await (casts.reading if reads else casts.fresh)(without=scope)
    seen, filled = {}, ""
    for asker in ASKERS:
        filled = filled or await cast.filled(document)
        seen[asker] = await asked(cast, asker, filled, scope)
        if seen[asker] == "ok" and not reads:
            filled = ""  # who comes next finds it as it was
    assert seen == RULES[rule]


async def asked(cast: Cast, asker: str, document: str, scope: Scope | None) -> str:
    """What came of it. A refusal says what it must, and nothing that it must not."""
    answer = await send(cast, asker, document)
    result = outcome(answer)
    if result in {"403", "FORBIDDEN"} and asker == "token without scope" and scope:
        assert f"'{scope}'" in answer.json()["errors"][0]["extensions"]["details"]
    if result in {"NOT_FOUND", "null"}:
        none = await send(cast, asker, cast.missing(document))
        assert without_ids(none.text) == without_ids(answer.text), (
            "what is private is told from what is not there"
        )
    if asker not in OWNERS:
        assert "secret" not in answer.text.lower().replace("rotatewebhooksecret", "")
    return result


async def send(cast: Cast, asker: str, document: str) -> httpx2.Response:
    client, headers = cast.house.client, cast.headers[asker]
    try:
        if "Upload!" in document:
            operations = {"query": document, "variables": {"file": None}}
            form = {"operations": json.dumps(operations), "map": '{"0": ["variables.file"]}'}
            preflight = {"GraphQL-Require-Preflight": "1"}
            files = {"0": ("a.png", sample_images.png(4, 3))}
            return await client.post("/graphql", data=form, files=files, headers=headers | preflight)
        return await client.post("/graphql", json={"query": document}, headers=headers)
    finally:
        client.cookies.clear()


def outcome(answer: httpx2.Response) -> str:
    """A word for it: the status of a refused operation, the code of its first error, or what came of the field."""
    if answer.status_code != 200:
        return str(answer.status_code)
    body = answer.json()
    if "errors" in body:
        return str(body["errors"][0]["extensions"]["code"])
    (value,) = body["data"].values()
    errors = [each["error"] for each in value["results"]] if _has_results(value) else []
    if any(errors):
        return str(errors[0]["code"])
    nothing = value is None or (isinstance(value, list) and bool(value) and not any(value))
    return "null" if nothing else "ok"


def _has_results(value: Any) -> bool:
    return isinstance(value, dict) and "results" in value


async def test_who_may_read_an_image_may_read_where_it_is_filed(casts: Casts) -> None:
    cast = await casts.reading(without=ALBUMS_READ)
    document = await cast.filled('query { image(id: "@private_image") { album { name } category { name } } }')
    image = (await send(cast, "token without scope", document)).json()["data"]["image"]
    assert image["album"]["name"] == "Secret"
    assert image["category"]["name"].startswith("Secret")


@pytest.mark.parametrize("asker", ["nobody", "token without scope"])
async def test_who_may_delete_nothing_hears_it_once_and_not_an_image(home: House, asker: str) -> None:
    cast = await gather(home, without=IMAGES_WRITE)
    ids = json.dumps([await cast.filled("@public_image") for _ in range(2)])
    document = f"mutation {{ deleteImages(input: {{ids: {ids}}}) {{ results {{ id }} }} }}"
    (error,) = (await send(cast, asker, document)).json()["errors"]
    assert error["path"] == ["deleteImages"]
