"""Presets, explanations of URLs, and placeholders."""

import json
from base64 import b64decode
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image

from scripts.fixtures import sample_images
from tests.graphql.conftest import Endpoint
from tests.pichub import house
from tests.statements import count_statements

PRESETS = """{ presets {
  name canonical width height quality fit format dpr background position
} }"""
EXPLAIN = """query($url: String!) { explainTransform(url: $url) {
  image { id } isOriginal canonicalUrl canonical digest width height format frames
  parameters { name value origin } warnings { parameter message }
} }"""
VARIANT = """query($id: ID!, $transform: TransformInput!) {
  image(id: $id) { variant(transform: $transform) { url width height format } srcSet(widths: [10, 20, 999])
                   signedUrl(expiresIn: 60, transform: $transform) }
}"""


@pytest.fixture
async def graphql(tmp_path: Path) -> AsyncIterator[Endpoint]:
    presets = "thumb=w=20&h=20&fm=webp; full=w=30&h=20&q=9&fit=contain&fm=auto&dpr=1.5&bg=f00&pos=0.25,1"
    async with house(tmp_path, presets=presets) as built:
        yield Endpoint(built)


async def explained(graphql: Endpoint, url: str) -> Any:
    return (await graphql.data(EXPLAIN, url=url))["explainTransform"]


async def test_presets_are_public(graphql: Endpoint) -> None:
    response = await graphql.server.client.post("/graphql", json={"query": PRESETS})
    nothing = dict.fromkeys(("quality", "fit", "dpr", "background", "position"))
    assert response.json()["data"]["presets"] == [
        {"name": "thumb", "canonical": "w=20&h=20&fm=webp", "width": 20, "height": 20, "format": "WEBP"}
        | nothing,
        {
            "name": "full",
            "canonical": "w=30&h=20&fit=contain&dpr=1.5&fm=auto&q=9&bg=f00",
            "width": 30,
            "height": 20,
            "quality": 9,
            "fit": "CONTAIN",
            "format": "AUTO",
            "dpr": 1.5,
            "background": "f00",
            "position": ".25,1",
        },
    ]


async def test_transform_uses_a_preset(graphql: Endpoint) -> None:
    image = await graphql.server.upload(sample_images.jpeg(64, 48))
    response = await graphql.data(VARIANT, id=image["id"], transform={"preset": "thumb", "height": 10})
    variant, signed = response["image"]["variant"], response["image"]["signedUrl"]
    address = f"http://pichub.test/img/{image['id']}.webp"
    assert variant == {"url": f"{address}?w=20&h=10", "width": 20, "height": 10, "format": "WEBP"}
    assert signed.startswith(f"{address}?w=20&h=10&fm=webp&exp=")
    for url in (variant["url"], signed):
        with Image.open(BytesIO((await graphql.server.client.get(url)).content)) as rendered:
            assert (rendered.format, rendered.size) == ("WEBP", (20, 10))


async def test_unknown_preset_error_lists_all(graphql: Endpoint) -> None:
    image = await graphql.server.upload(sample_images.png())
    error = await graphql.error(VARIANT, id=image["id"], transform={"preset": "tiny"})
    assert error["extensions"]["code"] == "BAD_REQUEST"
    assert "must be one of thumb, full; you sent 'tiny'" in error["extensions"]["details"]


@pytest.mark.parametrize("base", ["", "http://pichub.test"])
@pytest.mark.parametrize(
    "query",
    [
        "preset=thumb",
        "fm=webp&h=20&w=20&fit=crop",
        "h=20&w=10&dpr=2&fit=inside&fm=avif",
        "fm=auto&w=9",
        "h=9&q=5",
    ],
)
async def test_explanation_equals_the_delivered_image(graphql: Endpoint, base: str, query: str) -> None:
    image = await graphql.server.upload(sample_images.jpeg(64, 48))
    explanation = await explained(graphql, f"{base}/img/{image['id']}.jpg/a-tail?{query}")
    response = await graphql.server.client.get(f"/img/{image['id']}?{query}")
    with Image.open(BytesIO(response.content)) as rendered:
        assert (explanation["width"], explanation["height"]) == rendered.size
    assert response.headers["content-type"] == f"image/{explanation['format'].lower()}".replace("jpg", "jpeg")
    assert response.headers["etag"].strip('"').endswith("-" + explanation["digest"])
    same = await graphql.server.client.get(explanation["canonicalUrl"])
    assert same.headers["etag"] == response.headers["etag"]
    again = await explained(graphql, explanation["canonicalUrl"])
    assert (again["canonicalUrl"], again["digest"]) == (explanation["canonicalUrl"], explanation["digest"])


async def test_original_has_no_recipe(graphql: Endpoint) -> None:
    image = await graphql.server.upload(sample_images.animated_gif())
    explanation = await explained(graphql, f"/{image['id']}.gif?download=1")
    assert explanation["isOriginal"]
    assert explanation["warnings"] == []
    assert (explanation["canonical"], explanation["digest"], explanation["canonicalUrl"]) == (
        None,
        None,
        image["url"],
    )
    assert (explanation["width"], explanation["height"], explanation["frames"]) == (
        image["width"],
        image["height"],
        image["frames"],
    )


async def test_parameters_have_origins_and_warnings(graphql: Endpoint) -> None:
    image = await graphql.server.upload(sample_images.jpeg(64, 48))
    explanation = await explained(
        graphql, f"https://cdn.example/img/{image['id']}.png?preset=thumb&w=128&q=5&pos=top&z=1"
    )
    assert (explanation["canonical"], explanation["format"]) == ("webp 128x20-128x96@0,0 q5", "WEBP")
    assert [(each["name"], each["value"], each["origin"]) for each in explanation["parameters"]] == [
        ("w", "128", "ADDRESS"),
        ("h", "20", "PRESET"),
        ("fit", "cover", "DEFAULT"),
        ("pos", "top", "ADDRESS"),
        ("dpr", "1", "DEFAULT"),
        ("fm", "webp", "PRESET"),
        ("q", "5", "ADDRESS"),
        ("bg", None, "DEFAULT"),
    ]
    assert [each["parameter"] for each in explanation["warnings"]] == ["z", "w", "fm", None, None]
    assert "another server" in explanation["warnings"][-1]["message"]


@pytest.mark.parametrize(
    ("url", "code", "words"),
    [
        ("/img/@?w=0", "BAD_REQUEST", "Parameter 'w' must be an integer from 1 to 8192"),
        ("/img/@?preset=x", "BAD_REQUEST", "one of thumb, full"),
        ("/img/@.bmp", "BAD_REQUEST", "Parameter 'extension' must be one of jpg"),
        ("/img/@?w=8000&h=8000", "BAD_REQUEST", "The result would be"),
        ("/albums/@", "BAD_REQUEST", "Parameter 'url' must be the URL of an image"),
        ("/img/@?x=" + "x" * 5000, "BAD_REQUEST", "4096 characters at most"),
        ("/img/img_" + "0" * 26, "NOT_FOUND", "There is no image"),
        ("/img/nonsense", "NOT_FOUND", "There is no image"),
    ],
)
async def test_invalid_url_is_an_error(graphql: Endpoint, url: str, code: str, words: str) -> None:
    image = await graphql.server.upload(sample_images.png())
    error = await graphql.error(EXPLAIN, url=url.replace("@", image["id"]))
    assert error["extensions"]["code"] == code
    assert words in error["extensions"]["details"]


async def test_invalid_unicode_is_an_error(graphql: Endpoint) -> None:
    image = await graphql.server.upload(sample_images.png())
    for part in (r"\ud800", r"@?\ud800=1", r"@?%ed%a0%80=1&%00=2&preset=\u0000"):
        url = "/img/" + part.replace("@", image["id"])
        body = json.dumps({"query": EXPLAIN, "variables": {"url": "@"}}).replace("@", url)
        headers = graphql.server.headers | {"Content-Type": "application/json"}
        response = await graphql.server.client.post("/graphql", content=body, headers=headers)
        assert response.status_code in {200, 400, 422}
        assert response.json()["errors"][0]["extensions"]["code"] in {
            "BAD_REQUEST",
            "NOT_FOUND",
            "VALIDATION_ERROR",
        }


async def test_signed_url_is_explained_without_authentication(graphql: Endpoint) -> None:
    client = graphql.server.client
    album = await client.post(
        "/v1/albums", headers=graphql.server.headers, json={"name": "mine", "is_public": False}
    )
    image = await graphql.server.upload(sample_images.jpeg(64, 48), album_id=album.json()["data"]["id"])
    signed = (await graphql.data(VARIANT, id=image["id"], transform={"preset": "thumb"}))["image"][
        "signedUrl"
    ]

    async def nobody(url: str) -> Any:
        return (await client.post("/graphql", json={"query": EXPLAIN, "variables": {"url": url}})).json()

    explanation = (await nobody(signed))["data"]["explainTransform"]
    assert (explanation["width"], explanation["canonicalUrl"], explanation["warnings"]) == (20, signed, [])
    by_preset = f"/img/{image['id']}?preset=thumb&" + urlsplit(signed).query.partition("fm=webp&")[2]
    assert (await nobody(by_preset))["data"]["explainTransform"]["canonicalUrl"] == signed
    for other in (signed.replace("w=20", "w=21"), f"/img/{image['id']}"):
        assert (await nobody(other))["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    to_owner = await explained(graphql, signed.replace("w=20", "w=21"))
    assert [each["parameter"] for each in to_owner["warnings"]] == ["sig"]
    public = await graphql.server.upload(sample_images.png())
    (warning,) = (await explained(graphql, f"/img/{public['id']}?exp=1&sig=x"))["warnings"]
    assert "public" in warning["message"]


async def test_placeholders_are_images_and_need_no_statement(graphql: Endpoint) -> None:
    await graphql.server.upload(sample_images.jpeg(64, 48))
    await graphql.server.upload(sample_images.alpha_png())
    query = "{ images { nodes { width height %s } } }"
    await graphql.data(query % "thumbhash")
    with count_statements() as without:
        await graphql.data(query % "thumbhash")
    with count_statements() as counted:
        nodes = (await graphql.data(query % "placeholder"))["images"]["nodes"]
    assert counted.count == without.count
    for node, mode in zip(nodes, ("RGBA", "RGB"), strict=True):
        kind, _, data = node["placeholder"].partition(",")
        assert kind == "data:image/png;base64"
        with Image.open(BytesIO(b64decode(data))) as rendered:
            assert (max(rendered.size), rendered.mode) == (32, mode)
            assert abs(rendered.width / rendered.height - node["width"] / node["height"]) < 0.2


async def test_srcset_does_not_enlarge(graphql: Endpoint) -> None:
    image = await graphql.server.upload(sample_images.jpeg(64, 48))
    base = f"http://pichub.test/img/{image['id']}.jpg"

    async def widths(**transform: Any) -> list[str]:
        query = """query($id: ID!, $transform: TransformInput) {
          image(id: $id) { srcSet(widths: [16, 32, 64, 128, 5000], transform: $transform) }
        }"""
        srcset = (await graphql.data(query, id=image["id"], transform=transform or None))["image"]["srcSet"]
        for entry in srcset.split(", "):
            url, _, width = entry.partition(" ")
            with Image.open(BytesIO((await graphql.server.client.get(url)).content)) as rendered:
                assert f"{rendered.width}w" == width
        return [entry.split(" ")[1] for entry in srcset.removeprefix(base).split(", ")]

    assert await widths() == ["16w", "32w", "64w"]
    assert await widths(width=10, height=10) == ["16w", "32w", "48w"]
    assert await widths(width=10, height=10, fit="INSIDE") == ["16w", "32w", "64w"]
    assert await widths(width=10, height=10, fit="CONTAIN") == ["16w", "32w", "64w"]
    assert await widths(dpr=2) == ["32w", "64w"]
    assert await widths(preset="thumb") == ["16w", "32w", "48w"]
