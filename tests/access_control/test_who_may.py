"""Who may do what over REST: every address, asked by everyone. GraphQL's table: test_who_may_in_graphql."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute

from app.asgi import create_app
from app.auth.actor import Scope
from app.settings import Settings
from app.web.pages import BUILT
from scripts.fixtures import sample_images
from tests.access_control.actors import OWNERS, Cast, Casts, gather, rules, without_ids
from tests.pichub import House, house

NO, READ, WRITE, UPLOAD = None, Scope.IMAGES_READ, Scope.IMAGES_WRITE, Scope.IMAGES_UPLOAD
HOOKS_READ, HOOKS_WRITE = Scope.WEBHOOKS_READ, Scope.WEBHOOKS_WRITE
FILE = {"files": {"image": ("a.png", sample_images.png(4, 3))}}
NAME: dict[str, Any] = {"json": {"name": "@new_name"}}
TITLE: dict[str, Any] = {"json": {"title": "x"}}
HOOK: dict[str, Any] = {"json": {"url": "https://93.184.216.34/", "events": ["image.uploaded"]}}
TICKET: dict[str, Any] = {"json": {"filename": "a.png", "size": 9}}
PIECE: dict[str, Any] = {
    "content": b"Some",
    "headers": {
        "Tus-Resumable": "1.0.0",
        "Content-Type": "application/offset+octet-stream",
        "Upload-Offset": "0",
        "X-HTTP-Method-Override": "PATCH",
    },
}
IDLE: dict[str, Any] = {"json": {"is_active": False}}
A_FILE = next((file.name for file in (BUILT / "static").glob("*.svg")), "scripts-ui-did-not-build.svg")
TYPENAME: dict[str, Any] = {"json": {"query": "{ __typename }"}}

OF_THINGS = rules("""
                      | own | private | public | public change | page | public picture | private picture | endpoint
nobody                | 401 | 401     | 401    | 401           | ok   | ok             | 404             | ok
mistyped token        | 401 | 401     | 401    | 401           | ok   | ok             | 404             | 401
unknown token         | 401 | 401     | 401    | 401           | ok   | ok             | 404             | 401
expired token         | 401 | 401     | 401    | 401           | ok   | ok             | 404             | 401
revoked token         | 401 | 401     | 401    | 401           | ok   | ok             | 404             | 401
token of disabled     | 401 | 401     | 401    | 401           | ok   | ok             | 404             | 401
session of disabled   | 401 | 401     | 401    | 401           | ok   | ok             | 404             | ok
token without scope   | 403 | 403     | 403    | 403           | ok   | ok             | 403             | ok
token of another      | ok  | 404     | ok     | 403           | ok   | ok             | 404             | ok
session of another    | ok  | 404     | ok     | 403           | ok   | ok             | 404             | ok
token of admin        | ok  | 404     | ok     | 403           | ok   | ok             | 404             | ok
session of admin      | ok  | 404     | ok     | 403           | ok   | ok             | 404             | ok
session, foreign page | 403 | 403     | 403    | 403           | ok   | ok             | ok              | 403
owner's token         | ok  | ok      | ok     | ok            | ok   | ok             | ok              | ok
owner's session       | ok  | ok      | ok     | ok            | ok   | ok             | ok              | ok
""")
OF_TOKENS = rules("""
                      | by token
nobody                | 401
mistyped token        | 401
unknown token         | 401
expired token         | 401
revoked token         | 401
token of disabled     | 401
session of disabled   | 401
token without scope   | 403
token of another      | ok
session of another    | 403
token of admin        | ok
session of admin      | 403
session, foreign page | 403
owner's token         | ok
owner's session       | 403
""")
RULES = OF_THINGS | OF_TOKENS
# Whoever may send the bytes hears what they are.
RULES["private put"] = {who: says.replace("ok", "415") for who, says in RULES["private"].items()}

# The route, the address that is asked with things of the owner's in it, the rule, the scope, what else is sent.
ROWS: list[tuple[str, str, str, Scope | None, dict[str, Any]]] = [
    ("POST /v1/upload", "/v1/upload", "own", UPLOAD, FILE),
    ("POST /v1/uploads", "/v1/uploads", "own", UPLOAD, TICKET),
    ("OPTIONS /v1/uploads", "/v1/uploads", "page", NO, {}),
    ("GET /v1/uploads/{id}", "/v1/uploads/@upload", "private", UPLOAD, {}),
    ("PATCH /v1/uploads/{id}", "/v1/uploads/@upload", "private", UPLOAD, PIECE),
    ("POST /v1/uploads/{id}", "/v1/uploads/@upload", "private", UPLOAD, PIECE),
    ("PUT /v1/uploads/{id}", "/v1/uploads/@upload", "private put", UPLOAD, {"content": b"Some text"}),
    ("DELETE /v1/uploads/{id}", "/v1/uploads/@upload", "private", UPLOAD, {}),
    ("GET /v1/images", "/v1/images", "own", READ, {}),
    ("GET /v1/images", "/v1/images?album_id=@private_album", "private", READ, {}),
    ("GET /v1/images", "/v1/images?album_id=@public_album", "public change", READ, {}),
    ("GET /v1/images", "/v1/images?category_id=@category", "private", READ, {}),
    ("GET /v1/images/{id}", "/v1/images/@private_image", "private", READ, {}),
    ("GET /v1/images/{id}", "/v1/images/@public_image", "public", READ, {}),
    ("PATCH /v1/images/{id}", "/v1/images/@private_image", "private", WRITE, TITLE),
    ("PATCH /v1/images/{id}", "/v1/images/@public_image", "public change", WRITE, TITLE),
    ("DELETE /v1/images/{id}", "/v1/images/@private_image", "private", WRITE, {}),
    ("DELETE /v1/images/{id}", "/v1/images/@public_image", "public change", WRITE, {}),
    ("GET /v1/albums", "/v1/albums", "own", Scope.ALBUMS_READ, {}),
    ("POST /v1/albums", "/v1/albums", "own", Scope.ALBUMS_WRITE, NAME),
    ("GET /v1/albums/{id}", "/v1/albums/@private_album", "private", Scope.ALBUMS_READ, {}),
    ("GET /v1/albums/{id}", "/v1/albums/@public_album", "public", Scope.ALBUMS_READ, {}),
    ("PATCH /v1/albums/{id}", "/v1/albums/@private_album", "private", Scope.ALBUMS_WRITE, NAME),
    ("PATCH /v1/albums/{id}", "/v1/albums/@public_album", "public change", Scope.ALBUMS_WRITE, NAME),
    ("DELETE /v1/albums/{id}", "/v1/albums/@private_album", "private", Scope.ALBUMS_WRITE, {}),
    ("DELETE /v1/albums/{id}", "/v1/albums/@public_album", "public change", Scope.ALBUMS_WRITE, {}),
    ("DELETE /v1/albums/{id}", "/v1/albums/@private_album?delete_images=true", "private", WRITE, {}),
    ("GET /v1/categories", "/v1/categories", "own", Scope.ALBUMS_READ, {}),
    ("POST /v1/categories", "/v1/categories", "own", Scope.ALBUMS_WRITE, NAME),
    ("GET /v1/categories/{id}", "/v1/categories/@category", "private", Scope.ALBUMS_READ, {}),
    ("PATCH /v1/categories/{id}", "/v1/categories/@category", "private", Scope.ALBUMS_WRITE, TITLE),
    ("DELETE /v1/categories/{id}", "/v1/categories/@category", "private", Scope.ALBUMS_WRITE, {}),
    ("GET /v1/webhooks", "/v1/webhooks", "own", HOOKS_READ, {}),
    ("POST /v1/webhooks", "/v1/webhooks", "own", HOOKS_WRITE, HOOK),
    ("GET /v1/webhooks/{id}", "/v1/webhooks/@webhook", "private", HOOKS_READ, {}),
    ("PATCH /v1/webhooks/{id}", "/v1/webhooks/@webhook", "private", HOOKS_WRITE, IDLE),
    ("DELETE /v1/webhooks/{id}", "/v1/webhooks/@webhook", "private", HOOKS_WRITE, {}),
    ("POST /v1/webhooks/{id}/test", "/v1/webhooks/@webhook/test", "private", HOOKS_WRITE, {}),
    (
        "POST /v1/webhooks/{id}/rotate-secret",
        "/v1/webhooks/@webhook/rotate-secret",
        "private",
        HOOKS_WRITE,
        {},
    ),
    ("GET /v1/webhooks/{id}/deliveries", "/v1/webhooks/@webhook/deliveries", "private", HOOKS_READ, {}),
    (
        "POST /v1/webhooks/{id}/deliveries/{delivery_id}/redeliver",
        "/v1/webhooks/@webhook/deliveries/@delivery_to_it/redeliver",
        "private",
        HOOKS_WRITE,
        {},
    ),
    ("GET /v1/events", "/v1/events?types=image.uploaded", "own", READ, {}),
    ("GET /v1/uploaders/{name}", "/v1/uploaders/sharex", "by token", UPLOAD, {}),
    ("GET /v1/account", "/v1/account", "own", Scope.ACCOUNT_READ, {}),
    ("GET /v1/openapi.json", "/v1/openapi.json", "page", NO, {}),
    ("GET /img/{path:path}", "/img/@public_picture.png?w=2", "public picture", READ, {}),
    ("GET /img/{path:path}", "/img/@private_picture.png?w=2", "private picture", READ, {}),
    ("GET /{image_id}.{extension}", "/@public_picture.png", "public picture", READ, {}),
    ("GET /{image_id}.{extension}", "/@private_picture.png", "private picture", READ, {}),
    ("GET /", "/", "page", NO, {}),
    ("GET /static/{name}", f"/static/{A_FILE}", "page", NO, {}),
    ("GET /docs", "/docs", "page", NO, {}),
    ("GET /docs/", "/docs/", "page", NO, {}),
    ("GET /docs/swagger", "/docs/swagger", "page", NO, {}),
    ("GET /healthz", "/healthz", "page", NO, {}),
    ("GET /readyz", "/readyz", "page", NO, {}),
    ("GET /metrics", "/metrics", "page", NO, {}),
    ("* /graphql", "/graphql", "endpoint", NO, TYPENAME),
    ("* /graphql/", "/graphql/", "endpoint", NO, TYPENAME),
]
ALIASED = [
    (route.replace("/v1", "/api/v1"), path.replace("/v1", "/api/v1"), *rest)
    for route, path, *rest in ROWS
    if path.startswith("/v1")
]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """For the module, as its house is."""
    return "asyncio"


@pytest.fixture(scope="module")
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with house(tmp_path_factory.mktemp("home"), metrics=True) as running:
        yield running


@pytest.fixture(scope="module")
def casts(home: House) -> Casts:
    return Casts(home)


def routes_of(routes: list[BaseRoute], prefix: str = "") -> Iterator[str]:
    for route in routes:
        if isinstance(route, Mount):
            yield from routes_of(route.routes, prefix + route.path)
        elif not isinstance(route, WebSocketRoute):  # who may speak there: tests/events/test_following.py
            assert isinstance(route, Route)
            for method in (route.methods or {"*"}) - {"HEAD"}:
                yield f"{method} {prefix}{route.path}"


def test_every_address_has_a_row_and_every_row_an_address(tmp_path) -> None:
    app: Any = create_app(Settings(data_dir=tmp_path, metrics=True))
    while not isinstance(app, Starlette):
        app = app.app
    assert {route for route, *_ in ROWS + ALIASED} == set(routes_of(app.routes))


@pytest.mark.parametrize(
    ("route", "path", "rule", "scope", "sent"),
    ROWS + ALIASED,
    ids=[f"{route.split()[0]} {path}" for route, path, *_ in ROWS + ALIASED],
)
async def test_who_may(
    casts: Casts, route: str, path: str, rule: str, scope: Scope | None, sent: dict[str, Any]
) -> None:
    method = route.split()[0].replace("*", "POST")
    reads = method == "GET"
    cast = await (casts.reading if reads else casts.fresh)(without=scope)
    expected = RULES[rule]
    if (route, path) in {(row[0], row[1]) for row in ALIASED}:
        expected = {asker: expected[asker] for asker in ("nobody", "token of another", "owner's token")}
    seen, filled = {}, ""
    for asker in expected:
        filled = filled or await cast.filled(path)
        answer = await asked(cast, asker, method, filled, sent, scope)
        seen[asker] = "ok" if answer.is_success else str(answer.status_code)
        if answer.is_success and not reads:
            filled = ""  # who comes next finds it as it was
    assert seen == expected


async def asked(
    cast: Cast, asker: str, method: str, path: str, sent: dict[str, Any], scope: Scope | None
) -> httpx2.Response:
    """The answer, in which a refusal says what it must, and nothing that it must not."""
    answer = await send(cast, asker, method, path, sent)
    if method == "GET":
        assert (await send(cast, asker, "HEAD", path, sent)).status_code == answer.status_code
    if answer.status_code == 401:
        assert answer.headers["www-authenticate"] == "Bearer"
    if answer.status_code == 403 and asker == "token without scope":
        assert f"'{scope}'" in answer.json()["error"]["details"]
    if answer.status_code == 404:
        none = await send(cast, asker, method, cast.missing(path), sent)
        assert told(none) == told(answer), "what is private is told from what does not exist"
    if asker not in OWNERS and "whsec_" not in answer.text:  # but for that of one's own new webhook
        assert "secret" not in answer.text.lower().replace("rotate-secret", "")
    return answer


async def send(cast: Cast, asker: str, method: str, path: str, sent: dict[str, Any]) -> httpx2.Response:
    given = {
        name: await cast.filled(value) if isinstance(value, str) else value
        for name, value in sent.get("json", {}).items()
    }
    body = sent | ({"json": given} if given else {})
    headers = cast.headers[asker] | body.pop("headers", {})
    return await cast.house.client.request(method, path, headers=headers, **body)


def told(answer: httpx2.Response) -> tuple[int, str, dict[str, str]]:
    headers = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
    return answer.status_code, without_ids(answer.text), headers


@pytest.mark.parametrize("field", ["album_id", "category_id"])
async def test_an_image_can_not_be_put_into_what_is_private_to_another(home: House, field: str) -> None:
    cast = await gather(home, without=None)
    thing = await cast.filled(f"@{field.replace('album_id', 'private_album').removesuffix('_id')}")
    other = cast.headers["token of another"]
    mine = (await home.client.post("/v1/upload", headers=other, **FILE)).json()["data"]["id"]
    for method, path, body in (
        ("PATCH", f"/v1/images/{mine}", "json"),
        ("POST", "/v1/upload", "data"),
    ):
        files = FILE if method == "POST" else {}
        refused, none = [
            await home.client.request(method, path, headers=other, **files, **{body: {field: id_}})
            for id_ in (thing, cast.missing(thing))
        ]
        assert refused.status_code == 422
        assert told(none) == told(refused)
