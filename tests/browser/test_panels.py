"""The panels of the dashboard, used as people do: transforms tried out, API tokens, webhooks, usage."""

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
from tests.browser.test_dashboard import enter, file, inside, is_accessible, owner, tile
from tests.pichub import PASSWORD, SIGN_IN, House, code_of, served, sign_in, signed, until
from tests.receivers import HERE, receiving

PRESET = "thumb=w=60&h=40&fm=webp"


@pytest.fixture(scope="module")
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A PicHub with a preset and a quota, that counts requests and tells receivers on this machine.

    Of GraphQL it runs what our own pages ask, and a document of these tests, and nothing else.
    """
    trusted = tmp_path_factory.mktemp("trusted")
    (trusted / "sign-in.graphql").write_text(SIGN_IN)
    settings: dict[str, Any] = {
        "graphql_documents": trusted,
        "presets": PRESET,
        "quota": 50_000_000,
        "limit_api": "5000/minute",
        "webhook_allow_networks": HERE,
        "worker": "embedded",
    }
    async with served(tmp_path_factory.mktemp("panels") / "data", **settings) as home:
        yield home


async def to(page: Page, name: str) -> None:
    await page.get_by_role("link", name=name, exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(name)


class Playground:
    """What one sees and turns there."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.result = page.locator(".comparison > div").nth(1)

    async def says(self, size: str, query: str) -> None:
        """Waits for a result of this size at an address that ends like this, and for the picture to be shown."""
        await expect(self.result).to_contain_text(size)
        await expect(self.page.get_by_title(re.compile(f"^http.*{re.escape(query)}$"))).to_be_visible()
        width = int(size.split(" ")[0])
        drawn = "(width) => document.querySelector('.try-picture').naturalWidth === width"
        await self.page.wait_for_function(drawn, arg=width)

    async def warns(self, text: str) -> None:
        await expect(self.page.get_by_role("region", name="Worth knowing")).to_contain_text(text)


async def test_each_control_changes_the_address_and_the_picture(context: BrowserContext, home: House) -> None:
    token = await owner(home, "ann")
    image = await home.upload(sample_images.jpeg(300, 200), token=token, filename="quay.jpg")
    async with inside(context, home, "ann") as page:
        await to(page, "Transforms")
        tried = Playground(page)
        await tried.says("300 × 200", ".jpg")
        await expect(tried.result).to_contain_text("Delivered as it is")
        await page.get_by_role("slider", name="Width, slider").fill("150")
        await tried.says("150 × 100", "?w=150")
        await expect(tried.result).to_contain_text("smaller")
        weight = len((await home.client.get(f"/img/{image['id']}.jpg?w=150")).content)
        await expect(page.get_by_title(f"{weight:,} B")).to_be_visible()
        await expect(page.get_by_role("slider", name="Height, slider")).to_have_value("100")
        await page.get_by_label("Height", exact=True).fill("150")
        await tried.says("150 × 150", "?w=150&h=150")
        await page.get_by_role("radio", name="Top left").click()
        await tried.says("150 × 150", "?w=150&h=150&pos=top-left")
        await page.get_by_label("Fit", exact=True).select_option("INSIDE")
        await tried.says("150 × 100", "?w=150&h=150&fit=inside")
        await tried.warns("pos")
        await page.get_by_label("Fit", exact=True).select_option("CONTAIN")
        await page.get_by_label("Background", exact=True).fill("#ff8800")
        await tried.says("150 × 150", "&fit=contain&bg=f80")
        await page.get_by_role("radio", name="WebP").click()
        await page.get_by_label("Quality", exact=True).fill("30")
        await tried.says("150 × 150", "q=30&bg=f80")
        await expect(tried.result).to_contain_text("WEBP")
        await page.get_by_role("slider", name="Pixel density, slider").fill("2")
        await tried.says("300 × 300", "dpr=2&q=30&bg=f80")
        await page.get_by_role("button", name="Reset").click()
        await tried.says("300 × 200", ".jpg")
        await page.get_by_label("Preset", exact=True).select_option("thumb")
        await tried.says("60 × 40", "w=60&h=40")


async def test_another_image_is_chosen_and_named_in_the_address(context: BrowserContext, home: House) -> None:
    token = await owner(home, "cleo")
    first = await home.upload(sample_images.png(), token=token, filename="first.png")
    await home.upload(sample_images.jpeg(300, 200), token=token, filename="second.jpg")
    async with inside(context, home, "cleo") as page:
        await to(page, "Transforms")
        await expect(page.get_by_role("radio", name="second.jpg")).to_be_checked()
        await page.get_by_role("radio", name="second.jpg").press("ArrowRight")
        await Playground(page).says("320 × 240", f"{first['id']}.png")
        await expect(page).to_have_url(re.compile(f"image={first['id']}$"))
        await page.reload()
        await expect(page.get_by_role("radio", name="first.png")).to_be_checked()


async def test_what_the_server_does_not_take_is_told_at_its_control(
    context: BrowserContext, home: House
) -> None:
    token = await owner(home, "dora")
    await home.upload(sample_images.png(), token=token)
    async with inside(context, home, "dora") as page:
        await to(page, "Transforms")
        await page.get_by_label("Width", exact=True).fill(str(MAX_DIMENSION + 1))
        await expect(page.get_by_label("Width", exact=True)).to_have_attribute("aria-invalid", "true")
        await expect(page.get_by_text(f"{MAX_DIMENSION}").first).to_be_visible()
        density = page.get_by_role("slider", name="Pixel density, slider")
        await expect(density).to_have_attribute("max", str(MAX_DPR))


async def test_a_token_is_made_shown_once_and_revoked(context: BrowserContext, home: House) -> None:
    await owner(home, "eli")
    await context.grant_permissions(["clipboard-read", "clipboard-write"], origin=home.url)
    async with inside(context, home, "eli") as page:
        await to(page, "API tokens")
        await page.get_by_role("button", name="New token").click()
        await page.get_by_label("Name").fill("PicGo")
        await page.get_by_label("Expires").select_option(label="In 30 days")
        await is_accessible(page)
        await page.get_by_role("button", name="Make the token").click()
        made = page.get_by_role("dialog", name="Your new token")
        await made.get_by_role("button", name="Copy: Token").click()
        text = await page.evaluate("navigator.clipboard.readText()")
        await is_accessible(page)
        await uploads(home, text)
        await configures(made, text)
        await made.get_by_role("button", name="I have kept it").click()
        row = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="PicGo"))
        await expect(row).to_contain_text("Upload images")
        await expect(row).to_contain_text("Expires in 30 days")
        await expect(page.get_by_text(text)).to_have_count(0)
        await row.get_by_role("button", name="Revoke").click()
        await page.get_by_role("dialog").get_by_role("button", name="Revoke", exact=True).click()
        await expect(row).to_have_count(0)
        await expect(page.get_by_role("main")).to_be_focused()
    assert (await home.client.get("/v1/account", headers=signed(text))).status_code == 401


async def uploads(home: House, token: str) -> None:
    await home.upload(sample_images.png(), token=token)


async def configures(dialog: Locator, token: str) -> None:
    """Downloads a tool's configuration, which has the token inside."""
    await dialog.get_by_text("ShareX", exact=True).click()
    async with dialog.page.expect_download() as downloading:
        await dialog.get_by_role("button", name="Download").first.click()
    download = await downloading.value
    content = json.loads((await download.path()).read_text())
    assert download.suggested_filename.endswith(".sxcu")
    assert content["Headers"]["Authorization"] == f"Bearer {token}"


async def test_a_token_has_the_scopes_that_one_ticks(context: BrowserContext, home: House) -> None:
    await owner(home, "fay")
    async with inside(context, home, "fay") as page:
        await to(page, "API tokens")
        await page.get_by_role("button", name="New token").click()
        await page.get_by_label("Name").fill("reader")
        await page.get_by_label("Some scopes").check()
        await page.get_by_role("button", name="Make the token").click()
        await expect(page.get_by_text("Choose at least one scope, or a preset")).to_have_count(2)
        await page.get_by_label("See images").check()
        await page.get_by_label("See webhooks").check()
        await page.get_by_role("button", name="Make the token").click()
        made = page.get_by_role("dialog", name="Your new token")
        await expect(made).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(made.get_by_role("alert")).to_contain_text("It will not be shown again")
        await page.keyboard.press("Escape")
        await expect(made).to_have_count(0)
    token = await ApiToken.get(name="reader")
    assert set(token.scopes) == {"images:read", "webhooks:read"}


async def test_a_webhook_is_made_pinged_and_seen_to_deliver(context: BrowserContext, home: House) -> None:
    await owner(home, "gil")
    async with receiving() as receiver, inside(context, home, "gil") as page:
        receiver.says(500, "the disk is full")
        await to(page, "Webhooks")
        await page.get_by_role("button", name="New webhook").click()
        await page.get_by_label("Address").fill(receiver.url)
        await page.get_by_label("Description").fill("Builds the site")
        await page.get_by_label("Album made").uncheck()
        await is_accessible(page)
        await page.get_by_role("button", name="Make the webhook").click()
        secret = page.get_by_role("dialog", name="Its secret")
        await expect(secret.get_by_label("Secret", exact=True)).to_contain_text("whsec_")
        await secret.get_by_role("button", name="I have kept it").click()
        await expect(page.get_by_role("heading", name="Builds the site")).to_be_visible()
        await page.get_by_role("button", name="Send a ping").click()
        delivery = page.get_by_role("list", name="Deliveries").get_by_role("listitem")
        await expect(delivery).to_contain_text("Refused by the receiver · 500")
        receiver.says(204)
        await delivery.get_by_text("Ping").click()
        await expect(delivery).to_contain_text("the disk is full")
        await delivery.get_by_role("button", name="Send again").click()
        await expect(delivery.locator("summary")).to_contain_text("Delivered · 204")
        await expect(delivery.get_by_role("row")).to_have_count(3)
        await is_accessible(page)
    assert receiver.received[0].json["type"] == "ping"
    assert set((await Webhook.get(url=receiver.url)).events) == {
        "image.uploaded",
        "image.deleted",
        "album.updated",
    }


async def test_a_webhook_is_changed_disabled_given_a_new_secret_and_deleted(
    context: BrowserContext, home: House
) -> None:
    token = await owner(home, "hal")
    said = {"url": "http://127.0.0.1:9/hook", "events": ["image.uploaded"]}
    made = await home.client.post("/v1/webhooks", headers=signed(token), json=said)
    assert made.status_code in {200, 201}, made.text
    async with inside(context, home, "hal") as page:
        await to(page, "Webhooks")
        await page.get_by_role("link", name="http://127.0.0.1:9/hook").click()
        await page.get_by_role("button", name="Edit").click()
        await page.get_by_label("Description").fill("Mirror")
        await page.get_by_label("Image deleted").check()
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("heading", name="Mirror")).to_be_visible()
        await page.get_by_role("button", name="Disable").click()
        await expect(page.get_by_text("Disabled", exact=True)).to_be_visible()
        await expect(page.get_by_role("button", name="Send a ping")).to_be_disabled()
        await page.get_by_role("button", name="Enable").click()
        await expect(page.get_by_text("Active", exact=True)).to_be_visible()
        await page.get_by_role("button", name="New secret").click()
        await page.get_by_role("dialog").get_by_role("button", name="New secret").click()
        await expect(page.get_by_label("Secret", exact=True)).to_contain_text("whsec_")
        await page.get_by_role("button", name="I have kept it").click()
        await page.get_by_role("button", name="Delete").click()
        await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        await expect(page.get_by_role("heading", name="No webhooks yet")).to_be_visible()


async def test_usage_says_what_is_kept_and_what_is_left(context: BrowserContext, home: House) -> None:
    token = await owner(home, "ida")
    await home.upload(sample_images.jpeg(300, 200), token=token)
    await home.upload(sample_images.png(), token=token)
    async with inside(context, home, "ida") as page:
        await to(page, "Usage")
        storage = page.get_by_role("region", name="Storage")
        await expect(storage).to_contain_text("2images in your library")
        await expect(storage).to_contain_text("of 48 MB")
        await expect(storage.get_by_role("progressbar")).to_be_visible()
        limits = page.get_by_role("region", name="Limits")
        await expect(limits).to_contain_text(re.compile(r"Requests to the API\s*per minute"))
        await expect(limits).to_contain_text(re.compile(r"4,9\d\d of 5,000 left"))


async def test_other_browsers_are_signed_out_and_the_password_is_changed(
    context: BrowserContext, home: House
) -> None:
    await owner(home, "jun")
    async with home.browser(**{"User-Agent": "Mozilla/5.0 (iPhone) Safari/605"}) as phone:
        await sign_in(phone, "jun")
    async with inside(context, home, "jun") as page:
        await to(page, "Usage")
        sessions = page.get_by_role("list", name="Where you are signed in").get_by_role("listitem")
        await expect(sessions).to_have_count(2)
        await page.get_by_role("button", name="Sign out Safari on iOS").click()
        await expect(sessions).to_have_count(1)
        await expect(sessions).to_contain_text("This browser")
        await page.get_by_label("Current password").fill("not the password")
        await page.get_by_label("New password").fill("another good password")
        await page.get_by_role("button", name="Change the password").click()
        await expect(page.get_by_label("Current password")).to_have_attribute("aria-invalid", "true")
        await page.get_by_label("Current password").fill(PASSWORD)
        await page.get_by_role("button", name="Change the password").click()
        await expect(page.get_by_label("Current password")).to_have_value("")
        await page.get_by_role("button", name="Sign out", exact=True).click()
        await enter(page, "jun", "another good password")
        await expect(page.get_by_role("navigation")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_panels_can_be_read_by_all(chromium: Browser, home: House, scheme: Any) -> None:
    token = await owner(home, f"kit-{scheme}")
    await home.upload(sample_images.png(), token=token)
    said = {"url": "http://127.0.0.1:9/hook", "events": ["image.uploaded"]}
    await home.client.post("/v1/webhooks", headers=signed(token), json=said)
    phone = {"width": 360, "height": 740}
    context = await chromium.new_context(color_scheme=scheme, locale="zh-CN", viewport=phone)  # type: ignore[arg-type]
    async with visit(context, f"{home.url}/#/playground") as visited:
        page = visited.page
        await page.get_by_label("用户名").fill(f"kit-{scheme}")
        await page.get_by_label("密码").fill(PASSWORD)
        await page.get_by_role("button", name="登录").click()
        shown = {"playground": ".try-picture", "tokens": ".item", "webhooks": ".item", "usage": ".session"}
        for name, part in shown.items():
            await page.evaluate("(name) => { location.hash = `#/${name}` }", name)
            await expect(page.locator(part).first).to_be_visible()
            await is_accessible(page)
            assert await page.evaluate("document.documentElement.scrollWidth") <= phone["width"]
    await context.close()


async def test_where_trusted_documents_alone_are_run_our_pages_work_and_nothing_else_does(
    context: BrowserContext, home: House
) -> None:
    await owner(home, "max")
    async with inside(context, home, "max") as page:
        await until(lambda: home.services.events.feed.subscribers > 0)
        await page.get_by_label("Upload", exact=True).set_input_files([file("mine.png", sample_images.png())])
        await tile(page, "mine.png").click()
        await page.get_by_label("Title").fill("Mine")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("dialog", name="Mine")).to_be_visible()
        await page.keyboard.press("Escape")
        for name in ("Albums", "Categories"):
            await to(page, name)
            await expect(page.get_by_role("main").get_by_role("heading", level=2)).to_be_visible()
    assert await code_of(home.client, "{ viewer { username } }") == "DOCUMENT_NOT_TRUSTED"
    page = await context.new_page()  # no visit: GraphiQL asks for the schema, and is refused
    await page.goto(f"{home.url}/graphql")
    await expect(page.locator(".graphiql-editor-tool .view-lines").first).to_contain_text("widths")
    await page.get_by_role("button", name="Show Access").click()
    await expect(page.get_by_label("Access", exact=True)).to_contain_text("You act as max, signed in")
    await page.get_by_role("button", name=re.compile("Execute query")).click()
    await expect(page.locator(".graphiql-response")).to_contain_text("DOCUMENT_NOT_TRUSTED")
