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
TIMEOUT_MS = 30_000
"""Timeout for elements to appear, in milliseconds."""
BROWSER_FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """Backend of one event loop per module, shared by its browser and server."""
    return "asyncio"


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Path of Chromium, which scripts/browser installs."""
    found = subprocess.run([ROOT / "scripts" / "browser"], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    return found.stdout.strip()


@pytest.fixture(scope="module")
async def chromium(chromium_path: str) -> AsyncIterator[Browser]:
    """A headless browser, started once per module."""
    expect.set_options(timeout=TIMEOUT_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium_path, args=BROWSER_FLAGS, chromium_sandbox=False
        )
        yield browser
        await browser.close()


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A PicHub server on a local port."""
    async with served(tmp_path_factory.mktemp("web") / "data") as server:
        yield server


@dataclass
class Visit:
    """A page with its errors: console errors and warnings, failed requests, and requests to other hosts.

    Violations of the Content-Security-Policy are console errors.
    """

    page: Page
    url: str
    errors: list[str] = field(default_factory=list)

    def record_errors(self) -> None:
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.errors.append(f"uncaught: {error}"))
        self.page.on("request", self._on_request)
        self.page.on("requestfailed", self._on_failure)
        self.page.on("websocket", lambda socket: self._check_host(socket.url))

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.errors.append(f"{message.type}: {message.text}")

    def _on_request(self, request: Request) -> None:
        self._check_host(request.url)

    def _on_failure(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # the page was left or reloaded
            self.errors.append(f"{request.failure}: {request.url}")

    def _check_host(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "data" and parts.netloc != urlsplit(self.url).netloc:
            self.errors.append(f"request to another host: {url}")


@asynccontextmanager
async def visit(context: BrowserContext, url: str) -> AsyncIterator[Visit]:
    """Open a page at this URL, and require at the end of the block that it has no errors."""
    page = await context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    visit = Visit(page, url)
    visit.record_errors()
    await page.goto(url)
    yield visit
    assert visit.errors == []
    await page.close()


@pytest.fixture
async def context(chromium: Browser) -> AsyncIterator[BrowserContext]:
    """A new browser profile without cookies or stored data."""
    context = await chromium.new_context(viewport={"width": 1280, "height": 800})
    yield context
    await context.close()
