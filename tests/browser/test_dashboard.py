"""Dashboard in a headless browser. Each visit must end without console errors or failed requests."""

import re
from base64 import b64encode
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, FilePayload, Page, WebSocketRoute, expect

from app.auth import tokens
from app.auth.actor import Scope
from app.models import Account, Album, Image, Role
from app.web.pages import BUILT
from scripts.fixtures import sample_images
from tests.browser.conftest import visit
from tests.pichub import PASSWORD, House, ask, served, until

SERIOUS_VIOLATIONS = """
    async (exclude) => (await axe.run({ exclude }, { resultTypes: ['violations'] })).violations
        .filter(({ impact }) => ['serious', 'critical'].includes(impact))
        .map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])
"""
AXE = BUILT.parent / "ui" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A server with sign-up by invitation, and limits of 8 uploads per minute and 300 KB per file."""
    folder = tmp_path_factory.mktemp("dashboard") / "data"
    async with served(
        folder, sign_up="invitation", max_upload_size=300_000, limit_upload="8/minute"
    ) as server:
        yield server


async def create_account(server: House, name: str) -> str:
    """Create an account with the test password. Returns an API token of it."""
    account = await server.member(name)
    _, token = await tokens.create(account, name="Test", scopes=Scope, now=server.services.clock())
    return token


async def sign_in_on(page: Page, name: str, password: str = PASSWORD) -> None:
    await page.get_by_label("Username").fill(name)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Sign in").click()


@asynccontextmanager
async def dashboard(context: BrowserContext, server: House, name: str) -> AsyncIterator[Page]:
    """Open the dashboard and sign in to the account."""
    async with visit(context, server.url) as visited:
        await sign_in_on(visited.page, name)
        await expect(visited.page.get_by_role("navigation")).to_be_visible()
        yield visited.page


def tile(page: Page, name: str, action: str = "Open") -> Any:
    return page.get_by_role("button", name=f"{action} {name}", exact=True)


def file(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "image/png", "buffer": content}


async def assert_accessible(page: Page, *, exclude: Iterable[str] = ()) -> None:
    """Require that axe finds no serious violations, except in excluded elements.

    The script is evaluated by the browser's debugger, which bypasses the page's policy.
    """
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE.read_text())
    assert await page.evaluate(SERIOUS_VIOLATIONS, list(exclude)) == []


async def test_sign_in_leads_to_the_empty_gallery(context: BrowserContext, server: House) -> None:
    await create_account(server, "ann")
    async with visit(context, server.url) as visited:
        page = visited.page
        await sign_in_on(page, "ann", "not the password")
        await expect(page.get_by_role("alert")).to_have_text(
            "Incorrect username or password, or the account is disabled."
        )
        await sign_in_on(page, "ann")
        await expect(page.get_by_role("heading", name="Upload your first image")).to_be_visible()
        await page.reload()
        await expect(page.get_by_role("heading", name="Upload your first image")).to_be_visible()
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


async def test_sign_up_with_an_invitation(context: BrowserContext, server: House) -> None:
    await server.forget("guest")
    async with server.signed_in("boss", role=Role.ADMIN) as admin:
        created = await ask(admin, "mutation { createInvitation { code } }")
    async with visit(context, server.url) as visited:
        page = visited.page
        await page.get_by_role("link", name="I have an invitation").click()
        await page.get_by_label("Invitation code").fill("nonsense")
        await page.get_by_label("Username").fill("guest")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Create account").click()
        await expect(page.get_by_label("Invitation code")).to_have_attribute("aria-invalid", "true")
        await page.get_by_label("Invitation code").fill(created["createInvitation"]["code"])
        await page.get_by_role("button", name="Create account").click()
        await expect(page.get_by_role("heading", name="Upload your first image")).to_be_visible()


async def test_rejected_files_show_the_reason(context: BrowserContext, server: House) -> None:
    await create_account(server, "bea")
    files = [
        file("harbour.png", sample_images.png()),
        file("text.png", b"not an image"),
        file("huge.png", bytes(400_000)),
        file("dunes.png", sample_images.png()),
    ]
    async with dashboard(context, server, "bea") as page:
        await page.get_by_label("Upload").set_input_files(files)
        await expect(tile(page, "harbour.png")).to_be_visible()
        await expect(tile(page, "dunes.png")).to_be_visible()
        uploads = page.get_by_role("region", name="Uploads")
        await expect(uploads).to_contain_text("2 of 4 uploaded · 2 failed")
        await expect(uploads).to_contain_text("Unsupported file type. Upload a JPG, PNG, WebP or GIF.")
        await expect(uploads).to_contain_text("File too large. The maximum is 293 kB; this file is 391 kB.")
        await assert_accessible(page)
        await uploads.get_by_role("button", name="Retry text.png").click()
        await expect(uploads).to_contain_text("2 of 4 uploaded · 2 failed")
        await uploads.get_by_role("button", name="Clear list").click()
        await expect(uploads).to_be_hidden()
        await expect(page.get_by_text("2 images", exact=True)).to_be_visible()


async def test_rate_limited_uploads_continue_automatically(context: BrowserContext, server: House) -> None:
    await create_account(server, "bob")
    async with dashboard(context, server, "bob") as page:
        files = [file(f"{number}.png", sample_images.png()) for number in range(9)]
        await page.get_by_label("Upload").set_input_files(files)
        uploads = page.get_by_role("region", name="Uploads")
        await expect(uploads).to_contain_text("8 of 9 uploaded")
        await expect(uploads).to_contain_text(re.compile("Rate limit reached. Continues automatically at"))
        await assert_accessible(page)


async def test_files_are_dropped_and_pasted(context: BrowserContext, server: House) -> None:
    await create_account(server, "cleo")
    async with dashboard(context, server, "cleo") as page:
        dispatch = """(kind) => {
            const data = new DataTransfer();
            const bytes = Uint8Array.from(atob(window.encoded), (character) => character.charCodeAt(0));
            data.items.add(new File([bytes], kind + '.png', { type: 'image/png' }));
            const options = { bubbles: true, cancelable: true };
            document.body.dispatchEvent(kind === 'paste'
                ? new ClipboardEvent(kind, { ...options, clipboardData: data })
                : new DragEvent(kind, { ...options, dataTransfer: data }));
        }"""
        encoded = b64encode(sample_images.png()).decode()
        await page.evaluate("(encoded) => { window.encoded = encoded }", encoded)
        await page.evaluate(dispatch, "dragenter")
        await expect(page.get_by_text("Drop images to upload")).to_be_visible()
        await assert_accessible(page)
        await page.evaluate(dispatch, "drop")
        await page.evaluate(dispatch, "paste")
        await expect(tile(page, "drop.png")).to_be_visible()
        await expect(tile(page, "paste.png")).to_be_visible()
        await expect(page.get_by_text("Drop images to upload")).to_be_hidden()


async def test_an_upload_is_canceled(context: BrowserContext, server: House) -> None:
    await create_account(server, "dora")
    async with dashboard(context, server, "dora") as page:
        session = await page.context.new_cdp_session(page)
        slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 20_000}
        await session.send("Network.emulateNetworkConditions", slow)
        await page.get_by_label("Upload").set_input_files([file("slow.png", bytes(290_000))])
        await expect(page.get_by_role("progressbar", name="Progress of slow.png")).to_be_visible()
        await page.get_by_role("button", name="Cancel slow.png").click()
        await expect(page.get_by_role("region", name="Uploads")).to_be_hidden()
        await session.detach()
    assert await Image.filter(filename="slow.png").count() == 0


async def test_changes_by_other_clients_appear_immediately(context: BrowserContext, server: House) -> None:
    token = await create_account(server, "eli")
    async with dashboard(context, server, "eli") as page:
        await expect(page.get_by_role("heading", name="Upload your first image")).to_be_visible()
        await until(lambda: server.services.events.feed.subscribers > 0)
        image = await server.upload(sample_images.png(), token=token, filename="from-a-tool.png")
        await expect(tile(page, "from-a-tool.png").locator(".loaded")).to_be_visible()
        response = await server.client.delete(
            f"/v1/images/{image['id']}", headers={"Authorization": f"Bearer {token}"}
        )
        assert response.status_code == 200
        await expect(page.get_by_role("heading", name="Upload your first image")).to_be_visible()


async def test_missed_events_arrive_after_a_reconnect(context: BrowserContext, server: House) -> None:
    token = await create_account(server, "eva")
    sockets: list[WebSocketRoute] = []

    def forward(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        socket.connect_to_server()

    await context.route_web_socket("**/graphql", forward)
    async with dashboard(context, server, "eva") as page:
        await until(lambda: server.services.events.feed.subscribers > 0)
        await server.upload(sample_images.png(), token=token, filename="before.png")
        await expect(tile(page, "before.png")).to_be_visible()
        await sockets[0].close(code=1012, reason="The server restarts")
        await server.upload(sample_images.png(), token=token, filename="meanwhile.png")
        await expect(tile(page, "meanwhile.png")).to_be_visible()
    assert len(sockets) == 2


async def test_images_are_selected_and_deleted(context: BrowserContext, server: House) -> None:
    token = await create_account(server, "fay")
    for name in "abcdef":
        await server.upload(sample_images.png(), token=token, filename=f"{name}.png")
    async with dashboard(context, server, "fay") as page:
        await tile(page, "e.png").hover()
        await page.get_by_role("checkbox", name="Select e.png").click()
        await tile(page, "c.png").click(modifiers=["Shift"])
        await expect(page.get_by_role("toolbar")).to_contain_text("3 selected")
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("toolbar")).to_be_hidden()
        await page.keyboard.press("ArrowRight")
        await page.keyboard.press("Space")
        await page.keyboard.press("Shift+End")
        await expect(page.get_by_role("toolbar")).to_contain_text("2 selected")
        await page.keyboard.press("Delete")
        dialog = page.get_by_role("dialog", name="Delete 2 images?")
        await assert_accessible(page)
        await dialog.get_by_role("button", name="Delete").click()
        await expect(tile(page, "a.png")).to_be_hidden()
        await expect(page.get_by_text("4 images", exact=True)).to_be_visible()
        await expect(dialog).to_be_hidden()
        await expect(tile(page, "c.png")).to_be_focused()
        await page.set_viewport_size({"width": 360, "height": 400})
        await page.keyboard.press("Home")
        await expect(tile(page, "f.png")).to_be_focused()
        focused, bar = await tile(page, "f.png").bounding_box(), await page.locator(".sidebar").bounding_box()
        assert focused is not None
        assert bar is not None
        assert focused["y"] >= bar["y"] + bar["height"], "the top bar must not cover the focused tile"
    assert await Image.filter(filename__in=["a.png", "b.png"], owner__username="fay").count() == 0


async def test_images_are_searched_and_sorted(context: BrowserContext, server: House) -> None:
    token = await create_account(server, "gil")
    for name in ("b-sea.png", "a-sea.png", "c-land.png"):
        await server.upload(sample_images.png(), token=token, filename=name)
    async with dashboard(context, server, "gil") as page:
        images = page.get_by_role("list", name="Images").get_by_role("listitem")
        await expect(images).to_have_count(3)
        await page.get_by_label("Search images").fill("sea")
        await page.get_by_label("Sort by").select_option(label="Name")
        await expect(images).to_have_text(["a-sea.png", "b-sea.png"])
        await page.get_by_label("Search images").fill("nothing has this name")
        await expect(page.get_by_role("heading", name="No images found")).to_be_visible()
        await page.get_by_role("button", name="Clear search").click()
        await expect(images).to_have_count(3)


async def test_details_are_edited_and_links_copied(context: BrowserContext, server: House) -> None:
    token = await create_account(server, "hal")
    image = await server.upload(sample_images.png(), token=token, filename="pier.png")
    await context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.url)
    async with dashboard(context, server, "hal") as page:
        await tile(page, "pier.png").click()
        dialog = page.get_by_role("dialog", name="pier.png")
        await dialog.get_by_role("button", name="Copy: Markdown").click()
        await expect(dialog.get_by_role("button", name="Copied: Markdown")).to_be_visible()
        copied = await page.evaluate("navigator.clipboard.readText()")
        assert copied == f"![pier.png]({server.url}/img/{image['id']}.png)"
        await dialog.get_by_label("Title").fill("The pier at dawn")
        await dialog.get_by_label("Tags").fill("sea, dawn")
        await dialog.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("dialog", name="The pier at dawn")).to_be_visible()
        await assert_accessible(page)
        await page.keyboard.press("Escape")
        await expect(tile(page, "The pier at dawn")).to_be_focused()
    assert (await Image.get(id=image["id"])).tags == ["sea", "dawn"]


async def test_images_are_moved_to_an_album(context: BrowserContext, server: House) -> None:
    token = await create_account(server, "ida")
    await server.upload(sample_images.png(), token=token, filename="mine.png")
    async with dashboard(context, server, "ida") as page:
        await page.get_by_role("link", name="Albums").click()
        await page.get_by_role("button", name="New album").click()
        await page.get_by_label("Name").fill("Harbours")
        await page.get_by_label("Public").uncheck()
        await page.get_by_role("dialog").get_by_role("button", name="New album").click()
        await expect(page.get_by_role("heading", name="Harbours")).to_be_visible()
        await expect(page.get_by_role("heading", name="This album is empty")).to_be_visible()
        await page.get_by_label("Upload").set_input_files([file("direct.png", sample_images.png())])
        await expect(tile(page, "direct.png")).to_be_visible()
        await page.get_by_role("link", name="Images", exact=True).click()
        await tile(page, "mine.png").focus()
        await page.keyboard.press("Space")
        await page.get_by_role("button", name="Move to album").click()
        await page.get_by_role("dialog").get_by_label("Album").select_option(label="Harbours")
        await assert_accessible(page)
        await page.get_by_role("dialog").get_by_role("button", name="Move to album").click()
        await expect(page.get_by_role("dialog")).to_be_hidden()
        await expect(tile(page, "mine.png")).to_be_focused()
        await page.get_by_role("link", name="Albums").click()
        await expect(page.get_by_role("link", name="Harbours")).to_contain_text("2 images")
        await assert_accessible(page)
        await page.get_by_role("link", name="Harbours").click()
        await expect(tile(page, "mine.png")).to_be_visible()
        await page.get_by_role("button", name="Delete").click()
        await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        await expect(page.get_by_role("heading", name="No albums yet")).to_be_visible()
    assert await Album.filter(name="Harbours").count() == 0
    assert await Image.filter(owner__username="ida").count() == 2


async def test_the_language_follows_the_browser_until_changed(chromium: Browser, server: House) -> None:
    await create_account(server, "jun")
    context = await chromium.new_context(locale="zh-CN")
    async with visit(context, server.url) as visited:
        page = visited.page
        await expect(page.get_by_role("heading", name="登录")).to_be_visible()
        assert await page.get_attribute("html", "lang") == "zh-CN"
        await page.get_by_label("语言").select_option(label="English")
        await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        await page.reload()
        await sign_in_on(page, "jun")
        await page.get_by_label("Language").select_option(label="简体中文")
        await expect(page.get_by_role("heading", name="上传您的第一张图片")).to_be_visible()
        await assert_accessible(page)
    await context.close()


async def test_images_are_assigned_to_categories(context: BrowserContext, server: House) -> None:
    await create_account(server, "joy")
    async with dashboard(context, server, "joy") as page:
        await page.get_by_role("link", name="Categories").click()
        await page.get_by_role("button", name="New category").click()
        await assert_accessible(page)
        await page.get_by_label("Name").fill("Sketches")
        await page.get_by_role("dialog").get_by_role("button", name="New category").click()
        await page.get_by_role("button", name="Edit Sketches").click()
        await page.get_by_label("Name").fill("Drawings")
        await page.get_by_role("button", name="Save").click()
        await assert_accessible(page)
        await page.get_by_role("link", name="Drawings").click()
        await expect(page.get_by_role("heading", name="This category is empty")).to_be_visible()
        await page.get_by_label("Upload", exact=True).set_input_files([file("ink.png", sample_images.png())])
        await expect(tile(page, "ink.png")).to_be_visible()
        await page.get_by_label("Category").select_option(label="All categories")
        await page.get_by_label("Upload", exact=True).set_input_files(
            [file("snapshot.png", sample_images.png())]
        )
        await tile(page, "snapshot.png").click()
        await page.get_by_role("dialog").get_by_label("Category").select_option(label="Drawings")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("dialog").get_by_label("Category")).to_have_value(re.compile("^cat_"))
        await page.keyboard.press("Escape")
        await page.get_by_label("Category").select_option(label="Drawings")
        await expect(page.get_by_role("list", name="Images").get_by_role("listitem")).to_have_count(2)
        await page.get_by_role("link", name="Categories").click()
        await page.get_by_role("button", name="Delete Drawings").click()
        await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        await expect(page.get_by_role("heading", name="No categories yet")).to_be_visible()
    assert await Image.filter(owner__username="joy", category_id=None).count() == 2


async def test_errors_are_translated_with_their_facts(chromium: Browser, server: House) -> None:
    token = await create_account(server, "lin")
    await server.upload(sample_images.png(), token=token)
    context = await chromium.new_context(locale="zh-CN")
    async with visit(context, f"{server.url}/#/sign-up?invitation=none") as visited:
        page = visited.page
        await page.get_by_label("用户名").fill("?")
        await page.get_by_label("密码").fill("0123456789")
        await page.get_by_role("button", name="创建账号").click()
        await expect(page.get_by_role("alert")).to_contain_text("须为 3 到 64 个字符")
        await page.goto(f"{server.url}/#/")
        await page.get_by_label("用户名").fill("lin")
        await page.get_by_label("密码").fill(PASSWORD)
        await page.get_by_role("button", name="登录").click()
        await expect(tile(page, "picture.png", "打开")).to_be_visible()
        await Account.filter(username="lin").update(quota=1_000_000, bytes_used=950_000)
        files = [
            file("a.png", b"not an image"),
            file("b.png", bytes(400_000)),
            file("c.png", sample_images.png()),
        ]
        await page.get_by_label("上传", exact=True).set_input_files(files)
        uploads = page.get_by_role("region", name="上传")
        await expect(uploads).to_contain_text("3 个未能上传")
        await expect(uploads).to_contain_text("不支持的文件类型。请上传 JPG、PNG、WebP 或 GIF。")
        await expect(uploads).to_contain_text("文件太大：最大为 293 kB，该文件为 391 kB。")
        await expect(uploads).to_contain_text(re.compile("空间不足：配额 .*，已用 .*。请先删除一些图片。"))
        await assert_accessible(page)
        text = re.sub(r"[abc]\.png|JPG|PNG|WebP|GIF|[kKM]i?B", "", await uploads.inner_text())
        assert not re.search("[A-Za-z]{2}", text)
    await context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_all_pages_are_accessible(chromium: Browser, server: House, scheme: Any) -> None:
    token = await create_account(server, f"kit-{scheme}")
    await server.upload(sample_images.png(), token=token)
    context = await chromium.new_context(color_scheme=scheme, viewport={"width": 360, "height": 740})
    async with visit(context, server.url) as visited:
        page = visited.page
        await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        await assert_accessible(page)
        await sign_in_on(page, f"kit-{scheme}")
        await expect(tile(page, "picture.png")).to_be_visible()
        await assert_accessible(page)
        for name in ("Albums", "Categories", "Transforms", "API tokens", "Webhooks", "Usage"):
            await page.get_by_role("button", name="Menu").click()
            await page.get_by_role("link", name=name).click()
            await expect(page.get_by_role("heading", level=1)).to_have_text(name)
            await assert_accessible(page)
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360
    await context.close()


async def test_the_navigation_is_a_sidebar_or_a_top_bar(context: BrowserContext, server: House) -> None:
    await create_account(server, "lou")
    async with dashboard(context, server, "lou") as page:
        main = page.get_by_role("main")
        wide = await main.bounding_box()
        assert wide is not None
        assert (wide["x"], wide["y"]) == (232, 0)
        await page.set_viewport_size({"width": 360, "height": 740})
        narrow = await main.bounding_box()
        assert narrow is not None
        assert narrow["x"] == 0
        assert narrow["y"] < 80
        await expect(page.get_by_role("navigation")).to_be_hidden()
