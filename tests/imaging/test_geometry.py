"""Output sizes, compared with those of sharp 0.35.5 (libvips 8.18.7) in sharp_sizes.json.

Each row has the source's format, upright width, height and frames, the requested w, h and fit, and sharp's output
width and height.
"""

import json
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.errors import BadRequest
from app.imaging.formats import Format
from app.imaging.geometry import (
    MAX_DIMENSION,
    MAX_PIXELS,
    Box,
    Fit,
    Geometry,
    Position,
    Size,
    compute_geometry,
)

SHARP_SIZES = json.loads((Path(__file__).parent / "sharp_sizes.json").read_text())

SIDES = st.integers(1, 5000)
BOXES = st.builds(
    Box,
    width=st.none() | st.integers(1, MAX_DIMENSION),
    height=st.none() | st.integers(1, MAX_DIMENSION),
    fit=st.sampled_from(Fit),
    position=st.builds(Position, st.floats(0, 1), st.floats(0, 1)),
)


@pytest.mark.parametrize("row", SHARP_SIZES, ids=lambda row: "-".join(map(str, row)))
def test_output_sizes_match_sharp(row):
    loader, width, height, frames, w, h, fit, *expected = row
    box = Box(width=w, height=h, fit=Fit(fit))
    assert [
        *compute_geometry(Size(width, height), box, loader=Format(loader), frames=frames).output
    ] == expected


@given(SIDES, SIDES, BOXES, st.sampled_from(Format), st.integers(1, 5))
def test_the_visible_part_is_inside_the_source_and_the_result(width, height, box, loader, frames):
    try:
        geometry = compute_geometry(Size(width, height), box, loader=loader, frames=frames)
    except BadRequest:
        assume(False)
    for axis in (0, 1):
        assert 1 <= geometry.visible[axis] <= geometry.scaled[axis]
        assert 0 <= geometry.crop[axis] <= geometry.scaled[axis] - geometry.visible[axis]
        assert 0 <= geometry.pad[axis] <= geometry.output[axis] - geometry.visible[axis]
        assert geometry.output[axis] <= MAX_DIMENSION
    assert geometry.output.width * geometry.output.height * frames <= MAX_PIXELS


def crop_at(position: str) -> Geometry:
    return compute_geometry(Size(401, 200), Box(width=100, height=100, position=Position.parse(position)))


@pytest.mark.parametrize(
    ("position", "left"),
    [
        ("center", 51),
        ("left", 0),
        ("right", 101),
        ("top-left", 0),
        ("bottom", 51),
        (".25,.5", 25),
        ("1,0", 101),
    ],
)
def test_the_position_selects_the_cropped_part(position, left):
    geometry = crop_at(position)
    assert geometry.scaled == (201, 100)
    assert geometry.crop == (left, 0)


def test_contain_centres_the_image():
    geometry = compute_geometry(Size(400, 200), Box(width=101, height=101, fit=Fit.CONTAIN))
    assert (geometry.visible, geometry.pad) == ((101, 51), (0, 25))


@pytest.mark.parametrize(
    ("source", "box", "frames"),
    [
        (Size(100, 10), Box(height=8192), 1),
        (Size(9000, 100), Box(), 1),
        (Size(8000, 8000), Box(), 1),
        (Size(100, 100), Box(width=3000, height=3000), 6),
    ],
)
def test_a_result_that_is_too_large_is_refused_with_the_limit(source, box, frames):
    with pytest.raises(
        BadRequest, match=r"8192 pixels per side and 50 megapixels in all\. Request a smaller w or h"
    ):
        compute_geometry(source, box, frames=frames)


def test_a_huge_uncropped_size_is_allowed_if_the_result_is_small():
    assert compute_geometry(Size(8000, 1), Box(width=4000, height=4000)).output == (4000, 4000)


def test_rounding_down_crops_both_ends_except_in_animations():
    narrow = Box(width=25)
    assert compute_geometry(Size(26, 40), narrow).centre_share == (1, 0.988)  # 38 of 38.46
    assert compute_geometry(Size(26, 40), narrow, frames=2).centre_share == (1, 1)
    assert compute_geometry(Size(26, 39), narrow).centre_share == (1, 1)  # 37.5 rounds up
    assert compute_geometry(Size(24, 40), narrow).centre_share == (1, 1)  # enlarged
