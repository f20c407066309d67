"""A browser: its cookie, the pages that may use it, and what it opens through each face."""

from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from pathlib import Path

import httpx2
import pytest

from app.auth import tokens
from app.auth.credentials import SESSION_COOKIE
from app.models import Account, Role, Session
from scripts.fixtures import sample_images
from tests.pichub import PASSWORD, SIGN_IN, House, ask, code_of, house, sign_in, signed

ME = "{ viewer { username } }"
SESSIONS = "{ viewer { sessions { id userAgent isCurrent createdAt lastUsedAt expiresAt } } }"
FRONT = "https://front.example"


@pytest.fixture
async def built(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as built:
        yield built


@pytest.fixture
async def ann(built: House) -> AsyncIterator[httpx2.AsyncClient]:
    async with built.signed_in("ann") as client:
        yield client


def sent_cookie(answer: httpx2.Response) -> SimpleCookie:
    return SimpleCookie(answer.headers["set-cookie"])


async def signing_in(client: httpx2.AsyncClient, **headers: str) -> httpx2.Response:
    body = {"query": SIGN_IN, "variables": {"input": {"username": "ann", "password": PASSWORD}}}
    return await client.post("/graphql", json=body, headers=headers)


@pytest.mark.parametrize(("url", "secure"), [("http://pics.test", False), ("https://pics.test", True)])
async def test_the_cookie_is_for_this_server_alone(tmp_path: Path, url: str, secure: bool) -> None:
    async with house(tmp_path, public_url=url, session_lifetime=7) as built, built.signed_in("ann") as ann:
        answer = await signing_in(ann)
        cookie = sent_cookie(answer)[SESSION_COOKIE]
        assert len(cookie.value) >= 43, "256 bits"
        assert (cookie["path"], cookie["domain"], cookie["max-age"]) == ("/", "", str(7 * 86_400))
        assert (cookie["httponly"], cookie["samesite"].lower()) == (True, "lax")
        assert bool(cookie["secure"]) is secure
        assert cookie.value not in answer.text
        assert await ask(ann, ME) == {"viewer": {"username": "ann"}}


async def test_a_page_of_ours_signs_in_with_fetch_and_calls_both_faces(built: House) -> None:
    async with built.signed_in("ann") as ann:
        created = await ann.post("/v1/albums", json={"name": "Mine"})
        assert created.status_code == 201
        assert (await ann.get("/v1/account")).json()["data"]["username"] == "ann"
        upload = await ann.post("/v1/upload", files={"image": ("a.png", sample_images.png())})
        assert upload.status_code == 200
        assert await ask(ann, "{ albums { nodes { name } } }") == {"albums": {"nodes": [{"name": "Mine"}]}}


async def test_an_operation_goes_on_as_who_signs_in_and_as_nobody_after(built: House) -> None:
    async with built.signed_in("ann"), built.browser() as client:
        data = await ask(
            client,
            """mutation($input: SignInInput!) {
                 signIn(input: $input) { account { username sessions { isCurrent } } }
                 createAlbum(input: {name: "First"}) { album { name } }
                 signOut { revokedSessionId }
               }""",
            input={"username": "ann", "password": PASSWORD},
        )
        assert sorted(each["isCurrent"] for each in data["signIn"]["account"]["sessions"]) == [False, True]
        assert data["createAlbum"] == {"album": {"name": "First"}}
        assert await ask(client, ME) == {"viewer": None}


async def test_signing_out_removes_the_cookie_and_ends_the_session(ann: httpx2.AsyncClient) -> None:
    text = ann.cookies[SESSION_COOKIE]
    answer = await ann.post("/graphql", json={"query": "mutation { signOut { revokedSessionId } }"})
    assert sent_cookie(answer)[SESSION_COOKIE]["max-age"] == "0"
    assert SESSION_COOKIE not in ann.cookies
    ann.cookies.set(SESSION_COOKIE, text)
    assert await ask(ann, ME) == {"viewer": None}
    assert (await ann.get("/v1/images")).status_code == 401


async def test_sessions_are_listed_and_ended(built: House, ann: httpx2.AsyncClient) -> None:
    async with built.browser(
        **{"Sec-Fetch-Site": "same-origin", "User-Agent": "Phone/" + "x" * 300}
    ) as phone:
        await sign_in(phone, "ann")
        first, second = (await ask(ann, SESSIONS))["viewer"]["sessions"]
        assert (first["isCurrent"], second["isCurrent"]) == (False, True)
        assert first["userAgent"] == ("Phone/" + "x" * 300)[:200]
        revoke = "mutation($id: ID!) { revokeSession(input: {id: $id}) { revokedSessionId } }"
        assert await ask(ann, revoke, id=first["id"]) == {"revokeSession": {"revokedSessionId": first["id"]}}
        assert await ask(phone, ME) == {"viewer": None}
        assert await code_of(ann, revoke, id=first["id"]) == "NOT_FOUND"
        async with built.signed_in("bob") as bob:
            assert await code_of(bob, revoke, id=second["id"]) == "NOT_FOUND"
    assert [each["id"] for each in (await ask(ann, SESSIONS))["viewer"]["sessions"]] == [second["id"]]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": FRONT}, 403),
        ({"Origin": FRONT}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Origin": "http://pichub.test"}, 200),
        ({"Referer": "http://pichub.test/albums"}, 200),
    ],
)
async def test_what_the_cookie_alone_signs_comes_from_a_page_of_ours(
    built: House, ann: httpx2.AsyncClient, headers: dict[str, str], status: int
) -> None:
    async with built.browser(**headers or {"X": "y"}) as other:
        other.cookies = ann.cookies
        answers = [
            await other.get("/v1/images"),
            await other.post("/v1/upload", files={"image": ("a.png", sample_images.png())}),
            await other.post("/graphql", json={"query": ME}),
            await other.get("/graphql", params={"query": ME}, headers={"GraphQL-Require-Preflight": "1"}),
        ]
        assert [answer.status_code for answer in answers] == [status] * 4
        if status == 403:
            assert answers[0].json()["error"]["code"] == "FORBIDDEN"
            assert answers[2].json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
            assert "Sec-Fetch-Site" in answers[0].json()["error"]["details"]
        by_token = await other.get("/v1/images", headers=built.headers)
        assert by_token.status_code == 200, "a header signs for itself"


async def test_origins_that_are_named_may_use_the_cookie(tmp_path: Path) -> None:
    async with house(tmp_path, cors_origins=(FRONT,)) as built, built.signed_in("ann") as ann:
        for origin, status in {FRONT: 200, "https://other.example": 403}.items():
            headers = {"Sec-Fetch-Site": "cross-site", "Origin": origin}
            answer = await ann.get("/v1/images", headers=headers)
            assert answer.status_code == status
        assert answer.headers.get("access-control-allow-origin") is None


async def test_a_foreign_page_can_not_sign_a_browser_in(built: House, ann: httpx2.AsyncClient) -> None:
    async with built.browser() as client:
        answer = await signing_in(client, **{"Sec-Fetch-Site": "cross-site", "Origin": FRONT})
        assert answer.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        assert "set-cookie" not in answer.headers


async def test_a_stale_cookie_keeps_nobody_from_signing_in(built: House, ann: httpx2.AsyncClient) -> None:
    await Session.all().delete()
    assert await ask(ann, ME) == {"viewer": None}
    await sign_in(ann, "ann")
    assert await ask(ann, ME) == {"viewer": {"username": "ann"}}


async def test_a_private_picture_is_its_owners_by_cookie_from_any_page_and_nobody_elses(
    built: House, ann: httpx2.AsyncClient
) -> None:
    album = (await ann.post("/v1/albums", json={"name": "x", "is_public": False})).json()["data"]["id"]
    form = {"image": ("a.png", sample_images.png())}
    image = (await ann.post("/v1/upload", files=form, data={"album_id": album})).json()["data"]
    paths = [f"/img/{image['id']}.png?w=8", f"/{image['id']}.png?w=8", f"/img/{image['id']}?w=9&fm=auto"]
    async with built.signed_in("bob") as bob, built.browser() as nobody:
        for path in paths * 2:
            for headers in (
                {},
                {"Sec-Fetch-Site": "cross-site", "Origin": FRONT},
                {"Sec-Fetch-Site": "none"},
            ):
                shown = await ann.get(path, headers=headers)
                assert shown.status_code == 200
                assert shown.headers["cache-control"] == "private, no-cache"
                assert (await ann.head(path, headers=headers)).status_code == 200
            etag = {"If-None-Match": shown.headers["etag"]}
            assert (await ann.get(path, headers=etag)).status_code == 304
            for other in (bob, nobody, built.client):
                assert (await other.get(path)).status_code == 404
                assert (await other.get(path, headers=etag)).status_code == 404
                assert (await other.head(path)).status_code == 404
        await ask(ann, "mutation { signOut { revokedSessionId } }")
        assert [(await ann.get(path)).status_code for path in paths] == [404] * 3


async def test_a_token_of_a_disabled_account_and_its_sessions_end_at_once(
    built: House, ann: httpx2.AsyncClient
) -> None:
    make = 'mutation { createApiToken(input: {name: "x", preset: EVERYTHING}) { apiToken { id } text } }'
    made = (await ask(ann, make))["createApiToken"]
    image = await built.upload(sample_images.png(), token=made["text"])
    update = """mutation($id: ID!, $disabled: Boolean!) {
      updateAccount(input: {id: $id, disabled: $disabled}) { account { disabledAt } } }"""
    ann_id = (await Account.get(username="ann")).id
    async with built.signed_in("boss", role=Role.ADMIN) as boss:
        await ask(boss, update, id=ann_id, disabled=True)
        assert (await ann.get("/v1/images")).status_code == 401
        assert await ask(ann, ME) == {"viewer": None}
        assert (await built.client.get("/v1/images", headers=signed(made["text"]))).status_code == 401
        assert (await built.client.get(image["url"])).status_code == 200, "what is public stays visible"
        assert (await signing_in(ann)).json()["errors"][0]["extensions"]["code"] == "UNAUTHORIZED"
        await ask(boss, update, id=ann_id, disabled=False)
    assert await ask(ann, ME) == {"viewer": None}
    assert (await built.client.get("/v1/images", headers=signed(made["text"]))).status_code == 200


async def test_a_header_stands_for_itself_whoever_the_cookie_speaks_of(
    built: House, ann: httpx2.AsyncClient
) -> None:
    for headers, status in ((built.headers, 200), (signed("nonsense"), 401), (signed(tokens.mint()), 401)):
        assert (await ann.get("/v1/account", headers=headers)).status_code == status
        answer = await ann.post("/graphql", json={"query": ME}, headers=headers)
        assert answer.status_code == status
    by_token = await ann.post("/graphql", json={"query": ME}, headers=built.headers)
    assert by_token.json()["data"] == {"viewer": {"username": "admin"}}
    sign_out = {"query": "mutation { signOut { revokedSessionId } }"}
    refused = await ann.post("/graphql", json=sign_out, headers=built.headers)
    assert refused.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await ask(ann, ME) == {"viewer": {"username": "ann"}}


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data; boundary=x",
        "MULTIPART/Form-Data; boundary=x",
        "text/plain",
        "text/plain; a=application/json",
        "application/x-www-form-urlencoded",
    ],
)
async def test_what_a_form_can_send_signs_nobody_out(ann: httpx2.AsyncClient, content_type: str) -> None:
    operation = '{"query": "mutation { signOut { revokedSessionId } }"}'
    fields = {"operations": operation, "map": "{}"}
    body = operation
    if "multipart" in content_type.lower():
        parts = [
            f'--x\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()
        ]
        body = "".join([*parts, "--x--\r\n"])
    answer = await ann.post("/graphql", content=body, headers={"Content-Type": content_type})
    assert answer.status_code == (400 if "multipart" in content_type.lower() else 415)
    assert await ask(ann, ME) == {"viewer": {"username": "ann"}}


async def test_no_page_shows_graphiql_in_a_frame(ann: httpx2.AsyncClient) -> None:
    answer = await ann.get("/graphql", headers={"Accept": "text/html"})
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


async def test_graphiql_opens_from_a_link_on_any_page(ann: httpx2.AsyncClient) -> None:
    answer = await ann.get("/graphql", headers={"Accept": "text/html", "Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 200
