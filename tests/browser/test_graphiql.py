"""GraphiQL, used as people do: in a browser that nobody sees. On none of these visits may anything go wrong."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from app.auth.actor import Scope
from app.models import Image
from scripts.fixtures import sample_images
from tests.browser.conftest import visit
from tests.browser.test_dashboard import is_accessible
from tests.pichub import PASSWORD, House, until

RUN = re.compile("Execute query")
STOP = re.compile("Stop query")
IN_TABS = (
    "ListImages",
    "UploadImage",
    "Albums",
    "FollowEvents",
    "EventHistory",
    "Webhooks",
    "LimitsAndUsage",
)
EDITORS = (".graphiql-query-editor", ".graphiql-editor-tool", ".graphiql-response")
TOOL = ".graphiql-editor-tool .graphiql-editor:not(.hidden) .view-lines"
"""The variables or the headers, whichever are shown."""


@pytest.fixture
def address(home: House) -> str:
    return f"{home.url}/graphql"


NOT_OURS = (
    ".monaco-editor",  # an editor: the colours of its themes
    ".graphiql-tabs",  # GraphiQL's: each tab has the button that closes it inside
)
"""What axe is not asked about."""


async def use_token(page: Page, token: str) -> None:
    await page.get_by_role("button", name="Show Access").click()
    await page.get_by_label("API token").fill(token)
    await page.get_by_role("button", name="Use the token").click()
    await expect(page.get_by_label("Access", exact=True)).to_contain_text("You act")


async def is_ready(page: Page) -> None:
    for editor in EDITORS:
        await expect(page.locator(f"{editor} .view-lines").first).to_be_attached()


async def run(page: Page, tab: str) -> None:
    await is_ready(page)
    await page.get_by_role("tab", name=tab).click()
    await page.get_by_role("button", name=RUN).click()


async def sign_in(page: Page, username: str) -> None:
    await page.get_by_role("button", name="Show Access").click()
    await page.get_by_label("Username").fill(username)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_label("Access", exact=True)).to_contain_text(f"You act as {username}, signed in")


async def answers(page: Page, *texts: str) -> None:
    """Waits until each of these stands in the response pane."""
    for text in texts:
        await expect(page.locator(".graphiql-response .view-lines")).to_contain_text(text)


async def test_it_opens_with_an_operation_for_each_thing_one_can_do(
    context: BrowserContext, address: str
) -> None:
    async with visit(context, address) as visited:
        tabs = visited.page.get_by_role("tab")
        await expect(tabs).to_have_text([re.compile(f"^{name}") for name in IN_TABS])
        await visited.page.get_by_role("button", name="Show Documentation Explorer").click()
        await expect(visited.page.locator(".graphiql-plugin")).to_contain_text("Mutation")
        headers = visited.page.locator(TOOL)
        await expect(headers).to_contain_text('"GraphQL-Require-Preflight": "1"')
        await expect(headers).to_contain_text('"Authorization": "Bearer YOUR_API_TOKEN"')


async def test_a_token_given_once_is_sent_with_all_that_is_run(
    context: BrowserContext, address: str, home: House
) -> None:
    async with visit(context, address) as visited:
        page = visited.page
        await run(page, "LimitsAndUsage")
        await answers(page, '"viewer": null')
        await use_token(page, home.token)
        await run(page, "LimitsAndUsage")
        await answers(page, '"username": "admin"')
        await page.wait_for_load_state("networkidle")
        await page.reload()
        await run(page, "LimitsAndUsage")
        await answers(page, '"username": "admin"')


async def test_a_token_that_may_not_say_whose_it_is_works(
    context: BrowserContext, address: str, home: House
) -> None:
    token = await home.account("dan", scopes=[Scope.IMAGES_READ])
    async with visit(context, address) as visited:
        await use_token(visited.page, token)
        await run(visited.page, "ListImages")
        await answers(visited.page, '"totalCount": 0')


async def test_a_token_that_does_not_hold_is_not_kept(context: BrowserContext, address: str) -> None:
    async with visit(context, address) as visited:
        page = visited.page
        await page.get_by_role("button", name="Show Access").click()
        await page.get_by_label("API token").fill("pchb_pat_nonsense")
        await page.get_by_role("button", name="Use the token").click()
        await expect(page.locator(".pane").get_by_role("alert")).to_have_text(
            "The server does not take this token"
        )
        await expect(page.get_by_label("Access", exact=True)).to_contain_text("Nobody has signed in")
        await run(page, "LimitsAndUsage")
        await answers(page, '"viewer": null')
        refused = [problem for problem in visited.wrong if "401" in problem]
        assert visited.wrong == refused
        visited.wrong.clear()  # browsers call each 401 an error


async def test_a_token_is_kept_on_no_disk(context: BrowserContext, address: str, home: House) -> None:
    async with visit(context, address) as visited:
        await use_token(visited.page, home.token)
        await run(visited.page, "LimitsAndUsage")
        await answers(visited.page, '"username": "admin"')
        stored = await visited.page.evaluate("JSON.stringify(localStorage)")
        assert "ListImages" in stored
        assert home.token not in stored


async def test_the_headers_editor_comes_first(context: BrowserContext, address: str, home: House) -> None:
    token = await home.account("eve")
    async with visit(context, address) as visited:
        page = visited.page
        await use_token(page, home.token)
        await is_ready(page)
        await page.get_by_role("tab", name="LimitsAndUsage").click()
        await page.locator(TOOL).get_by_text("YOUR_API_TOKEN").dblclick()
        await page.keyboard.insert_text(token)
        await page.get_by_role("button", name=RUN).click()
        await answers(page, '"username": "eve"')


async def test_who_has_signed_in_needs_no_token(context: BrowserContext, address: str, home: House) -> None:
    await home.member("ann")
    async with visit(context, address) as visited:
        page = visited.page
        await sign_in(page, "ann")
        await run(page, "LimitsAndUsage")
        await answers(page, '"username": "ann"')
        await page.wait_for_load_state("networkidle")
        await page.reload()
        await page.get_by_role("button", name="Headers", exact=True).click()
        headers = page.locator(TOOL)
        await expect(headers).to_contain_text("GraphQL-Require-Preflight")
        await expect(headers).not_to_contain_text("Authorization")
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_label("Access", exact=True)).to_contain_text("Nobody has signed in")


async def test_a_file_is_uploaded(context: BrowserContext, address: str, home: House, tmp_path: Path) -> None:
    picture = tmp_path / "harbour.png"
    picture.write_bytes(sample_images.png())
    async with visit(context, address) as visited:
        page = visited.page
        await use_token(page, home.token)
        await run(page, "UploadImage")
        await answers(page, "Choose a file for $input.file in the Upload pane")
        await page.get_by_role("button", name="Show Upload").click()
        await page.get_by_label("$input.file").set_input_files(picture)
        await page.get_by_role("button", name="Run with these files").click()
        await answers(page, '"filename": "harbour.png"', '"format": "PNG"')
    image = await Image.filter(filename="harbour.png").order_by("-id").first()
    assert image is not None
    assert image.title == "From GraphiQL"


async def test_several_files_are_uploaded_from_an_example(
    context: BrowserContext, address: str, home: House, tmp_path: Path
) -> None:
    good, bad = tmp_path / "good.png", tmp_path / "bad.png"
    good.write_bytes(sample_images.png())
    bad.write_bytes(b"no picture")
    async with visit(context, address) as visited:
        page = visited.page
        await use_token(page, home.token)
        await is_ready(page)
        await page.get_by_role("button", name="Show Examples").click()
        await page.get_by_role("button", name="Upload many").click()
        await page.get_by_role("button", name="Show Upload").click()
        await page.get_by_label("$files").set_input_files([good, bad])
        await page.get_by_role("button", name="Run with these files").click()
        await answers(page, '"filename": "good.png"', '"filename": "bad.png"', "UNSUPPORTED")


async def test_a_subscription_shows_what_happens(context: BrowserContext, address: str, home: House) -> None:
    feed = home.services.events.feed
    async with visit(context, address) as visited:
        page = visited.page
        await use_token(page, home.token)
        await run(page, "FollowEvents")
        await until(lambda: feed.subscribers == 1)
        await home.upload(sample_images.png(), filename="seen.png")
        await answers(page, '"type": "IMAGE_UPLOADED"', '"filename": "seen.png"')
        await page.get_by_role("button", name=STOP).click()
        await until(lambda: feed.subscribers == 0)


async def test_a_subscription_works_by_the_cookie_too(
    context: BrowserContext, address: str, home: House
) -> None:
    await home.member("bob")
    async with visit(context, address) as visited:
        await sign_in(visited.page, "bob")
        await run(visited.page, "FollowEvents")
        await until(lambda: home.services.events.feed.subscribers == 1)
        async with visit(context, address) as other:
            await other.page.get_by_role("button", name="Show Examples").click()
            await other.page.get_by_role("button", name="Make an album").click()
            await other.page.get_by_role("button", name=RUN).click()
            await answers(other.page, '"name": "Harbours"')
        await answers(visited.page, '"type": "ALBUM_CREATED"')


async def test_a_subscription_that_is_refused_says_why(context: BrowserContext, address: str) -> None:
    async with visit(context, address) as visited:
        await run(visited.page, "FollowEvents")
        await answers(visited.page, "Authentication required")


@pytest.mark.parametrize(("scheme", "is_dark"), [("dark", True), ("light", False)])
async def test_it_is_as_dark_as_the_system(
    chromium: Browser, address: str, scheme: str, is_dark: bool
) -> None:
    context = await chromium.new_context(color_scheme="dark" if is_dark else "light")
    async with visit(context, address) as visited:
        editor = visited.page.locator(".graphiql-query-editor .monaco-editor").first
        await expect(editor).to_have_class(re.compile("vs-dark" if is_dark else r"\bvs\b"))
        await is_accessible(visited.page, but=NOT_OURS)
        for pane in ("Access", "Examples", "Upload"):
            await visited.page.get_by_role("button", name=f"Show {pane}").click()
            await expect(visited.page.get_by_role("heading", name=pane, exact=True)).to_be_visible()
            await is_accessible(visited.page, but=NOT_OURS)
    await context.close()


async def test_on_a_phone_the_answer_stands_below_what_was_asked(chromium: Browser, address: str) -> None:
    phone = {"width": 390, "height": 844}
    context = await chromium.new_context(viewport=phone)  # type: ignore[arg-type]
    async with visit(context, address) as visited:
        page = visited.page
        await run(page, "LimitsAndUsage")
        await answers(page, '"viewer": null')
        asked = await page.locator(".graphiql-editors").bounding_box()
        answer = await page.locator(".graphiql-response").bounding_box()
        assert asked is not None
        assert answer is not None
        assert answer["y"] >= asked["y"] + asked["height"]
        assert answer["width"] > phone["width"] / 2
        await page.get_by_role("button", name="Show Access").click()
        await expect(page.get_by_label("API token")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") <= phone["width"]
    await context.close()
