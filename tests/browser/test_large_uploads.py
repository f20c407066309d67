"""Uploads of more than 8 MB in the dashboard, in chunks that resume after a lost connection."""

from playwright.async_api import BrowserContext, Route, expect

from app.models import Image
from scripts.fixtures import sample_images
from tests.browser.test_dashboard import create_account, dashboard, file, tile
from tests.pichub import House


async def test_a_large_upload_resumes_after_a_lost_connection(context: BrowserContext, server: House) -> None:
    noise, methods = sample_images.noise(1800, 1800), list[str]()

    async def abort_the_second_chunk(route: Route) -> None:
        methods.append(route.request.method)
        if methods == ["PATCH", "PATCH"]:
            await route.abort("aborted")
        else:
            await route.continue_()

    await create_account(server, "gus")
    async with dashboard(context, server, "gus") as page:
        await page.route("**/v1/uploads/*", abort_the_second_chunk)
        await page.get_by_label("Upload").set_input_files([file("noise.png", noise)])
        await expect(tile(page, "noise.png")).to_be_visible()
    image = await Image.get(filename="noise.png")
    assert await server.services.storage.read(image.key) == noise
    assert methods == ["PATCH", "PATCH", "HEAD", "PATCH"]
