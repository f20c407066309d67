"""Files of more than 8 MB in the dashboard: they go in pieces, and go on where the connection broke."""

from playwright.async_api import BrowserContext, Route, expect

from app.models import Image
from scripts.fixtures import sample_images
from tests.browser.test_dashboard import file, inside, owner, tile
from tests.pichub import House


async def test_a_large_file_goes_in_pieces_and_goes_on_where_it_was_broken_off(
    context: BrowserContext, home: House
) -> None:
    noise, asked = sample_images.noise(1800, 1800), list[str]()

    async def break_the_second_piece(route: Route) -> None:
        asked.append(route.request.method)
        if asked == ["PATCH", "PATCH"]:
            await route.abort("aborted")
        else:
            await route.continue_()

    await owner(home, "gus")
    async with inside(context, home, "gus") as page:
        await page.route("**/v1/uploads/*", break_the_second_piece)
        await page.get_by_label("Upload").set_input_files([file("noise.png", noise)])
        await expect(tile(page, "noise.png")).to_be_visible()
    image = await Image.get(filename="noise.png")
    assert await home.services.storage.read(image.key) == noise
    assert asked == ["PATCH", "PATCH", "HEAD", "PATCH"]
