"""A whole PicHub in a folder of its own, for the tests of all rooms that drive it from outside."""

import asyncio
import atexit
import socket
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import copytree, rmtree
from tempfile import mkdtemp
from typing import Any

import httpx2
import uvicorn
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as ASGIScope

from app.asgi import create_app
from app.auth import tokens
from app.auth.actor import Scope
from app.cli.serve import WEBSOCKET_OPTIONS
from app.context import Context, Services
from app.ids import Kind, new_id
from app.lifespan import prepare
from app.models import Account, Role
from app.resolvers import accounts
from app.resolvers.accounts import NewAccount
from app.settings import Settings
from tests import databases

BASE_URL = "http://pichub.test"
UNLIMITED = {"limit_api": "off", "limit_upload": "off", "limit_auth_failures": "off", "limit_renders": "off"}
"""Limits are what their own tests are about."""
FIRST_STARTS: list[tuple[Path, str]] = []

PASSWORD = "correct horse"
SIGN_IN = (
    "mutation($input: SignInInput!) { signIn(input: $input) { account { id username } session { id } } }"
)


async def ask(client: httpx2.AsyncClient, query: str, **variables: Any) -> Any:
    """The data of a GraphQL answer without errors."""
    answer = await client.post("/graphql", json={"query": query, "variables": variables})
    body = answer.json()
    assert "errors" not in body, body["errors"]
    return body["data"]


async def code_of(client: httpx2.AsyncClient, query: str, **variables: Any) -> str:
    """The code of the one error of a GraphQL answer."""
    answer = await client.post("/graphql", json={"query": query, "variables": variables})
    (error,) = answer.json()["errors"]
    return str(error["extensions"]["code"])


async def sign_in(client: httpx2.AsyncClient, username: str, password: str = PASSWORD) -> Any:
    """Signs a browser in, as a page does with fetch."""
    return await ask(client, SIGN_IN, input={"username": username, "password": password})


def signed(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A running PicHub. `client` asks without a token.

    `token` is the first account's, with all scopes; '' where the folder had that account before.
    """

    app: ASGIApp
    services: Services
    client: httpx2.AsyncClient
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return signed(self.token)

    @property
    def url(self) -> str:
        return self.services.settings.url

    async def upload(
        self, picture: bytes, *, token: str = "", filename: str = "picture.png", **fields: Any
    ) -> dict[str, Any]:
        """Uploads over REST, and gives what the answer says of the image."""
        answer = await self.client.post(
            "/v1/upload",
            headers=signed(token or self.token),
            files={"image": (filename, picture)},
            data=fields,
        )
        assert answer.status_code == 200, answer.text
        image: dict[str, Any] = answer.json()["data"]
        return image

    @asynccontextmanager
    async def browser(self, **headers: str) -> AsyncIterator[httpx2.AsyncClient]:
        """One that keeps cookies, and sends what pages of this server make it send, or else these `headers`."""
        sent = headers or {"Sec-Fetch-Site": "same-origin"}
        transport = httpx2.ASGITransport(app=self.app)
        async with httpx2.AsyncClient(transport=transport, base_url=self.url, headers=sent) as client:
            yield client

    async def forget(self, username: str) -> None:
        """Removes what an earlier try of the same test left under this name."""
        await Account.filter(username=username).delete()

    async def member(self, username: str, *, role: Role = Role.MEMBER) -> Account:
        """A new account that signs in with the password of tests."""
        await self.forget(username)
        ctx = Context(self.services, is_operator=True)
        return await accounts.create(ctx, NewAccount(username, PASSWORD, role=role))

    @asynccontextmanager
    async def signed_in(
        self, username: str, *, role: Role = Role.MEMBER, **headers: str
    ) -> AsyncIterator[httpx2.AsyncClient]:
        """A browser in which a new account has signed in."""
        await self.member(username, role=role)
        async with self.browser(**headers) as client:
            await sign_in(client, username)
            yield client

    async def account(self, username: str, *, scopes: Iterable[Scope] = Scope) -> str:
        """The token of a new account."""
        await self.forget(username)
        now = self.services.clock()
        account = await Account.create(
            id=new_id(Kind.ACCOUNT, now), username=username, password_hash="-", created_at=now
        )
        _, token = await tokens.create(account, name="Test", scopes=scopes, now=now)
        return token


@asynccontextmanager
async def house(folder: Path, **settings: Any) -> AsyncIterator[House]:
    """A PicHub without a network: requests are handed to the application. One at a time, as there is one database.

    async with house(tmp_path, max_pixels=1000) as house:
        answer = await house.client.get("/v1/images", headers=house.headers)
    """
    defaults: dict[str, Any] = {
        "data_dir": folder,
        "public_url": BASE_URL,
        "min_free_disk": 1,
        "worker": "external",
        "access_log": "off",  # tests that listen to the log listen for trouble
    }
    chosen = Settings(**defaults | UNLIMITED | settings)
    chosen = replace(chosen, database_url=chosen.database_url or await databases.url_for(folder))
    token = await _token(chosen)
    app = create_app(chosen)
    async with _started(app) as (services, stateful):
        transport = httpx2.ASGITransport(app=stateful)
        async with httpx2.AsyncClient(transport=transport, base_url=chosen.url) as client:
            yield House(app=stateful, services=services, client=client, token=token)


async def _token(settings: Settings) -> str:
    """Starts in a folder, and gives the token that the first start there tells; '' where there was one before."""
    if not settings.data_dir.exists() or not any(settings.data_dir.iterdir()):
        if settings.database_url:
            settings.data_dir.mkdir(parents=True, exist_ok=True)
            return await databases.first_token()
        made, token = await _first_start()
        copytree(made, settings.data_dir, dirs_exist_ok=True)
        return token
    first = await prepare(settings)
    return first.token if first else ""


async def _first_start() -> tuple[Path, str]:
    """What a first start makes, and its token: it takes a third of a second, so it is made once and copied."""
    if not FIRST_STARTS:
        folder = Path(mkdtemp(prefix="pichub-first-"))
        atexit.register(rmtree, folder, ignore_errors=True)
        first = await prepare(Settings(data_dir=folder))
        assert first is not None
        FIRST_STARTS.append((folder, first.token))
    return FIRST_STARTS[0]


class Server(uvicorn.Server):
    """Ends when it is told to, not when it looks next: hundreds of tests have one each."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ended = asyncio.Event()

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self.ended.wait()


@asynccontextmanager
async def served(folder: Path, **settings: Any) -> AsyncIterator[House]:
    """A PicHub behind a real server on a free port of this machine, for clients that are programs of their own."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        async with house(folder, public_url=f"http://127.0.0.1:{port}", **settings) as inside:
            config = uvicorn.Config(
                inside.app, lifespan="off", log_level="error", proxy_headers=False, **WEBSOCKET_OPTIONS
            )
            server = Server(config)
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            try:
                await until(lambda: server.started)
                yield inside
            finally:
                server.ended.set()
                await serving


async def until(condition: Callable[[], object], *, within: float = 20.0) -> None:
    """Waits for what happens elsewhere and says nothing. Raises TimeoutError after `within` seconds."""
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110  (there is no event to wait for)
            await asyncio.sleep(0.005)


@asynccontextmanager
async def _started(app: ASGIApp) -> AsyncIterator[tuple[Services, ASGIApp]]:
    """The application with what its lifespan made: an ASGI transport does not run lifespans."""
    state: dict[str, Any] = {}
    said: asyncio.Queue[Any] = asyncio.Queue()
    heard: asyncio.Queue[Any] = asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": state}
    living = asyncio.create_task(app(scope, said.get, heard.put))  # type: ignore[arg-type]
    said.put_nowait({"type": "lifespan.startup"})
    answer = await heard.get()
    assert answer["type"] == "lifespan.startup.complete", answer

    async def stateful(scope: ASGIScope, receive: Receive, send: Send) -> None:
        await app({**scope, "state": dict(state)}, receive, send)

    try:
        yield state["services"], stateful
    finally:
        said.put_nowait({"type": "lifespan.shutdown"})
        await living
