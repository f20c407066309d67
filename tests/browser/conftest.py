import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    async_playwright,
    expect,
)

from tests.pichub import House, served

ROOT = Path(__file__).parents[2]
WAIT = 30_000
"""Milliseconds that a slow machine may take to show something."""
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for a module: its browser and its server live in it."""
    return "asyncio"


@pytest.fixture(scope="session")
def program() -> str:
    """Where Chromium is."""
    found = subprocess.run([ROOT / "scripts" / "browser"], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    return found.stdout.strip()


@pytest.fixture(scope="module")
async def chromium(program: str) -> AsyncIterator[Browser]:
    """A browser that nobody sees, started once a module."""
    expect.set_options(timeout=WAIT)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program, args=FLAGS, chromium_sandbox=False
        )
        yield browser
        await browser.close()


@pytest.fixture(scope="module")
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A PicHub that browsers reach."""
    async with served(tmp_path_factory.mktemp("web") / "data") as home:
        yield home


@dataclass
class Visit:
    """A page, and what went wrong on it: errors in the console, requests that failed or left the host.

    What the page's policy refuses is an error in the console.
    """

    page: Page
    url: str
    wrong: list[str] = field(default_factory=list)

    def listen(self) -> None:
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.wrong.append(f"uncaught: {error}"))
        self.page.on("request", self._asked)
        self.page.on("requestfailed", self._failed)
        self.page.on("websocket", lambda socket: self._went(socket.url))

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.wrong.append(f"{message.type}: {message.text}")

    def _asked(self, request: Request) -> None:
        self._went(request.url)

    def _failed(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # the page was left or loaded anew before it came
            self.wrong.append(f"{request.failure}: {request.url}")

    def _went(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "data" and parts.netloc != urlsplit(self.url).netloc:
            self.wrong.append(f"left the host: {url}")


@asynccontextmanager
async def visit(context: BrowserContext, url: str) -> AsyncIterator[Visit]:
    """A page at this address; nothing may have gone wrong on it by the end of the block."""
    page = await context.new_page()
    page.set_default_timeout(WAIT)
    visit = Visit(page, url)
    visit.listen()
    await page.goto(url)
    yield visit
    assert visit.wrong == []
    await page.close()


@pytest.fixture
async def context(chromium: Browser) -> AsyncIterator[BrowserContext]:
    """A fresh profile: no cookies, nothing stored."""
    context = await chromium.new_context(viewport={"width": 1280, "height": 800})
    yield context
    await context.close()
