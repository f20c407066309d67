"""REST documentation and Swagger UI in a headless browser. Each visit must end without errors."""

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

IMAGE_OPERATIONS = 4
"""GET and HEAD of the two URL forms of an image file."""
SERIOUS = {"serious", "critical"}
TITLES = {"en-US": "Try an upload", "zh-CN": "交互式上传测试"}
RUN_AXE = "() => axe.run(document, {resultTypes: ['violations']}).then(({violations}) => violations)"


@pytest.fixture(params=list(TITLES))
async def localized(
    chromium: Browser, request: pytest.FixtureRequest
) -> AsyncIterator[tuple[BrowserContext, str]]:
    """A browser context and its locale."""
    context = await chromium.new_context(locale=request.param, viewport={"width": 1280, "height": 800})
    yield context, request.param
    await context.close()


@pytest.fixture
def image_file(tmp_path: Path) -> Path:
    path = tmp_path / "harbour.png"
    path.write_bytes(sample_images.png())
    return path


@pytest.fixture(scope="module")
def axe() -> str:
    """The source of axe-core."""
    return npm.AXE.install().joinpath("node_modules", "axe-core", "axe.min.js").read_text()


async def violations(page: Page, axe: str) -> list[str]:
    """Return the serious violations that axe finds."""
    await page.evaluate(axe)
    found: list[dict[str, Any]] = await page.evaluate(RUN_AXE)
    return [
        f"{each['id']}: {node['html'][:120]} {node['failureSummary']}"
        for each in found
        if each["impact"] in SERIOUS
        for node in each["nodes"]
    ]


async def upload(page: Page, file: Path, *, token: str = "") -> None:
    tester = page.locator("#try")
    await tester.locator("input[type=password]").fill(token)
    await tester.locator("input[type=file]").set_input_files(file)
    await tester.locator("input[name=description]").fill("Seen from the pier")
    await tester.locator("button[type=submit]").click()


async def test_the_page_is_translated_completely(
    localized: tuple[BrowserContext, str], server: House
) -> None:
    context, language = localized
    async with visit(context, f"{server.url}/docs") as visited:
        page = visited.page
        await expect(page.locator("#try h2")).to_have_text(TITLES[language])
        await expect(page.locator("html")).to_have_attribute("lang", language.removesuffix("-US"))
        await expect(page.locator(".operation")).to_have_count(len(OPERATIONS) + IMAGE_OPERATIONS // 2)
        for code in STATUS:
            await expect(page.locator("#errors td").get_by_text(code, exact=True)).to_have_count(1)
        # Texts of the OpenAPI document without a translation are marked as English.
        untranslated = await page.locator("main [lang=en]").all_text_contents()
        assert untranslated == []


async def test_the_chosen_language_is_remembered(context: BrowserContext, server: House) -> None:
    async with visit(context, f"{server.url}/docs") as visited:
        page = visited.page
        await page.get_by_label("Language").select_option("zh")
        await expect(page.locator("#try h2")).to_have_text(TITLES["zh-CN"])
        await page.reload()
        await expect(page.locator("#try h2")).to_have_text(TITLES["zh-CN"])
        assert await page.title() == "REST API 文档 · PicHub"


async def test_the_tester_shows_request_and_response(
    localized: tuple[BrowserContext, str], server: House, image_file: Path
) -> None:
    context, _ = localized
    async with visit(context, f"{server.url}/docs") as visited:
        page = visited.page
        await upload(page, image_file, token=server.token)
        response = page.locator("#try .response")
        await expect(response.locator(".status")).to_contain_text("200 OK")
        image = await Image.all().order_by("-created_at").first()
        assert image is not None
        assert (image.filename, image.description) == ("harbour.png", "Seen from the pier")
        await expect(response.get_by_role("link")).to_have_attribute(
            "href", f"{server.url}/img/{image.id}.png"
        )
        preview = response.locator("img")
        await expect(preview).to_have_js_property("complete", value=True)
        await expect(preview).not_to_have_js_property("naturalWidth", 0)
        body, headers, request, curl = await response.get_by_role("tab").all()
        panel = response.get_by_role("tabpanel")
        await body.click()
        assert json.loads(await panel.locator("pre").inner_text())["data"]["id"] == image.id
        await headers.click()
        await expect(panel).to_contain_text("content-type: application/json")
        await request.click()
        await expect(panel).to_contain_text("POST /v1/upload HTTP/1.1")
        await expect(panel).to_contain_text('name="description"')
        await expect(panel).not_to_contain_text(server.token)
        await curl.click()
        await expect(panel).to_contain_text("-F 'image=@harbour.png'")


async def test_a_session_replaces_the_token(context: BrowserContext, server: House, image_file: Path) -> None:
    await server.member("ann")
    body = json.dumps({"query": SIGN_IN, "variables": {"input": {"username": "ann", "password": PASSWORD}}})
    async with visit(context, f"{server.url}/docs") as visited:
        page = visited.page
        await page.evaluate(
            "(body) => fetch('/graphql', {method: 'POST', body, headers: {'Content-Type': 'application/json'}})",
            body,
        )
        await page.reload()
        await expect(page.locator("#try")).to_contain_text("You are signed in as ann")
        await upload(page, image_file)
        await expect(page.locator("#try .status")).to_contain_text("200 OK")
        await expect(page.locator("#try .response img")).to_be_visible()


async def test_an_error_response_is_displayed(context: BrowserContext, server: House, tmp_path: Path) -> None:
    note = tmp_path / "note.png"
    note.write_bytes(b"This is not an image.")
    async with visit(context, f"{server.url}/docs") as visited:
        page = visited.page
        await page.locator("#try button[type=submit]").click()
        await expect(page.get_by_role("alert")).to_have_text("Choose a file first.")
        await upload(page, note, token=server.token)
        await expect(page.locator("#try .status")).to_contain_text("415")
        await expect(page.locator("#try .response pre")).to_contain_text("UNSUPPORTED_MEDIA_TYPE")
        assert [error for error in visited.errors if "415" not in error] == []
        visited.errors.clear()  # browsers report each 415 as an error


async def test_albums_are_suggested(context: BrowserContext, server: House) -> None:
    token = await server.account("with an album")
    client, headers = server.client, {"Authorization": f"Bearer {token}"}
    created = await client.post("/v1/albums", headers=headers, json={"name": "Harbours"})
    async with visit(context, f"{server.url}/docs") as visited:
        page = visited.page
        await page.locator("#try input[type=password]").fill(token)
        await page.locator("#try input[name=album_id]").focus()
        option = page.locator("#albums option")
        await expect(option).to_have_attribute("value", created.json()["data"]["id"])


@pytest.mark.parametrize("path", ["/docs", "/docs/", "/docs/swagger"])
async def test_a_page_loads_only_files_of_this_server(server: House, path: str) -> None:
    page = await server.client.get(path)
    assert page.status_code == 200
    policy = dict(part.split(" ", 1) for part in page.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert policy["style-src"] == "'self'"
    assert page.headers["x-content-type-options"] == "nosniff"


async def test_swagger_ui_executes_operations(context: BrowserContext, server: House) -> None:
    async with visit(context, f"{server.url}/docs/swagger#/Account/getAccount") as visited:
        page = visited.page
        await expect(page.locator(".opblock")).to_have_count(
            len(OPERATIONS) + IMAGE_OPERATIONS + len(EventType)
        )
        await page.get_by_role("button", name="Authorize").first.click()
        await page.get_by_label("auth-bearer-value").fill(server.token)
        await page.get_by_role("button", name="Apply credentials").first.click()
        await page.get_by_role("button", name="Close").last.click()
        account = page.locator("#operations-Account-getAccount")
        await account.get_by_role("button", name="Execute").click()
        await expect(account.locator(".live-responses-table")).to_contain_text('"username": "admin"')


async def test_swagger_ui_uploads(context: BrowserContext, server: House, image_file: Path) -> None:
    body = json.dumps({"query": SIGN_IN, "variables": {"input": {"username": "bob", "password": PASSWORD}}})
    await server.member("bob")
    async with visit(context, f"{server.url}/docs/swagger#/Images/uploadImage") as visited:
        page = visited.page
        await page.evaluate(
            "(body) => fetch('/graphql', {method: 'POST', body, headers: {'Content-Type': 'application/json'}})",
            body,
        )
        upload = page.locator("#operations-Images-uploadImage")
        await upload.locator("input[type=file]").first.set_input_files(image_file)
        await upload.get_by_role("button", name="Execute").click()
        await expect(upload.locator(".live-responses-table")).to_contain_text('"filename": "harbour.png"')


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
async def test_the_page_is_accessible(
    chromium: Browser, server: House, image_file: Path, axe: str, scheme: Any, width: int
) -> None:
    context = await chromium.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
    async with visit(context, f"{server.url}/docs") as visited:
        page = visited.page
        await upload(page, image_file, token=server.token)
        await expect(page.locator("#try .status")).to_contain_text("200 OK")
        for operation in ("uploadImage", "listImages"):
            await page.locator(f"#{operation} summary").click()
        assert await violations(page, axe) == []
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await context.close()
