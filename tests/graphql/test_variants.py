"""What an address promises before anything is made, and what it delivers."""

from io import BytesIO

import pytest
from PIL import Image

from scripts.fixtures import sample_images
from tests.graphql.conftest import Endpoint

VARIANT = """query($id: ID!, $transform: TransformInput!) {
  image(id: $id) { variant(transform: $transform) { url width height format } }
}"""


@pytest.mark.parametrize(
    ("accept", "delivered"),
    [("image/avif,image/webp,*/*", "AVIF"), ("image/webp,*/*", "WEBP"), ("*/*", "PNG")],
)
async def test_an_auto_address_delivers_the_best_that_is_taken(
    graphql: Endpoint, accept: str, delivered: str
) -> None:
    image = await graphql.house.upload(sample_images.png())
    transform = {"width": 20, "format": "AUTO"}
    variant = (await graphql.data(VARIANT, id=image["id"], transform=transform))["image"]["variant"]
    assert (variant["width"], variant["format"]) == (20, "PNG")
    answer = await graphql.house.client.get(variant["url"], headers={"Accept": accept})
    assert answer.headers["vary"].startswith("Accept")
    with Image.open(BytesIO(answer.content)) as picture:
        assert (picture.format, picture.size) == (delivered, (variant["width"], variant["height"]))
