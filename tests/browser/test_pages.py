"""The pages and their files over HTTP, and what is said where they were not built."""

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
async def built(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with house(tmp_path_factory.mktemp("pages") / "data") as built:
        yield built


@pytest.fixture
async def files(tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """A folder as a build leaves it."""
    folder = tmp_path / "static"
    folder.mkdir()
    for name in ("plain.js", "both.js", "both.js.br", "both.js.gz", "notes.txt"):
        (folder / name).write_text(name)
    (tmp_path / "secret.js").write_text("secret")
    transport = httpx2.ASGITransport(app=Starlette(routes=Pages(tmp_path).routes))
    async with httpx2.AsyncClient(transport=transport, base_url="http://pichub.test") as client:
        yield client


async def test_graphiql_runs_nothing_but_what_this_server_serves(built: House) -> None:
    page = await built.client.get("/graphql", headers=HTML)
    assert page.status_code == 200
    policy = dict(part.split(" ", 1) for part in page.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["worker-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "same-origin"
    assert "http" not in page.text.replace("http-equiv", "")


@pytest.mark.parametrize("address", ["/graphql", "/graphql/", "/", "/docs", "/docs/", "/docs/swagger"])
async def test_a_page_finds_its_files_whatever_its_address(built: House, address: str) -> None:
    page = await built.client.get(address, headers=HTML)
    links = [part.split('"')[0] for part in page.text.split('="')[1:] if "/static/" in part.split('"')[0]]
    assert len(links) >= 3
    for link in links:
        answer = await built.client.get(httpx2.URL(f"http://pichub.test{address}").join(link))
        assert answer.status_code == 200, link
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_the_dashboard_may_have_styles_from_files_alone(built: House) -> None:
    page = await built.client.get("/", headers=HTML)
    policy = dict(part.split(" ", 1) for part in page.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["style-src"] == policy["script-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"


def test_the_dashboard_is_told_what_it_can_not_ask_for() -> None:
    page = Pages().dashboard(sign_up="invitation", max_upload=1000)
    assert page is not None
    assert b'data-sign-up="invitation" data-max-upload="1000"' in page.body


@pytest.mark.parametrize(("address", "root"), [("/no-such-page", "./"), ("/albums/of/mine", "../../")])
async def test_a_person_who_is_lost_is_shown_the_way(built: House, address: str, root: str) -> None:
    page = await built.client.get(address, headers=HTML)
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert f'href="{root}"' in page.text
    assert "script" not in page.headers["content-security-policy"]
    assert (await built.client.get(address)).json()["error"]["code"] == "NOT_FOUND"


async def test_an_address_of_programs_that_is_nothing_says_so_in_json(built: House) -> None:
    for address in ("/v1/nothing", "/static/none.js", "/img/img_0.png"):
        page = await built.client.get(address, headers=HTML)
        assert (page.status_code, page.json()["error"]["code"]) == (404, "NOT_FOUND"), address


async def test_the_page_itself_is_asked_for_anew(built: House) -> None:
    page = await built.client.get("/graphql", headers=HTML)
    assert page.headers["cache-control"] == "no-cache"


async def test_every_script_was_compressed_when_it_was_built() -> None:
    scripts = [path for path in (BUILT / "static").iterdir() if path.suffix in {".js", ".css"}]
    for script in scripts:
        if script.stat().st_size > 1024:
            for suffix in (".br", ".gz"):
                assert script.with_name(script.name + suffix).stat().st_size < script.stat().st_size


@pytest.mark.parametrize(
    ("accepts", "encoding", "body"),
    [
        ("gzip, deflate, br", "br", "both.js.br"),
        ("gzip", "gzip", "both.js.gz"),
        ("br;q=0, gzip;q=0.5", "gzip", "both.js.gz"),
        ("br;q=0.0,gzip ; q=0", None, "both.js"),
        ("identity", None, "both.js"),
    ],
)
async def test_a_file_comes_as_compressed_as_the_browser_takes_it(
    files: httpx2.AsyncClient, accepts: str, encoding: str | None, body: str
) -> None:
    async with files.stream("GET", "/static/both.js", headers={"Accept-Encoding": accepts}) as answer:
        assert b"".join([chunk async for chunk in answer.aiter_raw()]).decode() == body
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"


async def test_a_file_that_was_not_compressed_comes_as_it_is(files: httpx2.AsyncClient) -> None:
    answer = await files.get("/static/plain.js", headers={"Accept-Encoding": "br, gzip"})
    assert answer.text == "plain.js"
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize(
    "name",
    ["none.js", "notes.txt", "both.js.br", "..%2fsecret.js", "%2e%2e/secret.js", ".js", "a%00.js", "é.js"],
)
async def test_nothing_else_is_served(files: httpx2.AsyncClient, name: str) -> None:
    answer = await files.get(f"/static/{name}")
    assert answer.status_code == 404


def test_the_lock_of_the_build_has_a_hash_for_each_package_and_no_address() -> None:
    lock = json.loads((BUILT.parent / "ui" / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert len(packages) > 100
    assert [name for name, package in packages.items() if "integrity" not in package] == []
    assert [name for name, package in packages.items() if "resolved" in package] == []


async def test_where_nothing_was_built_the_root_says_where_to_go(tmp_path: Path) -> None:
    answer = landing(Pages(tmp_path), Settings(data_dir=tmp_path))
    assert "/graphql" in bytes(answer.body).decode()
    assert "script" not in answer.headers["content-security-policy"]


async def test_where_nothing_was_built_graphiql_says_how(tmp_path: Path) -> None:
    answer = Pages(tmp_path).graphiql("/graphql")
    assert answer.status_code == 503
    assert "scripts/ui" in bytes(answer.body).decode()
    assert "script-src" not in answer.headers["content-security-policy"]
