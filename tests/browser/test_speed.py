"""How fast the dashboard is, and how fast it stays with many images. Bounds leave room for a busy machine."""

from collections.abc import AsyncIterator
from datetime import timedelta
from statistics import median
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, CDPSession, Page, expect

from app.ids import Kind, new_id
from app.models import Account, Image
from scripts.fixtures import sample_images
from tests.browser.test_dashboard import inside, owner, tile
from tests.pichub import House, served

pytestmark = pytest.mark.alone

FIRST_LOAD = 200_000
"""Bytes over the network, headers too, that the first look may cost, whatever the pictures weigh."""
INTERACTIVE = 1000
"""Milliseconds from the address to tiles that one can use."""
MANY = 10_000
DOM = 1500
"""Elements that may be in the document, however many images there are."""
LONG = 250
"""Milliseconds for which nothing may hold the page up while one scrolls. Where nothing else runs, it is below 100."""
GROWTH = 4_000_000
"""Bytes by which scrolling about may leave more in memory, once all of them were loaded."""

USABLE = """
    new MutationObserver((_, observer) => {
        if (!document.querySelector('.tile-open')) return;
        observer.disconnect();
        requestAnimationFrame(() => setTimeout(() => { window.usable = performance.now() }));
    }).observe(document, { childList: true, subtree: true });
"""
WATCH = """
    window.long = [];
    new PerformanceObserver((list) => window.long.push(...list.getEntries().map(({ duration }) => duration)))
        .observe({ entryTypes: ['longtask'] });
"""
SCROLL = """
    ({ pixels, frames }) => new Promise((done) => {
        const times = [];
        let before = performance.now();
        const step = () => {
            const now = performance.now();
            times.push(now - before);
            before = now;
            scrollBy(0, pixels);
            times.length < frames ? requestAnimationFrame(step) : done(times);
        };
        requestAnimationFrame(step);
    })
"""
IN_VIEW = """
    () => {
        const seen = [...document.querySelectorAll('.grid > li')].filter((place) => {
            const { top, bottom } = place.getBoundingClientRect();
            return bottom > 0 && top < innerHeight;
        });
        return seen.length > 0 && seen.every((place) => place.matches('.tile'));
    }
"""


@pytest.fixture(scope="module")
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with served(tmp_path_factory.mktemp("speed") / "data") as home:
        yield home


async def stocked(home: House, name: str, count: int) -> None:
    """An account with so many rows of one picture, the newest of them `{count - 1}.png`."""
    token = await owner(home, name)
    one = await Image.get(id=(await home.upload(sample_images.png(), token=token, filename="0.png"))["id"])
    moments = (one.created_at + timedelta(milliseconds=number) for number in range(1, count))
    await Image.bulk_create((copy(one, number, moment) for number, moment in enumerate(moments, 1)), 1000)
    await Account.filter(id=one.owner_id).update(image_count=count)


def copy(image: Image, number: int, moment: Any) -> Image:
    """Another row of the same picture."""
    named = {"id": new_id(Kind.IMAGE, moment), "filename": f"{number}.png", "created_at": moment}
    kept = {name: getattr(image, name) for name in Image._meta.db_fields if name not in named}
    return Image(**kept | named)


class Weighed:
    """What a page loads, in bytes over the network with their headers; pictures apart."""

    def __init__(self, session: CDPSession) -> None:
        self.bytes = 0
        self._pictures: set[str] = set()
        session.on("Network.requestWillBeSent", self._asked)
        session.on("Network.loadingFinished", self._came)

    def _asked(self, event: dict[str, Any]) -> None:
        if "/img/" in event["request"]["url"]:
            self._pictures.add(event["requestId"])

    def _came(self, event: dict[str, Any]) -> None:
        if event["requestId"] not in self._pictures:
            self.bytes += int(event["encodedDataLength"])


async def test_the_first_look_costs_little_and_is_soon_there(chromium: Browser, home: House) -> None:
    await stocked(home, "leo", 100)
    context = await chromium.new_context(viewport={"width": 1280, "height": 800})
    times, weights = [], []
    async with inside(context, home, "leo") as page:
        await page.add_init_script(USABLE)
        session = await context.new_cdp_session(page)
        await session.send("Network.enable")
        for _ in range(5):
            await session.send("Network.clearBrowserCache")
            weighed = Weighed(session)
            await page.reload()
            await page.wait_for_function("() => window.usable")
            times.append(await page.evaluate("window.usable"))
            await page.wait_for_load_state("networkidle")
            weights.append(weighed.bytes)
    await context.close()
    print(f"usable after {median(times):.0f} ms, of {sorted(map(round, times))}; {max(weights):,} bytes")
    assert max(weights) < FIRST_LOAD
    assert min(times) < INTERACTIVE


async def test_ten_thousand_images_are_scrolled_without_a_halt(context: BrowserContext, home: House) -> None:
    await stocked(home, "mia", MANY)
    async with inside(context, home, "mia") as page:
        session = await context.new_cdp_session(page)
        await expect(page.get_by_text(f"{MANY:,} images")).to_be_visible()
        await expect(tile(page, f"{MANY - 1}.png")).to_be_visible()
        await page.evaluate(WATCH)

        assert min([await longest(page) for _ in range(3)]) < LONG
        await is_light(page)

        await jump(page, 1.0, "0.png")
        await jump(page, 0.0, f"{MANY - 1}.png")
        await tile(page, f"{MANY - 1}.png").focus()
        await page.keyboard.press("End")
        await expect(tile(page, "0.png")).to_be_focused()
        await page.keyboard.press("Home")
        await expect(tile(page, f"{MANY - 1}.png")).to_be_focused()
        await jump(page, 0.08)  # all between was loaded on the way
        await is_light(page)
        await jump(page, 0.95)
        before = await used(session)
        for place in (0.02, 0.98, 0.05, 0.96, 0.0, 1.0, 0.07):
            await jump(page, place)
            await is_light(page)
        grown = await used(session) - before
        print(f"{before:,.0f} bytes of heap, {grown:+,.0f} after more of it")
        assert grown < GROWTH


async def longest(page: Page) -> float:
    """Scrolls for two seconds as one does who looks for something; milliseconds of the longest halt meanwhile."""
    await page.evaluate("() => { window.long = [] }")
    frames = sorted(await page.evaluate(SCROLL, {"pixels": 40, "frames": 120}))
    worst: float = await page.evaluate("Math.max(0, ...window.long)")
    print(
        f"frames: half below {frames[60]:.1f} ms, 95 % below {frames[114]:.1f}; longest task {worst:.0f} ms"
    )
    return worst


async def jump(page: Page, to: float, name: str | None = None) -> None:
    """Drags the scrollbar to that part of the page, and waits for what is to be seen there."""
    await page.evaluate("(to) => scrollTo(0, to * document.documentElement.scrollHeight)", to)
    await page.wait_for_function(IN_VIEW)
    if name:
        await expect(tile(page, name)).to_be_visible()


async def is_light(page: Page) -> None:
    assert await page.evaluate("document.querySelectorAll('*').length") < DOM


async def used(session: CDPSession) -> float:
    """Bytes of the page's heap that are in use."""
    await session.send("HeapProfiler.collectGarbage")
    return float((await session.send("Runtime.getHeapUsage"))["usedSize"])
