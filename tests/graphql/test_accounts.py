"""Accounts, tokens and invitations over GraphQL."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from app.auth.actor import SCOPES_OF, Scope, ScopePreset
from app.graphql.types import tokens
from app.models import Account, Role
from scripts.fixtures import sample_images
from tests.pichub import PASSWORD, House, ask, code_of, house, sign_in, signed

CREATE_TOKEN = """mutation($input: CreateApiTokenInput!) { createApiToken(input: $input) {
  text apiToken { id name hint scopes expiresAt lastUsedAt createdAt album { id } } } }"""
TOKENS = "{ viewer { apiTokens(first: 10) { totalCount nodes { id name hint lastUsedAt album { id } } } } }"
REVOKE = "mutation($id: ID!) { revokeApiToken(input: {id: $id}) { revokedApiTokenId } }"
ACCOUNTS = "{ accounts(first: 10) { totalCount nodes { id username role disabledAt usage { quota } } } }"
CREATE = """mutation($input: CreateAccountInput!) { createAccount(input: $input) {
  account { id username role usage { bytes quota images remaining } } } }"""
UPDATE = """mutation($input: UpdateAccountInput!) { updateAccount(input: $input) {
  account { role disabledAt usage { quota } } } }"""
SET_PASSWORD = (
    "mutation($input: SetAccountPasswordInput!) { setAccountPassword(input: $input) { account { id } } }"
)
INVITE = 'mutation { createInvitation(input: {note: "Bob"}) { code invitation { id note expiresAt } } }'
UNINVITE = "mutation($id: ID!) { revokeInvitation(input: {id: $id}) { revokedInvitationId } }"
SIGN_UP = "mutation($input: SignUpInput!) { signUp(input: $input) { account { username role } } }"
NODE = "query($id: ID!) { node(id: $id) { __typename id } }"
ADMIN_OPERATIONS = [
    (ACCOUNTS, {}),
    ("{ invitations { id } }", {}),
    (INVITE, {}),
    (UNINVITE, {"id": "inv_" + "0" * 26}),
    (CREATE, {"input": {"username": "eve", "password": PASSWORD, "role": "ADMIN"}}),
    (UPDATE, {"input": {"id": "acc_" + "0" * 26, "role": "ADMIN"}}),
    (SET_PASSWORD, {"input": {"id": "acc_" + "0" * 26, "password": "another horse"}}),
]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path, sign_up="invitation") as server:
        yield server


@pytest.fixture
async def ann(server: House) -> AsyncIterator[httpx2.AsyncClient]:
    async with server.signed_in("ann") as client:
        yield client


@pytest.fixture
async def boss(server: House) -> AsyncIterator[httpx2.AsyncClient]:
    async with server.signed_in("boss", role=Role.ADMIN) as client:
        yield client


def test_enums_match_the_domain() -> None:
    assert {each.value.value if hasattr(each.value, "value") else each.value for each in tokens.Scope} == set(
        Scope
    )
    assert len(tokens.TokenPreset) == len(ScopePreset) == len(SCOPES_OF)


async def fields_of(client: httpx2.AsyncClient, query: str, **variables: Any) -> list[str]:
    """Return the names of the invalid fields."""
    response = await client.post("/graphql", json={"query": query, "variables": variables})
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "VALIDATION_ERROR"
    return list(error["extensions"]["fields"])


async def test_token_is_created_listed_and_revoked(server: House, ann: httpx2.AsyncClient) -> None:
    input_ = {"name": "Phone", "preset": "UPLOAD_ONLY", "expiresAt": "2999-01-01T00:00:00"}
    created = (await ask(ann, CREATE_TOKEN, input=input_))["createApiToken"]
    token, text = created["apiToken"], created["text"]
    assert (token["name"], token["scopes"], token["album"]) == ("Phone", ["IMAGES_UPLOAD"], None)
    assert token["expiresAt"].startswith("2999-01-01T00:00:00")
    assert text.startswith(token["hint"])
    assert token["lastUsedAt"] is None

    await server.upload(sample_images.png(), token=text)
    listed = await server.client.get("/v1/images", headers=signed(text))
    assert (listed.status_code, "images:read" in listed.json()["error"]["details"]) == (403, True)
    await server.services.access.last_used.close()
    listed = (await ask(ann, TOKENS))["viewer"]["apiTokens"]
    assert (listed["totalCount"], listed["nodes"][0]["id"]) == (1, token["id"])
    assert listed["nodes"][0]["lastUsedAt"] is not None
    assert text not in str(listed)

    assert await ask(ann, REVOKE, id=token["id"]) == {"revokeApiToken": {"revokedApiTokenId": token["id"]}}
    assert (await server.client.get("/v1/images", headers=signed(text))).status_code == 401
    assert (await ask(ann, TOKENS))["viewer"]["apiTokens"]["nodes"] == []
    assert await code_of(ann, REVOKE, id=token["id"]) == "NOT_FOUND"


@pytest.mark.parametrize(
    ("preset", "scopes"),
    [
        ("UPLOAD_ONLY", {"IMAGES_UPLOAD"}),
        ("READ_ONLY", {"IMAGES_READ", "ALBUMS_READ", "WEBHOOKS_READ", "ACCOUNT_READ"}),
        ("EVERYTHING", {scope.name for scope in Scope}),
    ],
)
async def test_presets_are_sets_of_scopes(ann: httpx2.AsyncClient, preset: str, scopes: set[str]) -> None:
    created = await ask(ann, CREATE_TOKEN, input={"name": "x", "preset": preset})
    assert set(created["createApiToken"]["apiToken"]["scopes"]) == scopes


@pytest.mark.parametrize(
    ("input_", "invalid"),
    [
        ({"name": " ", "preset": "EVERYTHING"}, ["name"]),
        ({"name": "x" * 101, "preset": "EVERYTHING"}, ["name"]),
        ({"name": "x"}, ["scopes"]),
        ({"name": "x", "scopes": []}, ["scopes"]),
        ({"name": "x", "scopes": ["IMAGES_READ"], "preset": "READ_ONLY"}, ["scopes"]),
        ({"name": "x", "preset": "READ_ONLY", "expiresAt": "2020-01-01T00:00:00Z"}, ["expires_at"]),
        ({"name": "x", "preset": "READ_ONLY", "expiresAt": "2020-01-01T00:00:00"}, ["expires_at"]),
        ({"name": "x", "preset": "READ_ONLY", "expiresAt": "9999-12-31T23:00:00-02:00"}, ["expires_at"]),
        ({"name": "x", "preset": "READ_ONLY", "albumId": "alb_" + "0" * 26}, ["album_id"]),
        ({"name": "x", "preset": "READ_ONLY", "albumId": "nonsense"}, ["album_id"]),
        ({"name": "", "expiresAt": "2020-01-01T00:00:00Z"}, ["name", "scopes", "expires_at"]),
    ],
)
async def test_all_invalid_fields_of_a_token_are_reported(
    ann: httpx2.AsyncClient, input_: dict[str, Any], invalid: list[str]
) -> None:
    assert await fields_of(ann, CREATE_TOKEN, input=input_) == invalid


async def test_token_cannot_create_or_revoke_tokens(server: House) -> None:
    async with server.browser(**server.headers) as by_token:
        response = await by_token.post(
            "/graphql",
            json={"query": CREATE_TOKEN, "variables": {"input": {"name": "x", "preset": "EVERYTHING"}}},
        )
        error = response.json()["errors"][0]["extensions"]
        assert error["code"] == "FORBIDDEN"
        assert error["params"] == {"reason": "session_required"}
        assert await code_of(by_token, REVOKE, id="tok_" + "0" * 26) == "FORBIDDEN"
        for query, variables in ADMIN_OPERATIONS:  # although the account is an admin
            assert await code_of(by_token, query, **variables) == "FORBIDDEN"


async def test_token_of_another_account_is_not_found(server: House, ann: httpx2.AsyncClient) -> None:
    created = await ask(ann, CREATE_TOKEN, input={"name": "x", "preset": "EVERYTHING"})
    id_ = created["createApiToken"]["apiToken"]["id"]
    assert await ask(ann, NODE, id=id_) == {"node": {"__typename": "ApiToken", "id": id_}}
    async with server.signed_in("bob") as bob:
        assert await code_of(bob, REVOKE, id=id_) == "NOT_FOUND"
        assert await code_of(bob, NODE, id=id_) == "NOT_FOUND"


async def test_album_of_the_token_is_the_default_for_uploads(server: House, ann: httpx2.AsyncClient) -> None:
    one, two = [(await ann.post("/v1/albums", json={"name": name})).json()["data"]["id"] for name in "ab"]
    input_ = {"name": "x", "preset": "EVERYTHING", "albumId": one}
    token = (await ask(ann, CREATE_TOKEN, input=input_))["createApiToken"]
    assert token["apiToken"]["album"] == {"id": one}
    assert (await server.upload(sample_images.png(), token=token["text"]))["album_id"] == one
    assert (await server.upload(sample_images.png(), token=token["text"], album_id=two))["album_id"] == two
    await ask(ann, "mutation($id: ID!) { deleteAlbum(input: {id: $id}) { deletedAlbumId } }", id=one)
    assert (await server.upload(sample_images.png(), token=token["text"]))["album_id"] is None
    assert (await ask(ann, TOKENS))["viewer"]["apiTokens"]["nodes"][0]["album"] is None


async def test_admin_operations_are_forbidden_for_others(server: House, ann: httpx2.AsyncClient) -> None:
    async with server.browser() as anonymous:
        for query, variables in ADMIN_OPERATIONS:
            assert await code_of(anonymous, query, **variables) == "UNAUTHORIZED"
            assert await code_of(ann, query, **variables) == "FORBIDDEN"
    assert await Account.filter(username="eve").count() == 0


async def test_admin_manages_accounts(server: House, boss: httpx2.AsyncClient) -> None:
    created = await ask(boss, CREATE, input={"username": "Ann", "password": PASSWORD, "quota": 1000})
    ann = created["createAccount"]["account"]
    assert (ann["username"], ann["role"]) == ("ann", "MEMBER")
    assert ann["usage"] == {"bytes": 0, "quota": 1000, "images": 0, "remaining": 1000}
    listed = (await ask(boss, ACCOUNTS))["accounts"]
    assert [each["username"] for each in listed["nodes"]] == ["ann", "boss", "admin"]
    assert listed["totalCount"] == 3
    assert await ask(boss, NODE, id=ann["id"]) == {"node": {"__typename": "Account", "id": ann["id"]}}

    changed = await ask(boss, UPDATE, input={"id": ann["id"], "quota": None, "role": "ADMIN"})
    assert changed["updateAccount"]["account"] == {
        "role": "ADMIN",
        "disabledAt": None,
        "usage": {"quota": None},
    }
    for quota in (-1, 2**63):
        assert await fields_of(boss, UPDATE, input={"id": ann["id"], "quota": quota}) == ["quota"]
    for no_number in (1.5, "many", True, 1e300):
        assert await code_of(boss, UPDATE, input={"id": ann["id"], "quota": no_number}) == "BAD_REQUEST"
    for id_ in ("acc_" + "0" * 26, "nonsense", ann["id"].replace("acc", "img")):
        assert await code_of(boss, UPDATE, input={"id": id_, "disabled": True}) == "NOT_FOUND"
        assert await code_of(boss, SET_PASSWORD, input={"id": id_, "password": PASSWORD}) == "NOT_FOUND"

    async with server.browser() as browser:
        await sign_in(browser, "ann")
        await ask(boss, SET_PASSWORD, input={"id": ann["id"], "password": "another horse"})
        assert await ask(browser, "{ viewer { id } }") == {"viewer": None}
        await sign_in(browser, "ann", "another horse")


async def test_sessions_and_tokens_are_hidden_from_admins(
    ann: httpx2.AsyncClient, boss: httpx2.AsyncClient
) -> None:
    ann_id = (await Account.get(username="ann")).id
    boss_id = (await Account.get(username="boss")).id
    assert await ask(ann, NODE, id=ann_id)
    assert await code_of(ann, NODE, id=boss_id) == "NOT_FOUND"
    for keys in ("sessions { id }", "apiTokens { totalCount }"):
        query = f"query($id: ID!) {{ node(id: $id) {{ ... on Account {{ {keys} }} }} }}"
        assert await ask(ann, query, id=ann_id)
        assert await code_of(boss, query, id=ann_id) == "FORBIDDEN"


@pytest.mark.parametrize("change", [{"disabled": True}, {"role": "MEMBER"}])
async def test_last_enabled_admin_is_kept(
    server: House, boss: httpx2.AsyncClient, change: dict[str, Any]
) -> None:
    admin, boss_row = await Account.get(username="admin"), await Account.get(username="boss")
    await ask(boss, UPDATE, input={"id": admin.id, **change})
    assert await fields_of(boss, UPDATE, input={"id": boss_row.id, **change}) == list(change)
    assert await ask(boss, ACCOUNTS)


async def test_invitations_are_listed_used_and_revoked(server: House, boss: httpx2.AsyncClient) -> None:
    one, two = [(await ask(boss, INVITE))["createInvitation"] for _ in range(2)]
    assert one["invitation"]["note"] == "Bob"
    ids = [two["invitation"]["id"], one["invitation"]["id"]]
    assert await ask(boss, "{ invitations { id } }") == {"invitations": [{"id": id_} for id_ in ids]}
    assert await ask(boss, NODE, id=ids[0])
    async with server.browser() as browser:
        assert await fields_of(browser, SIGN_UP, input={"username": "bob", "password": PASSWORD}) == [
            "invitation"
        ]
        input_ = {"username": "bob", "password": PASSWORD, "invitation": one["code"]}
        assert await ask(browser, SIGN_UP, input=input_) == {
            "signUp": {"account": {"username": "bob", "role": "MEMBER"}}
        }
        assert await ask(browser, "{ viewer { username } }") == {"viewer": {"username": "bob"}}
        assert await code_of(browser, NODE, id=ids[0]) == "NOT_FOUND"
    await ask(boss, UNINVITE, id=ids[0])
    assert await ask(boss, "{ invitations { id } }") == {"invitations": []}


async def test_password_is_changed_in_a_session(ann: httpx2.AsyncClient) -> None:
    change = (
        "mutation($input: ChangePasswordInput!) { changePassword(input: $input) { account { username } } }"
    )
    input_ = {"currentPassword": PASSWORD, "newPassword": "another horse"}
    assert await ask(ann, change, input=input_) == {"changePassword": {"account": {"username": "ann"}}}
    assert await ask(ann, "{ viewer { username } }") == {"viewer": {"username": "ann"}}
    assert await fields_of(ann, change, input=input_) == ["current_password"]
