"""Pages and assets over HTTP, and fallbacks if they are not built."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette

from app.settings import Settings
from app.web.pages import BUILT, Pages
from app.web.routes import landing
from tests.pichub import House, house

HTML = {"Accept": "text/html"}


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with house(tmp_path_factory.mktemp("pages") / "data") as server:
        yield server


@pytest.fixture
async def files(tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """A client for the assets of a small build."""
    folder = tmp_path / "static"
    folder.mkdir()
    for name in ("plain.js", "both.js", "both.js.br", "both.js.gz", "notes.txt"):
        (folder / name).write_text(name)
    (tmp_path / "secret.js").write_text("secret")
    transport = httpx2.ASGITransport(app=Starlette(routes=Pages(tmp_path).routes))
    async with httpx2.AsyncClient(transport=transport, base_url="http://pichub.test") as client:
        yield client


async def test_graphiql_loads_only_files_of_this_server(server: House) -> None:
    page = await server.client.get("/graphql", headers=HTML)
    assert page.status_code == 200
    policy = dict(part.split(" ", 1) for part in page.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["worker-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "same-origin"
    assert "http" not in page.text.replace("http-equiv", "")


@pytest.mark.parametrize("path", ["/graphql", "/graphql/", "/", "/docs", "/docs/", "/docs/swagger"])
async def test_the_assets_of_each_page_are_found(server: House, path: str) -> None:
    page = await server.client.get(path, headers=HTML)
    links = [part.split('"')[0] for part in page.text.split('="')[1:] if "/static/" in part.split('"')[0]]
    assert len(links) >= 3
    for link in links:
        response = await server.client.get(httpx2.URL(f"http://pichub.test{path}").join(link))
        assert response.status_code == 200, link
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_the_dashboard_allows_no_inline_styles(server: House) -> None:
    page = await server.client.get("/", headers=HTML)
    policy = dict(part.split(" ", 1) for part in page.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["style-src"] == policy["script-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"


def test_the_dashboard_contains_the_settings() -> None:
    page = Pages().dashboard(sign_up="invitation", max_upload=1000)
    assert page is not None
    assert b'data-sign-up="invitation" data-max-upload="1000"' in page.body


@pytest.mark.parametrize(("path", "root"), [("/no-such-page", "./"), ("/albums/of/mine", "../../")])
async def test_an_unknown_path_shows_a_page_to_browsers(server: House, path: str, root: str) -> None:
    page = await server.client.get(path, headers=HTML)
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert f'href="{root}"' in page.text
    assert "script" not in page.headers["content-security-policy"]
    assert (await server.client.get(path)).json()["error"]["code"] == "NOT_FOUND"


async def test_an_unknown_api_path_returns_json(server: House) -> None:
    for path in ("/v1/nothing", "/static/none.js", "/img/img_0.png"):
        page = await server.client.get(path, headers=HTML)
        assert (page.status_code, page.json()["error"]["code"]) == (404, "NOT_FOUND"), path


async def test_pages_are_revalidated(server: House) -> None:
    page = await server.client.get("/graphql", headers=HTML)
    assert page.headers["cache-control"] == "no-cache"


async def test_assets_are_compressed_at_build_time() -> None:
    scripts = [path for path in (BUILT / "static").iterdir() if path.suffix in {".js", ".css"}]
    for script in scripts:
        if script.stat().st_size > 1024:
            for suffix in (".br", ".gz"):
                assert script.with_name(script.name + suffix).stat().st_size < script.stat().st_size


@pytest.mark.parametrize(
    ("accepted", "encoding", "body"),
    [
        ("gzip, deflate, br", "br", "both.js.br"),
        ("gzip", "gzip", "both.js.gz"),
        ("br;q=0, gzip;q=0.5", "gzip", "both.js.gz"),
        ("br;q=0.0,gzip ; q=0", None, "both.js"),
        ("identity", None, "both.js"),
    ],
)
async def test_the_encoding_is_negotiated(
    files: httpx2.AsyncClient, accepted: str, encoding: str | None, body: str
) -> None:
    async with files.stream("GET", "/static/both.js", headers={"Accept-Encoding": accepted}) as response:
        assert b"".join([chunk async for chunk in response.aiter_raw()]).decode() == body
    assert response.headers.get("content-encoding") == encoding
    assert response.headers["vary"] == "Accept-Encoding"
    assert response.headers["content-type"] == "text/javascript; charset=utf-8"


async def test_an_uncompressed_file_is_sent_as_it_is(files: httpx2.AsyncClient) -> None:
    response = await files.get("/static/plain.js", headers={"Accept-Encoding": "br, gzip"})
    assert response.text == "plain.js"
    assert "content-encoding" not in response.headers


@pytest.mark.parametrize(
    "name",
    ["none.js", "notes.txt", "both.js.br", "..%2fsecret.js", "%2e%2e/secret.js", ".js", "a%00.js", "é.js"],
)
async def test_other_files_are_not_found(files: httpx2.AsyncClient, name: str) -> None:
    response = await files.get(f"/static/{name}")
    assert response.status_code == 404


def test_the_lock_file_has_hashes_and_no_urls() -> None:
    lock = json.loads((BUILT.parent / "ui" / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert len(packages) > 100
    assert [name for name, package in packages.items() if "integrity" not in package] == []
    assert [name for name, package in packages.items() if "resolved" in package] == []


async def test_without_a_build_the_root_links_to_graphiql(tmp_path: Path) -> None:
    response = landing(Pages(tmp_path), Settings(data_dir=tmp_path))
    assert "/graphql" in bytes(response.body).decode()
    assert "script" not in response.headers["content-security-policy"]


async def test_without_a_build_graphiql_names_the_command(tmp_path: Path) -> None:
    response = Pages(tmp_path).graphiql("/graphql")
    assert response.status_code == 503
    assert "scripts/ui" in bytes(response.body).decode()
    assert "script-src" not in response.headers["content-security-policy"]
