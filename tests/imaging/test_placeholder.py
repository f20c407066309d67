"""The picture of a ThumbHash is that of the reference, to the last bit.

thumbhashes.json holds what thumbHashToRGBA of the npm package thumbhash 0.1.1 gave, RGBA in base64.
"""

import json
from base64 import b64decode
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from app.imaging import placeholder

GIVEN: list[dict[str, Any]] = json.loads(Path(__file__).with_name("thumbhashes.json").read_text())


@pytest.mark.parametrize("given", GIVEN, ids=[given["hash"] for given in GIVEN])
def test_the_pixels_are_those_of_the_reference(given: dict[str, Any]) -> None:
    uri = placeholder.data_uri(given["hash"])
    kind, _, data = uri.partition(",")
    assert kind == "data:image/png;base64"
    assert len(uri) < 3_000
    with Image.open(BytesIO(b64decode(data))) as picture:
        assert picture.size == (given["width"], given["height"])
        assert picture.convert("RGBA").tobytes() == b64decode(given["rgba"])


def test_what_was_made_once_is_remembered() -> None:
    assert placeholder.data_uri(GIVEN[0]["hash"]) is placeholder.data_uri(GIVEN[0]["hash"])
