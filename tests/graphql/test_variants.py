"""The declared properties of variants match the delivered images."""

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
async def test_auto_format_follows_accept(graphql: Endpoint, accept: str, delivered: str) -> None:
    image = await graphql.server.upload(sample_images.png())
    transform = {"width": 20, "format": "AUTO"}
    variant = (await graphql.data(VARIANT, id=image["id"], transform=transform))["image"]["variant"]
    assert (variant["width"], variant["format"]) == (20, "PNG")
    response = await graphql.server.client.get(variant["url"], headers={"Accept": accept})
    assert response.headers["vary"].startswith("Accept")
    with Image.open(BytesIO(response.content)) as rendered:
        assert (rendered.format, rendered.size) == (delivered, (variant["width"], variant["height"]))
