"""The documentation, read and used as people do: in a browser that nobody sees. On no visit may anything go wrong."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from app.events.catalogue import EventType
from app.models import Image
from compat_rest.errors import STATUS
from compat_rest.openapi.operations import OPERATIONS
from scripts.fixtures import sample_images
from tests import npm
from tests.browser.conftest import visit
from tests.pichub import PASSWORD, SIGN_IN, House

OF_PICTURES = 4
"""GET and HEAD of the two addresses of a picture."""
SERIOUS = {"serious", "critical"}
TITLES = {"en-US": "Try an upload", "zh-CN": "交互式上传测试"}
RUN_AXE = "() => axe.run(document, {resultTypes: ['violations']}).then(({violations}) => violations)"


@pytest.fixture(params=list(TITLES))
async def reader(
    chromium: Browser, request: pytest.FixtureRequest
) -> AsyncIterator[tuple[BrowserContext, str]]:
    """A browser, and the language that it asks for."""
    context = await chromium.new_context(locale=request.param, viewport={"width": 1280, "height": 800})
    yield context, request.param
    await context.close()


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "harbour.png"
    path.write_bytes(sample_images.png())
    return path


@pytest.fixture(scope="module")
def axe() -> str:
    """The source of axe-core."""
    return npm.AXE.install().joinpath("node_modules", "axe-core", "axe.min.js").read_text()


async def wrong(page: Page, axe: str) -> list[str]:
    """What axe finds that is serious."""
    await page.evaluate(axe)
    violations: list[dict[str, Any]] = await page.evaluate(RUN_AXE)
    return [
        f"{each['id']}: {node['html'][:120]} {node['failureSummary']}"
        for each in violations
        if each["impact"] in SERIOUS
        for node in each["nodes"]
    ]


async def upload(page: Page, file: Path, *, token: str = "") -> None:
    tester = page.locator("#try")
    await tester.locator("input[type=password]").fill(token)
    await tester.locator("input[type=file]").set_input_files(file)
    await tester.locator("input[name=description]").fill("Seen from the pier")
    await tester.locator("button[type=submit]").click()


async def test_it_is_in_the_language_of_the_browser_whole(
    reader: tuple[BrowserContext, str], home: House
) -> None:
    context, language = reader
    async with visit(context, f"{home.url}/docs") as visited:
        page = visited.page
        await expect(page.locator("#try h2")).to_have_text(TITLES[language])
        await expect(page.locator("html")).to_have_attribute("lang", language.removesuffix("-US"))
        await expect(page.locator(".operation")).to_have_count(len(OPERATIONS) + OF_PICTURES // 2)
        for code in STATUS:
            await expect(page.locator("#errors td").get_by_text(code, exact=True)).to_have_count(1)
        # What the tables of the server say and nobody has translated is marked as English.
        untranslated = await page.locator("main [lang=en]").all_text_contents()
        assert untranslated == []


async def test_the_language_can_be_changed_and_is_kept(context: BrowserContext, home: House) -> None:
    async with visit(context, f"{home.url}/docs") as visited:
        page = visited.page
        await page.get_by_label("Language").select_option("zh")
        await expect(page.locator("#try h2")).to_have_text(TITLES["zh-CN"])
        await page.reload()
        await expect(page.locator("#try h2")).to_have_text(TITLES["zh-CN"])
        assert await page.title() == "REST API 文档 · PicHub"


async def test_the_tester_uploads_and_shows_request_status_headers_and_body(
    reader: tuple[BrowserContext, str], home: House, picture: Path
) -> None:
    context, _ = reader
    async with visit(context, f"{home.url}/docs") as visited:
        page = visited.page
        await upload(page, picture, token=home.token)
        outcome = page.locator("#try .outcome")
        await expect(outcome.locator(".status")).to_contain_text("200 OK")
        image = await Image.all().order_by("-created_at").first()
        assert image is not None
        assert (image.filename, image.description) == ("harbour.png", "Seen from the pier")
        await expect(outcome.get_by_role("link")).to_have_attribute("href", f"{home.url}/img/{image.id}.png")
        shown = outcome.locator("img")
        await expect(shown).to_have_js_property("complete", value=True)
        await expect(shown).not_to_have_js_property("naturalWidth", 0)
        body, headers, sent, curl = await outcome.get_by_role("tab").all()
        panel = outcome.get_by_role("tabpanel")
        await body.click()
        assert json.loads(await panel.locator("pre").inner_text())["data"]["id"] == image.id
        await headers.click()
        await expect(panel).to_contain_text("content-type: application/json")
        await sent.click()
        await expect(panel).to_contain_text("POST /v1/upload HTTP/1.1")
        await expect(panel).to_contain_text('name="description"')
        await expect(panel).not_to_contain_text(home.token)
        await curl.click()
        await expect(panel).to_contain_text("-F 'image=@harbour.png'")


async def test_who_has_signed_in_needs_no_token(context: BrowserContext, home: House, picture: Path) -> None:
    await home.member("ann")
    body = json.dumps({"query": SIGN_IN, "variables": {"input": {"username": "ann", "password": PASSWORD}}})
    async with visit(context, f"{home.url}/docs") as visited:
        page = visited.page
        await page.evaluate(
            "(body) => fetch('/graphql', {method: 'POST', body, headers: {'Content-Type': 'application/json'}})",
            body,
        )
        await page.reload()
        await expect(page.locator("#try")).to_contain_text("You are signed in as ann")
        await upload(page, picture)
        await expect(page.locator("#try .status")).to_contain_text("200 OK")
        await expect(page.locator("#try .outcome img")).to_be_visible()


async def test_an_error_is_shown_as_it_came(context: BrowserContext, home: House, tmp_path: Path) -> None:
    note = tmp_path / "note.png"
    note.write_bytes(b"This is no picture.")
    async with visit(context, f"{home.url}/docs") as visited:
        page = visited.page
        await page.locator("#try button[type=submit]").click()
        await expect(page.get_by_role("alert")).to_have_text("Choose a file first.")
        await upload(page, note, token=home.token)
        await expect(page.locator("#try .status")).to_contain_text("415")
        await expect(page.locator("#try .outcome pre")).to_contain_text("UNSUPPORTED_MEDIA_TYPE")
        assert [problem for problem in visited.wrong if "415" not in problem] == []
        visited.wrong.clear()  # browsers call each 415 an error


async def test_albums_are_offered(context: BrowserContext, home: House) -> None:
    token = await home.account("with an album")
    client, headers = home.client, {"Authorization": f"Bearer {token}"}
    made = await client.post("/v1/albums", headers=headers, json={"name": "Harbours"})
    async with visit(context, f"{home.url}/docs") as visited:
        page = visited.page
        await page.locator("#try input[type=password]").fill(token)
        await page.locator("#try input[name=album_id]").focus()
        option = page.locator("#albums option")
        await expect(option).to_have_attribute("value", made.json()["data"]["id"])


@pytest.mark.parametrize("address", ["/docs", "/docs/", "/docs/swagger"])
async def test_a_page_runs_nothing_but_what_this_server_serves(home: House, address: str) -> None:
    page = await home.client.get(address)
    assert page.status_code == 200
    policy = dict(part.split(" ", 1) for part in page.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert policy["style-src"] == "'self'"
    assert page.headers["x-content-type-options"] == "nosniff"


async def test_swagger_ui_shows_the_operations_and_runs_them(context: BrowserContext, home: House) -> None:
    async with visit(context, f"{home.url}/docs/swagger#/Account/getAccount") as visited:
        page = visited.page
        await expect(page.locator(".opblock")).to_have_count(len(OPERATIONS) + OF_PICTURES + len(EventType))
        await page.get_by_role("button", name="Authorize").first.click()
        await page.get_by_label("auth-bearer-value").fill(home.token)
        await page.get_by_role("button", name="Apply credentials").first.click()
        await page.get_by_role("button", name="Close").last.click()
        account = page.locator("#operations-Account-getAccount")
        await account.get_by_role("button", name="Execute").click()
        await expect(account.locator(".live-responses-table")).to_contain_text('"username": "admin"')


async def test_swagger_ui_uploads(context: BrowserContext, home: House, picture: Path) -> None:
    body = json.dumps({"query": SIGN_IN, "variables": {"input": {"username": "bob", "password": PASSWORD}}})
    await home.member("bob")
    async with visit(context, f"{home.url}/docs/swagger#/Images/uploadImage") as visited:
        page = visited.page
        await page.evaluate(
            "(body) => fetch('/graphql', {method: 'POST', body, headers: {'Content-Type': 'application/json'}})",
            body,
        )
        upload = page.locator("#operations-Images-uploadImage")
        await upload.locator("input[type=file]").first.set_input_files(picture)
        await upload.get_by_role("button", name="Execute").click()
        await expect(upload.locator(".live-responses-table")).to_contain_text('"filename": "harbour.png"')


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
async def test_axe_finds_nothing_serious(
    chromium: Browser, home: House, picture: Path, axe: str, scheme: Any, width: int
) -> None:
    context = await chromium.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
    async with visit(context, f"{home.url}/docs") as visited:
        page = visited.page
        await upload(page, picture, token=home.token)
        await expect(page.locator("#try .status")).to_contain_text("200 OK")
        for operation in ("uploadImage", "listImages"):
            await page.locator(f"#{operation} summary").click()
        assert await wrong(page, axe) == []
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await context.close()
