"""Panels of the dashboard: transforms, API tokens, webhooks and usage."""

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from app.imaging.geometry import MAX_DIMENSION
from app.imaging.params import MAX_DPR
from app.models import ApiToken, Webhook
from scripts.fixtures import sample_images
from tests.browser.conftest import visit
from tests.browser.test_dashboard import assert_accessible, create_account, dashboard, file, sign_in_on, tile
from tests.pichub import PASSWORD, SIGN_IN, House, code_of, served, sign_in, signed, until
from tests.receivers import LOOPBACK, run_receiver

PRESET = "thumb=w=60&h=40&fm=webp"


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A server with a preset, a quota, a rate limit, and webhooks to this machine.

    It executes trusted documents only: those of the pages, and one of these tests.
    """
    trusted = tmp_path_factory.mktemp("trusted")
    (trusted / "sign-in.graphql").write_text(SIGN_IN)
    settings: dict[str, Any] = {
        "graphql_documents": trusted,
        "presets": PRESET,
        "quota": 50_000_000,
        "limit_api": "5000/minute",
        "webhook_allow_networks": LOOPBACK,
        "worker": "embedded",
    }
    async with served(tmp_path_factory.mktemp("panels") / "data", **settings) as server:
        yield server


async def open_page(page: Page, name: str) -> None:
    await page.get_by_role("link", name=name, exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(name)


class PlaygroundPage:
    """The page \"Transforms\"."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.result = page.locator(".comparison > div").nth(1)

    async def expect_result(self, size: str, query: str) -> None:
        """Wait until a result of this size is displayed, and a URL with this ending."""
        await expect(self.result).to_contain_text(size)
        await expect(self.page.get_by_title(re.compile(f"^http.*{re.escape(query)}$"))).to_be_visible()
        width = int(size.split(" ")[0])
        is_displayed = "(width) => document.querySelector('.workbench-image').naturalWidth === width"
        await self.page.wait_for_function(is_displayed, arg=width)

    async def expect_note(self, text: str) -> None:
        await expect(self.page.get_by_role("region", name="Notes")).to_contain_text(text)


async def test_controls_change_the_url_and_the_result(context: BrowserContext, server: House) -> None:
    token = await create_account(server, "ann")
    image = await server.upload(sample_images.jpeg(300, 200), token=token, filename="quay.jpg")
    async with dashboard(context, server, "ann") as page:
        await open_page(page, "Transforms")
        playground = PlaygroundPage(page)
        await playground.expect_result("300 × 200", ".jpg")
        await expect(playground.result).to_contain_text("Unchanged")
        await page.get_by_role("slider", name="Width, slider").fill("150")
        await playground.expect_result("150 × 100", "?w=150")
        await expect(playground.result).to_contain_text("smaller")
        size = len((await server.client.get(f"/img/{image['id']}.jpg?w=150")).content)
        await expect(page.get_by_title(f"{size:,} B")).to_be_visible()
        await expect(page.get_by_role("slider", name="Height, slider")).to_have_value("100")
        await page.get_by_label("Height", exact=True).fill("150")
        await playground.expect_result("150 × 150", "?w=150&h=150")
        await page.get_by_role("radio", name="Top left").click()
        await playground.expect_result("150 × 150", "?w=150&h=150&pos=top-left")
        await page.get_by_label("Fit", exact=True).select_option("INSIDE")
        await playground.expect_result("150 × 100", "?w=150&h=150&fit=inside")
        await playground.expect_note("pos")
        await page.get_by_label("Fit", exact=True).select_option("CONTAIN")
        await page.get_by_label("Background", exact=True).fill("#ff8800")
        await playground.expect_result("150 × 150", "&fit=contain&bg=f80")
        await page.get_by_role("radio", name="WebP").click()
        await page.get_by_label("Quality", exact=True).fill("30")
        await playground.expect_result("150 × 150", "q=30&bg=f80")
        await expect(playground.result).to_contain_text("WEBP")
        await page.get_by_role("slider", name="Pixel density, slider").fill("2")
        await playground.expect_result("300 × 300", "dpr=2&q=30&bg=f80")
        await page.get_by_role("button", name="Reset").click()
        await playground.expect_result("300 × 200", ".jpg")
        await page.get_by_label("Preset", exact=True).select_option("thumb")
        await playground.expect_result("60 × 40", "w=60&h=40")


async def test_the_selected_image_is_in_the_url(context: BrowserContext, server: House) -> None:
    token = await create_account(server, "cleo")
    first = await server.upload(sample_images.png(), token=token, filename="first.png")
    await server.upload(sample_images.jpeg(300, 200), token=token, filename="second.jpg")
    async with dashboard(context, server, "cleo") as page:
        await open_page(page, "Transforms")
        await expect(page.get_by_role("radio", name="second.jpg")).to_be_checked()
        await page.get_by_role("radio", name="second.jpg").press("ArrowRight")
        await PlaygroundPage(page).expect_result("320 × 240", f"{first['id']}.png")
        await expect(page).to_have_url(re.compile(f"image={first['id']}$"))
        await page.reload()
        await expect(page.get_by_role("radio", name="first.png")).to_be_checked()


async def test_an_invalid_parameter_is_reported_at_its_control(
    context: BrowserContext, server: House
) -> None:
    token = await create_account(server, "dora")
    await server.upload(sample_images.png(), token=token)
    async with dashboard(context, server, "dora") as page:
        await open_page(page, "Transforms")
        await page.get_by_label("Width", exact=True).fill(str(MAX_DIMENSION + 1))
        await expect(page.get_by_label("Width", exact=True)).to_have_attribute("aria-invalid", "true")
        await expect(page.get_by_text(f"{MAX_DIMENSION}").first).to_be_visible()
        density = page.get_by_role("slider", name="Pixel density, slider")
        await expect(density).to_have_attribute("max", str(MAX_DPR))


async def test_a_token_is_created_used_and_revoked(context: BrowserContext, server: House) -> None:
    await create_account(server, "eli")
    await context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.url)
    async with dashboard(context, server, "eli") as page:
        await open_page(page, "API tokens")
        await page.get_by_role("button", name="New token").click()
        await page.get_by_label("Name").fill("PicGo")
        await page.get_by_label("Expiration").select_option(label="30 days")
        await assert_accessible(page)
        await page.get_by_role("button", name="Create token").click()
        created = page.get_by_role("dialog", name="Your new token")
        await created.get_by_role("button", name="Copy: Token").click()
        text = await page.evaluate("navigator.clipboard.readText()")
        await assert_accessible(page)
        await server.upload(sample_images.png(), token=text)
        await download_configuration(created, text)
        await created.get_by_role("button", name="Done, I’ve saved it").click()
        row = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="PicGo"))
        await expect(row).to_contain_text("Upload images")
        await expect(row).to_contain_text("Expires in 30 days")
        await expect(page.get_by_text(text)).to_have_count(0)
        await row.get_by_role("button", name="Revoke").click()
        await page.get_by_role("dialog").get_by_role("button", name="Revoke", exact=True).click()
        await expect(row).to_have_count(0)
        await expect(page.get_by_role("main")).to_be_focused()
    assert (await server.client.get("/v1/account", headers=signed(text))).status_code == 401


async def download_configuration(dialog: Locator, token: str) -> None:
    """Download a configuration for ShareX, which contains the token."""
    await dialog.get_by_text("ShareX", exact=True).click()
    async with dialog.page.expect_download() as downloading:
        await dialog.get_by_role("button", name="Download").first.click()
    download = await downloading.value
    content = json.loads((await download.path()).read_text())
    assert download.suggested_filename.endswith(".sxcu")
    assert content["Headers"]["Authorization"] == f"Bearer {token}"


async def test_a_token_has_the_selected_scopes(context: BrowserContext, server: House) -> None:
    await create_account(server, "fay")
    async with dashboard(context, server, "fay") as page:
        await open_page(page, "API tokens")
        await page.get_by_role("button", name="New token").click()
        await page.get_by_label("Name").fill("reader")
        await page.get_by_label("Custom").check()
        await page.get_by_role("button", name="Create token").click()
        await expect(page.get_by_text("Select at least one permission.")).to_have_count(1)
        await page.get_by_label("Read images").check()
        await page.get_by_label("Read webhooks").check()
        await page.get_by_role("button", name="Create token").click()
        created = page.get_by_role("dialog", name="Your new token")
        await expect(created).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(created.get_by_role("alert")).to_contain_text("You can’t view it again")
        await page.keyboard.press("Escape")
        await expect(created).to_have_count(0)
    token = await ApiToken.get(name="reader")
    assert set(token.scopes) == {"images:read", "webhooks:read"}


async def test_a_webhook_is_created_and_its_deliveries_listed(context: BrowserContext, server: House) -> None:
    await create_account(server, "gil")
    async with run_receiver() as receiver, dashboard(context, server, "gil") as page:
        receiver.respond_with(500, "the disk is full")
        await open_page(page, "Webhooks")
        await page.get_by_role("button", name="New webhook").click()
        await page.get_by_label("URL").fill(receiver.url)
        await page.get_by_label("Description").fill("Builds the site")
        await page.get_by_label("Album created").uncheck()
        await assert_accessible(page)
        await page.get_by_role("button", name="Create webhook").click()
        secret = page.get_by_role("dialog", name="Webhook secret")
        await expect(secret.get_by_label("Secret", exact=True)).to_contain_text("whsec_")
        await secret.get_by_role("button", name="Done, I’ve saved it").click()
        await expect(page.get_by_role("heading", name="Builds the site")).to_be_visible()
        await page.get_by_role("button", name="Send ping").click()
        delivery = page.get_by_role("list", name="Deliveries").get_by_role("listitem")
        await expect(delivery).to_contain_text("Rejected · 500")
        receiver.respond_with(204)
        await delivery.get_by_text("Ping").click()
        await expect(delivery).to_contain_text("the disk is full")
        await delivery.get_by_role("button", name="Redeliver").click()
        await expect(delivery.locator("summary")).to_contain_text("Delivered · 204")
        await expect(delivery.get_by_role("row")).to_have_count(3)
        await assert_accessible(page)
    assert receiver.requests[0].json["type"] == "ping"
    assert set((await Webhook.get(url=receiver.url)).events) == {
        "image.uploaded",
        "image.deleted",
        "album.updated",
    }


async def test_a_webhook_is_edited_disabled_rotated_and_deleted(
    context: BrowserContext, server: House
) -> None:
    token = await create_account(server, "hal")
    webhook = {"url": "http://127.0.0.1:9/hook", "events": ["image.uploaded"]}
    response = await server.client.post("/v1/webhooks", headers=signed(token), json=webhook)
    assert response.status_code in {200, 201}, response.text
    async with dashboard(context, server, "hal") as page:
        await open_page(page, "Webhooks")
        await page.get_by_role("link", name="http://127.0.0.1:9/hook").click()
        await page.get_by_role("button", name="Edit").click()
        await page.get_by_label("Description").fill("Mirror")
        await page.get_by_label("Image deleted").check()
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("heading", name="Mirror")).to_be_visible()
        await page.get_by_role("button", name="Disable").click()
        await expect(page.get_by_text("Disabled", exact=True)).to_be_visible()
        await expect(page.get_by_role("button", name="Send ping")).to_be_disabled()
        await page.get_by_role("button", name="Enable").click()
        await expect(page.get_by_text("Active", exact=True)).to_be_visible()
        await page.get_by_role("button", name="Rotate secret").click()
        await page.get_by_role("dialog").get_by_role("button", name="Rotate secret").click()
        await expect(page.get_by_label("Secret", exact=True)).to_contain_text("whsec_")
        await page.get_by_role("button", name="Done, I’ve saved it").click()
        await page.get_by_role("button", name="Delete").click()
        await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        await expect(page.get_by_role("heading", name="No webhooks yet")).to_be_visible()


async def test_usage_shows_storage_and_rate_limits(context: BrowserContext, server: House) -> None:
    token = await create_account(server, "ida")
    await server.upload(sample_images.jpeg(300, 200), token=token)
    await server.upload(sample_images.png(), token=token)
    async with dashboard(context, server, "ida") as page:
        await open_page(page, "Usage")
        storage = page.get_by_role("region", name="Storage")
        await expect(storage).to_contain_text("2images")
        await expect(storage).to_contain_text("of 48 MB")
        await expect(storage.get_by_role("progressbar")).to_be_visible()
        limits = page.get_by_role("region", name="Rate limits")
        await expect(limits).to_contain_text(re.compile(r"API requests\s*per minute"))
        await expect(limits).to_contain_text(re.compile(r"4,9\d\d of 5,000 left"))


async def test_sessions_are_ended_and_the_password_changed(context: BrowserContext, server: House) -> None:
    await create_account(server, "jun")
    async with server.browser(**{"User-Agent": "Mozilla/5.0 (iPhone) Safari/605"}) as phone:
        await sign_in(phone, "jun")
    async with dashboard(context, server, "jun") as page:
        await open_page(page, "Usage")
        sessions = page.get_by_role("list", name="Sessions").get_by_role("listitem")
        await expect(sessions).to_have_count(2)
        await page.get_by_role("button", name="Sign out Safari on iOS").click()
        await expect(sessions).to_have_count(1)
        await expect(sessions).to_contain_text("This browser")
        await page.get_by_label("Current password").fill("not the password")
        await page.get_by_label("New password").fill("another good password")
        await page.get_by_role("button", name="Change password").click()
        await expect(page.get_by_label("Current password")).to_have_attribute("aria-invalid", "true")
        await page.get_by_label("Current password").fill(PASSWORD)
        await page.get_by_role("button", name="Change password").click()
        await expect(page.get_by_label("Current password")).to_have_value("")
        await page.get_by_role("button", name="Sign out", exact=True).click()
        await sign_in_on(page, "jun", "another good password")
        await expect(page.get_by_role("navigation")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_panels_are_accessible(chromium: Browser, server: House, scheme: Any) -> None:
    token = await create_account(server, f"kit-{scheme}")
    await server.upload(sample_images.png(), token=token)
    webhook = {"url": "http://127.0.0.1:9/hook", "events": ["image.uploaded"]}
    await server.client.post("/v1/webhooks", headers=signed(token), json=webhook)
    phone = {"width": 360, "height": 740}
    context = await chromium.new_context(color_scheme=scheme, locale="zh-CN", viewport=phone)  # type: ignore[arg-type]
    async with visit(context, f"{server.url}/#/playground") as visited:
        page = visited.page
        await page.get_by_label("用户名").fill(f"kit-{scheme}")
        await page.get_by_label("密码").fill(PASSWORD)
        await page.get_by_role("button", name="登录").click()
        elements = {
            "playground": ".workbench-image",
            "tokens": ".item",
            "webhooks": ".item",
            "usage": ".session",
        }
        for name, element in elements.items():
            await page.evaluate("(name) => { location.hash = `#/${name}` }", name)
            await expect(page.locator(element).first).to_be_visible()
            await assert_accessible(page)
            assert await page.evaluate("document.documentElement.scrollWidth") <= phone["width"]
    await context.close()


async def test_the_pages_work_with_trusted_documents_only(context: BrowserContext, server: House) -> None:
    await create_account(server, "max")
    async with dashboard(context, server, "max") as page:
        await until(lambda: server.services.events.feed.subscribers > 0)
        await page.get_by_label("Upload", exact=True).set_input_files([file("mine.png", sample_images.png())])
        await tile(page, "mine.png").click()
        await page.get_by_label("Title").fill("Mine")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("dialog", name="Mine")).to_be_visible()
        await page.keyboard.press("Escape")
        for name in ("Albums", "Categories"):
            await open_page(page, name)
            await expect(page.get_by_role("main").get_by_role("heading", level=2)).to_be_visible()
    assert await code_of(server.client, "{ viewer { username } }") == "DOCUMENT_NOT_TRUSTED"
    page = await context.new_page()  # not visit(): GraphiQL's introspection query is rejected
    await page.goto(f"{server.url}/graphql")
    await expect(page.locator(".graphiql-editor-tool .view-lines").first).to_contain_text("widths")
    await page.get_by_role("button", name="Show Access").click()
    await expect(page.get_by_label("Access", exact=True)).to_contain_text("Signed in as max")
    await page.get_by_role("button", name=re.compile("Execute query")).click()
    await expect(page.locator(".graphiql-response")).to_contain_text("DOCUMENT_NOT_TRUSTED")
