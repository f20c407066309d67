"""GraphiQL in a headless browser. Each visit must end without errors."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from app.auth.actor import Scope
from app.models import Image
from scripts.fixtures import sample_images
from tests.browser.conftest import visit
from tests.browser.test_dashboard import assert_accessible
from tests.pichub import PASSWORD, House, until

RUN = re.compile("Execute query")
STOP = re.compile("Stop query")
TABS = (
    "ListImages",
    "UploadImage",
    "Albums",
    "FollowEvents",
    "EventHistory",
    "Webhooks",
    "LimitsAndUsage",
)
EDITORS = (".graphiql-query-editor", ".graphiql-editor-tool", ".graphiql-response")
VISIBLE_TOOL = ".graphiql-editor-tool .graphiql-editor:not(.hidden) .view-lines"
"""The visible one of the variables and headers editors."""


@pytest.fixture
def url(server: House) -> str:
    return f"{server.url}/graphql"


THIRD_PARTY = (
    ".monaco-editor",  # colors of its themes
    ".graphiql-tabs",  # each tab contains its close button
)
"""Elements of GraphiQL that are excluded from accessibility checks."""


async def use_token(page: Page, token: str) -> None:
    await page.get_by_role("button", name="Show Access").click()
    await page.get_by_label("API token").fill(token)
    await page.get_by_role("button", name="Use token").click()
    await expect(page.get_by_label("Access", exact=True)).to_contain_text("Using an API token")


async def wait_until_ready(page: Page) -> None:
    for editor in EDITORS:
        await expect(page.locator(f"{editor} .view-lines").first).to_be_attached()


async def run(page: Page, tab: str) -> None:
    await wait_until_ready(page)
    await page.get_by_role("tab", name=tab).click()
    await page.get_by_role("button", name=RUN).click()


async def sign_in(page: Page, username: str) -> None:
    await page.get_by_role("button", name="Show Access").click()
    await page.get_by_label("Username").fill(username)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_label("Access", exact=True)).to_contain_text(f"Signed in as {username}")


async def expect_response(page: Page, *texts: str) -> None:
    """Wait until the response contains all texts."""
    for text in texts:
        await expect(page.locator(".graphiql-response .view-lines")).to_contain_text(text)


async def test_tabs_with_examples_are_open_initially(context: BrowserContext, url: str) -> None:
    async with visit(context, url) as visited:
        tabs = visited.page.get_by_role("tab")
        await expect(tabs).to_have_text([re.compile(f"^{name}") for name in TABS])
        await visited.page.get_by_role("button", name="Show Documentation Explorer").click()
        await expect(visited.page.locator(".graphiql-plugin")).to_contain_text("Mutation")
        headers = visited.page.locator(VISIBLE_TOOL)
        await expect(headers).to_contain_text('"GraphQL-Require-Preflight": "1"')
        await expect(headers).to_contain_text('"Authorization": "Bearer YOUR_API_TOKEN"')


async def test_a_token_is_sent_with_all_requests(context: BrowserContext, url: str, server: House) -> None:
    async with visit(context, url) as visited:
        page = visited.page
        await run(page, "LimitsAndUsage")
        await expect_response(page, '"viewer": null')
        await use_token(page, server.token)
        await run(page, "LimitsAndUsage")
        await expect_response(page, '"username": "admin"')
        await page.wait_for_load_state("networkidle")
        await page.reload()
        await run(page, "LimitsAndUsage")
        await expect_response(page, '"username": "admin"')


async def test_a_token_without_account_scope_works(context: BrowserContext, url: str, server: House) -> None:
    token = await server.account("dan", scopes=[Scope.IMAGES_READ])
    async with visit(context, url) as visited:
        await use_token(visited.page, token)
        await run(visited.page, "ListImages")
        await expect_response(visited.page, '"totalCount": 0')


async def test_an_invalid_token_is_discarded(context: BrowserContext, url: str) -> None:
    async with visit(context, url) as visited:
        page = visited.page
        await page.get_by_role("button", name="Show Access").click()
        await page.get_by_label("API token").fill("pchb_pat_nonsense")
        await page.get_by_role("button", name="Use token").click()
        await expect(page.locator(".pane").get_by_role("alert")).to_have_text("Invalid token")
        await expect(page.get_by_label("Access", exact=True)).to_contain_text("Not signed in")
        await run(page, "LimitsAndUsage")
        await expect_response(page, '"viewer": null')
        assert [error for error in visited.errors if "401" not in error] == []
        visited.errors.clear()  # browsers report each 401 as an error


async def test_a_token_is_not_persisted(context: BrowserContext, url: str, server: House) -> None:
    async with visit(context, url) as visited:
        await use_token(visited.page, server.token)
        await run(visited.page, "LimitsAndUsage")
        await expect_response(visited.page, '"username": "admin"')
        stored = await visited.page.evaluate("JSON.stringify(localStorage)")
        assert "ListImages" in stored
        assert server.token not in stored


async def test_the_headers_editor_takes_precedence(context: BrowserContext, url: str, server: House) -> None:
    token = await server.account("eve")
    async with visit(context, url) as visited:
        page = visited.page
        await use_token(page, server.token)
        await wait_until_ready(page)
        await page.get_by_role("tab", name="LimitsAndUsage").click()
        await page.locator(VISIBLE_TOOL).get_by_text("YOUR_API_TOKEN").dblclick()
        await page.keyboard.insert_text(token)
        await page.get_by_role("button", name=RUN).click()
        await expect_response(page, '"username": "eve"')


async def test_a_session_replaces_the_token(context: BrowserContext, url: str, server: House) -> None:
    await server.member("ann")
    async with visit(context, url) as visited:
        page = visited.page
        await sign_in(page, "ann")
        await run(page, "LimitsAndUsage")
        await expect_response(page, '"username": "ann"')
        await page.wait_for_load_state("networkidle")
        await page.reload()
        await page.get_by_role("button", name="Headers", exact=True).click()
        headers = page.locator(VISIBLE_TOOL)
        await expect(headers).to_contain_text("GraphQL-Require-Preflight")
        await expect(headers).not_to_contain_text("Authorization")
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_label("Access", exact=True)).to_contain_text("Not signed in")


async def test_a_file_is_uploaded(context: BrowserContext, url: str, server: House, tmp_path: Path) -> None:
    path = tmp_path / "harbour.png"
    path.write_bytes(sample_images.png())
    async with visit(context, url) as visited:
        page = visited.page
        await use_token(page, server.token)
        await run(page, "UploadImage")
        await expect_response(page, "Choose a file for $input.file in the Upload pane")
        await page.get_by_role("button", name="Show Upload").click()
        await page.get_by_label("$input.file").set_input_files(path)
        await page.get_by_role("button", name="Run with these files").click()
        await expect_response(page, '"filename": "harbour.png"', '"format": "PNG"')
    image = await Image.filter(filename="harbour.png").order_by("-id").first()
    assert image is not None
    assert image.title == "From GraphiQL"


async def test_several_files_are_uploaded(
    context: BrowserContext, url: str, server: House, tmp_path: Path
) -> None:
    good, bad = tmp_path / "good.png", tmp_path / "bad.png"
    good.write_bytes(sample_images.png())
    bad.write_bytes(b"not an image")
    async with visit(context, url) as visited:
        page = visited.page
        await use_token(page, server.token)
        await wait_until_ready(page)
        await page.get_by_role("button", name="Show Examples").click()
        await page.get_by_role("button", name="Upload several images").click()
        await page.get_by_role("button", name="Show Upload").click()
        await page.get_by_label("$files").set_input_files([good, bad])
        await page.get_by_role("button", name="Run with these files").click()
        await expect_response(page, '"filename": "good.png"', '"filename": "bad.png"', "UNSUPPORTED")


async def test_a_subscription_shows_events(context: BrowserContext, url: str, server: House) -> None:
    feed = server.services.events.feed
    async with visit(context, url) as visited:
        page = visited.page
        await use_token(page, server.token)
        await run(page, "FollowEvents")
        await until(lambda: feed.subscribers == 1)
        await server.upload(sample_images.png(), filename="seen.png")
        await expect_response(page, '"type": "IMAGE_UPLOADED"', '"filename": "seen.png"')
        await page.get_by_role("button", name=STOP).click()
        await until(lambda: feed.subscribers == 0)


async def test_a_subscription_uses_the_session(context: BrowserContext, url: str, server: House) -> None:
    await server.member("bob")
    async with visit(context, url) as visited:
        await sign_in(visited.page, "bob")
        await run(visited.page, "FollowEvents")
        await until(lambda: server.services.events.feed.subscribers == 1)
        async with visit(context, url) as other:
            await other.page.get_by_role("button", name="Show Examples").click()
            await other.page.get_by_role("button", name="Create an album").click()
            await other.page.get_by_role("button", name=RUN).click()
            await expect_response(other.page, '"name": "Harbours"')
        await expect_response(visited.page, '"type": "ALBUM_CREATED"')


async def test_a_rejected_subscription_shows_the_error(context: BrowserContext, url: str) -> None:
    async with visit(context, url) as visited:
        await run(visited.page, "FollowEvents")
        await expect_response(visited.page, "Authentication required")


@pytest.mark.parametrize(("scheme", "is_dark"), [("dark", True), ("light", False)])
async def test_the_color_scheme_follows_the_system(
    chromium: Browser, url: str, scheme: str, is_dark: bool
) -> None:
    context = await chromium.new_context(color_scheme="dark" if is_dark else "light")
    async with visit(context, url) as visited:
        editor = visited.page.locator(".graphiql-query-editor .monaco-editor").first
        await expect(editor).to_have_class(re.compile("vs-dark" if is_dark else r"\bvs\b"))
        await assert_accessible(visited.page, exclude=THIRD_PARTY)
        for pane in ("Access", "Examples", "Upload"):
            await visited.page.get_by_role("button", name=f"Show {pane}").click()
            await expect(visited.page.get_by_role("heading", name=pane, exact=True)).to_be_visible()
            await assert_accessible(visited.page, exclude=THIRD_PARTY)
    await context.close()


async def test_on_phones_the_response_is_below_the_editors(chromium: Browser, url: str) -> None:
    phone = {"width": 390, "height": 844}
    context = await chromium.new_context(viewport=phone)  # type: ignore[arg-type]
    async with visit(context, url) as visited:
        page = visited.page
        await run(page, "LimitsAndUsage")
        await expect_response(page, '"viewer": null')
        editors = await page.locator(".graphiql-editors").bounding_box()
        response = await page.locator(".graphiql-response").bounding_box()
        assert editors is not None
        assert response is not None
        assert response["y"] >= editors["y"] + editors["height"]
        assert response["width"] > phone["width"] / 2
        await page.get_by_role("button", name="Show Access").click()
        await expect(page.get_by_label("API token")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") <= phone["width"]
    await context.close()
