"""Placeholders of ThumbHashes equal those of the reference implementation, pixel by pixel.

thumbhashes.json has results of thumbHashToRGBA of the npm package thumbhash 0.1.1; `rgba` is base64.
"""

import json
from base64 import b64decode
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from app.imaging import placeholder

REFERENCES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("thumbhashes.json").read_text())


@pytest.mark.parametrize("reference", REFERENCES, ids=[each["hash"] for each in REFERENCES])
def test_pixels_equal_the_reference(reference: dict[str, Any]) -> None:
    uri = placeholder.data_uri(reference["hash"])
    prefix, _, data = uri.partition(",")
    assert prefix == "data:image/png;base64"
    assert len(uri) < 3_000
    with Image.open(BytesIO(b64decode(data))) as image:
        assert image.size == (reference["width"], reference["height"])
        assert image.convert("RGBA").tobytes() == b64decode(reference["rgba"])


def test_placeholders_are_cached() -> None:
    assert placeholder.data_uri(REFERENCES[0]["hash"]) is placeholder.data_uri(REFERENCES[0]["hash"])
