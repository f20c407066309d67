"""The dashboard, used as people do: in a browser that nobody sees. On none of these visits may anything go wrong."""

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

SERIOUS = """
    async (exclude) => (await axe.run({ exclude }, { resultTypes: ['violations'] })).violations
        .filter(({ impact }) => ['serious', 'critical'].includes(impact))
        .map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])
"""
AXE = BUILT.parent / "ui" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A PicHub that takes 8 files a minute of up to 300 KB each, and to which people are invited."""
    folder = tmp_path_factory.mktemp("dashboard") / "data"
    async with served(folder, sign_up="invitation", max_upload_size=300_000, limit_upload="8/minute") as home:
        yield home


async def owner(home: House, name: str) -> str:
    """A token of a new account that signs in with the password of tests."""
    account = await home.member(name)
    _, token = await tokens.create(account, name="Test", scopes=Scope, now=home.services.clock())
    return token


async def enter(page: Page, name: str, password: str = PASSWORD) -> None:
    await page.get_by_label("Username").fill(name)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Sign in").click()


@asynccontextmanager
async def inside(context: BrowserContext, home: House, name: str) -> AsyncIterator[Page]:
    """The dashboard, with this account signed in."""
    async with visit(context, home.url) as visited:
        await enter(visited.page, name)
        await expect(visited.page.get_by_role("navigation")).to_be_visible()
        yield visited.page


def tile(page: Page, name: str, word: str = "Open") -> Any:
    return page.get_by_role("button", name=f"{word} {name}", exact=True)


def file(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "image/png", "buffer": content}


async def is_accessible(page: Page, *, but: Iterable[str] = ()) -> None:
    """Fails on what axe finds serious, `but` in elements that are not ours. It is run past the page's policy, as the
    tools of a developer are."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE.read_text())
    assert await page.evaluate(SERIOUS, list(but)) == []


async def test_who_signs_in_finds_out_how_to_begin(context: BrowserContext, home: House) -> None:
    await owner(home, "ann")
    async with visit(context, home.url) as visited:
        page = visited.page
        await enter(page, "ann", "not the password")
        await expect(page.get_by_role("alert")).to_have_text("The username or the password is not right")
        await enter(page, "ann")
        await expect(page.get_by_role("heading", name="Your first pictures")).to_be_visible()
        await page.reload()
        await expect(page.get_by_role("heading", name="Your first pictures")).to_be_visible()
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


async def test_who_was_invited_makes_an_account(context: BrowserContext, home: House) -> None:
    await home.forget("guest")
    async with home.signed_in("boss", role=Role.ADMIN) as admin:
        made = await ask(admin, "mutation { createInvitation { code } }")
    async with visit(context, home.url) as visited:
        page = visited.page
        await page.get_by_role("link", name="I have an invitation").click()
        await page.get_by_label("Invitation").fill("nonsense")
        await page.get_by_label("Username").fill("guest")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Make an account").click()
        await expect(page.get_by_label("Invitation")).to_have_attribute("aria-invalid", "true")
        await page.get_by_label("Invitation").fill(made["createInvitation"]["code"])
        await page.get_by_role("button", name="Make an account").click()
        await expect(page.get_by_role("heading", name="Your first pictures")).to_be_visible()


async def test_files_are_uploaded_at_once_and_a_refused_one_says_why(
    context: BrowserContext, home: House
) -> None:
    await owner(home, "bea")
    chosen = [
        file("harbour.png", sample_images.png()),
        file("words.png", b"no picture"),
        file("huge.png", bytes(400_000)),
        file("dunes.png", sample_images.png()),
    ]
    async with inside(context, home, "bea") as page:
        await page.get_by_label("Upload").set_input_files(chosen)
        await expect(tile(page, "harbour.png")).to_be_visible()
        await expect(tile(page, "dunes.png")).to_be_visible()
        uploads = page.get_by_role("region", name="Uploads")
        await expect(uploads).to_contain_text("2 of 4 uploaded · 2 not uploaded")
        await expect(uploads).to_contain_text("Upload a JPG, PNG, WebP or GIF")
        await expect(uploads).to_contain_text("The file is too large")
        await is_accessible(page)
        await uploads.get_by_role("button", name="Try words.png again").click()
        await expect(uploads).to_contain_text("2 of 4 uploaded · 2 not uploaded")
        await uploads.get_by_role("button", name="Clear the list").click()
        await expect(uploads).to_be_hidden()
        await expect(page.get_by_text("2 images", exact=True)).to_be_visible()


async def test_who_uploads_too_much_at_once_is_told_when_it_goes_on(
    context: BrowserContext, home: House
) -> None:
    await owner(home, "bob")
    async with inside(context, home, "bob") as page:
        chosen = [file(f"{number}.png", sample_images.png()) for number in range(9)]
        await page.get_by_label("Upload").set_input_files(chosen)
        uploads = page.get_by_role("region", name="Uploads")
        await expect(uploads).to_contain_text("8 of 9 uploaded")
        await expect(uploads).to_contain_text(re.compile("The server takes more at .* goes on by itself"))
        await is_accessible(page)


async def test_files_are_dropped_and_pasted_anywhere(context: BrowserContext, home: House) -> None:
    await owner(home, "cleo")
    async with inside(context, home, "cleo") as page:
        give = """(kind) => {
            const data = new DataTransfer();
            const bytes = Uint8Array.from(atob(window.picture), (letter) => letter.charCodeAt(0));
            data.items.add(new File([bytes], kind + '.png', { type: 'image/png' }));
            const how = { bubbles: true, cancelable: true };
            document.body.dispatchEvent(kind === 'paste'
                ? new ClipboardEvent(kind, { ...how, clipboardData: data })
                : new DragEvent(kind, { ...how, dataTransfer: data }));
        }"""
        encoded = b64encode(sample_images.png()).decode()
        await page.evaluate("(picture) => { window.picture = picture }", encoded)
        await page.evaluate(give, "dragenter")
        await expect(page.get_by_text("Drop pictures to upload them")).to_be_visible()
        await is_accessible(page)
        await page.evaluate(give, "drop")
        await page.evaluate(give, "paste")
        await expect(tile(page, "drop.png")).to_be_visible()
        await expect(tile(page, "paste.png")).to_be_visible()
        await expect(page.get_by_text("Drop pictures to upload them")).to_be_hidden()


async def test_an_upload_under_way_is_cancelled(context: BrowserContext, home: House) -> None:
    await owner(home, "dora")
    async with inside(context, home, "dora") as page:
        session = await page.context.new_cdp_session(page)
        slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 20_000}
        await session.send("Network.emulateNetworkConditions", slow)
        await page.get_by_label("Upload").set_input_files([file("slow.png", bytes(290_000))])
        await expect(page.get_by_role("progressbar", name="Progress of slow.png")).to_be_visible()
        await page.get_by_role("button", name="Cancel slow.png").click()
        await expect(page.get_by_role("region", name="Uploads")).to_be_hidden()
        await session.detach()
    assert await Image.filter(filename="slow.png").count() == 0


async def test_what_others_upload_and_delete_is_seen_at_once(context: BrowserContext, home: House) -> None:
    token = await owner(home, "eli")
    async with inside(context, home, "eli") as page:
        await expect(page.get_by_role("heading", name="Your first pictures")).to_be_visible()
        await until(lambda: home.services.events.feed.subscribers > 0)
        image = await home.upload(sample_images.png(), token=token, filename="from-a-tool.png")
        await expect(tile(page, "from-a-tool.png").locator(".loaded")).to_be_visible()
        answer = await home.client.delete(
            f"/v1/images/{image['id']}", headers={"Authorization": f"Bearer {token}"}
        )
        assert answer.status_code == 200
        await expect(page.get_by_role("heading", name="Your first pictures")).to_be_visible()


async def test_what_came_while_the_connection_was_lost_is_caught_up_with(
    context: BrowserContext, home: House
) -> None:
    token = await owner(home, "eva")
    sockets: list[WebSocketRoute] = []

    def pass_on(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        socket.connect_to_server()

    await context.route_web_socket("**/graphql", pass_on)
    async with inside(context, home, "eva") as page:
        await until(lambda: home.services.events.feed.subscribers > 0)
        await home.upload(sample_images.png(), token=token, filename="before.png")
        await expect(tile(page, "before.png")).to_be_visible()
        await sockets[0].close(code=1012, reason="The server starts anew")
        await home.upload(sample_images.png(), token=token, filename="meanwhile.png")
        await expect(tile(page, "meanwhile.png")).to_be_visible()
    assert len(sockets) == 2


async def test_images_are_selected_by_mouse_and_keyboard_and_deleted(
    context: BrowserContext, home: House
) -> None:
    token = await owner(home, "fay")
    for name in "abcdef":
        await home.upload(sample_images.png(), token=token, filename=f"{name}.png")
    async with inside(context, home, "fay") as page:
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
        await is_accessible(page)
        await dialog.get_by_role("button", name="Delete").click()
        await expect(tile(page, "a.png")).to_be_hidden()
        await expect(page.get_by_text("4 images", exact=True)).to_be_visible()
        await expect(dialog).to_be_hidden()
        await expect(tile(page, "c.png")).to_be_focused()
        await page.set_viewport_size({"width": 360, "height": 400})
        await page.keyboard.press("Home")
        await expect(tile(page, "f.png")).to_be_focused()
        focused, bar = await tile(page, "f.png").bounding_box(), await page.locator(".side").bounding_box()
        assert focused is not None
        assert bar is not None
        assert focused["y"] >= bar["y"] + bar["height"], "no bar stands before what has the focus"
    assert await Image.filter(filename__in=["a.png", "b.png"], owner__username="fay").count() == 0


async def test_images_are_searched_and_ordered(context: BrowserContext, home: House) -> None:
    token = await owner(home, "gil")
    for name in ("b-sea.png", "a-sea.png", "c-land.png"):
        await home.upload(sample_images.png(), token=token, filename=name)
    async with inside(context, home, "gil") as page:
        images = page.get_by_role("list", name="Images").get_by_role("listitem")
        await expect(images).to_have_count(3)
        await page.get_by_label("Search images").fill("sea")
        await page.get_by_label("Order").select_option(label="By name")
        await expect(images).to_have_text(["a-sea.png", "b-sea.png"])
        await page.get_by_label("Search images").fill("nothing has this name")
        await expect(page.get_by_role("heading", name="No image fits that")).to_be_visible()
        await page.get_by_role("button", name="Clear the search").click()
        await expect(images).to_have_count(3)


async def test_an_image_is_described_and_its_link_copied(context: BrowserContext, home: House) -> None:
    token = await owner(home, "hal")
    image = await home.upload(sample_images.png(), token=token, filename="pier.png")
    await context.grant_permissions(["clipboard-read", "clipboard-write"], origin=home.url)
    async with inside(context, home, "hal") as page:
        await tile(page, "pier.png").click()
        dialog = page.get_by_role("dialog", name="pier.png")
        await dialog.get_by_role("button", name="Copy: Markdown").click()
        await expect(dialog.get_by_role("button", name="Copied: Markdown")).to_be_visible()
        copied = await page.evaluate("navigator.clipboard.readText()")
        assert copied == f"![pier.png]({home.url}/img/{image['id']}.png)"
        await dialog.get_by_label("Title").fill("The pier at dawn")
        await dialog.get_by_label("Tags").fill("sea, dawn")
        await dialog.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("dialog", name="The pier at dawn")).to_be_visible()
        await is_accessible(page)
        await page.keyboard.press("Escape")
        await expect(tile(page, "The pier at dawn")).to_be_focused()
    assert (await Image.get(id=image["id"])).tags == ["sea", "dawn"]


async def test_images_are_moved_to_an_album(context: BrowserContext, home: House) -> None:
    token = await owner(home, "ida")
    await home.upload(sample_images.png(), token=token, filename="mine.png")
    async with inside(context, home, "ida") as page:
        await page.get_by_role("link", name="Albums").click()
        await page.get_by_role("button", name="New album").click()
        await page.get_by_label("Name").fill("Harbours")
        await page.get_by_label("Public").uncheck()
        await page.get_by_role("dialog").get_by_role("button", name="New album").click()
        await expect(page.get_by_role("heading", name="Harbours")).to_be_visible()
        await expect(page.get_by_role("heading", name="Nothing in this album yet")).to_be_visible()
        await page.get_by_label("Upload").set_input_files([file("straight-in.png", sample_images.png())])
        await expect(tile(page, "straight-in.png")).to_be_visible()
        await page.get_by_role("link", name="Images", exact=True).click()
        await tile(page, "mine.png").focus()
        await page.keyboard.press("Space")
        await page.get_by_role("button", name="Move to album").click()
        await page.get_by_role("dialog").get_by_label("Album").select_option(label="Harbours")
        await is_accessible(page)
        await page.get_by_role("dialog").get_by_role("button", name="Move to album").click()
        await expect(page.get_by_role("dialog")).to_be_hidden()
        await expect(tile(page, "mine.png")).to_be_focused()
        await page.get_by_role("link", name="Albums").click()
        await expect(page.get_by_role("link", name="Harbours")).to_contain_text("2 images")
        await is_accessible(page)
        await page.get_by_role("link", name="Harbours").click()
        await expect(tile(page, "mine.png")).to_be_visible()
        await page.get_by_role("button", name="Delete").click()
        await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        await expect(page.get_by_role("heading", name="No albums yet")).to_be_visible()
    assert await Album.filter(name="Harbours").count() == 0
    assert await Image.filter(owner__username="ida").count() == 2


async def test_the_language_is_the_browsers_until_another_is_chosen(chromium: Browser, home: House) -> None:
    await owner(home, "jun")
    context = await chromium.new_context(locale="zh-CN")
    async with visit(context, home.url) as visited:
        page = visited.page
        await expect(page.get_by_role("heading", name="登录")).to_be_visible()
        assert await page.get_attribute("html", "lang") == "zh-CN"
        await page.get_by_label("语言").select_option(label="English")
        await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        await page.reload()
        await enter(page, "jun")
        await page.get_by_label("Language").select_option(label="简体中文")
        await expect(page.get_by_role("heading", name="上传您的第一张图片")).to_be_visible()
        await is_accessible(page)
    await context.close()


async def test_images_are_sorted_into_categories(context: BrowserContext, home: House) -> None:
    await owner(home, "joy")
    async with inside(context, home, "joy") as page:
        await page.get_by_role("link", name="Categories").click()
        await page.get_by_role("button", name="New category").click()
        await is_accessible(page)
        await page.get_by_label("Name").fill("Sketches")
        await page.get_by_role("dialog").get_by_role("button", name="New category").click()
        await page.get_by_role("button", name="Edit Sketches").click()
        await page.get_by_label("Name").fill("Drawings")
        await page.get_by_role("button", name="Save").click()
        await is_accessible(page)
        await page.get_by_role("link", name="Drawings").click()
        await expect(page.get_by_role("heading", name="Nothing in this category yet")).to_be_visible()
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


async def test_what_goes_wrong_is_told_in_chinese_with_its_facts(chromium: Browser, home: House) -> None:
    token = await owner(home, "lin")
    await home.upload(sample_images.png(), token=token)
    context = await chromium.new_context(locale="zh-CN")
    async with visit(context, f"{home.url}/#/sign-up?invitation=none") as visited:
        page = visited.page
        await page.get_by_label("用户名").fill("?")
        await page.get_by_label("密码").fill("0123456789")
        await page.get_by_role("button", name="创建账号").click()
        await expect(page.get_by_role("alert")).to_contain_text("须为 3 到 64 个字符")
        await page.goto(f"{home.url}/#/")
        await page.get_by_label("用户名").fill("lin")
        await page.get_by_label("密码").fill(PASSWORD)
        await page.get_by_role("button", name="登录").click()
        await expect(tile(page, "picture.png", "打开")).to_be_visible()
        await Account.filter(username="lin").update(quota=1_000_000, bytes_used=950_000)
        chosen = [
            file("a.png", b"no picture"),
            file("b.png", bytes(400_000)),
            file("c.png", sample_images.png()),
        ]
        await page.get_by_label("上传", exact=True).set_input_files(chosen)
        uploads = page.get_by_role("region", name="上传")
        await expect(uploads).to_contain_text("3 个未能上传")
        await expect(uploads).to_contain_text("不是受支持的图片。请使用 JPG、PNG、WebP 或 GIF。")
        await expect(uploads).to_contain_text("文件太大。最大为 293 kB，该文件为 391 kB。")
        await expect(uploads).to_contain_text(re.compile("空间不足。配额 .* 已用 .*请先删除一些图片。"))
        await is_accessible(page)
        words = re.sub(r"[abc]\.png|JPG|PNG|WebP|GIF|[kKM]i?B", "", await uploads.inner_text())
        assert not re.search("[A-Za-z]{2}", words)
    await context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_all_places_can_be_read_by_all(chromium: Browser, home: House, scheme: Any) -> None:
    token = await owner(home, f"kit-{scheme}")
    await home.upload(sample_images.png(), token=token)
    context = await chromium.new_context(color_scheme=scheme, viewport={"width": 360, "height": 740})
    async with visit(context, home.url) as visited:
        page = visited.page
        await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        await is_accessible(page)
        await enter(page, f"kit-{scheme}")
        await expect(tile(page, "picture.png")).to_be_visible()
        await is_accessible(page)
        for name in ("Albums", "Categories", "Transforms", "API tokens", "Webhooks", "Usage"):
            await page.get_by_role("button", name="Menu").click()
            await page.get_by_role("link", name=name).click()
            await expect(page.get_by_role("heading", level=1)).to_have_text(name)
            await is_accessible(page)
        widest = await page.evaluate("document.documentElement.scrollWidth")
        assert widest <= 360
    await context.close()


async def test_the_navigation_stands_beside_what_it_leads_to_and_above_it_on_phones(
    context: BrowserContext, home: House
) -> None:
    await owner(home, "lou")
    async with inside(context, home, "lou") as page:
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
