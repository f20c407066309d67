"""Presets: parsing, and their equivalence to the parameters that they name."""

import pytest

from app.errors import InvalidParameter
from app.imaging.formats import Format
from app.imaging.presets import Presets
from app.imaging.transform import Source, Transform

PRESETS = Presets.parse(
    "thumb=w=200&h=200&fit=cover&fm=webp; hero=w=1600&q=75;\n card-2 = w=300&pos=top-left ;"
)
SOURCE = Source(format=Format.JPG, width=640, height=480)


def test_presets_are_parsed_in_order() -> None:
    assert [preset.name for preset in PRESETS] == ["thumb", "hero", "card-2"]
    assert dict(PRESETS.get("hero").parameters) == {"w": "1600", "q": "75"}
    assert PRESETS.get("thumb").canonical == "w=200&h=200&fm=webp"
    assert list(Presets.parse("")) == []


@pytest.mark.parametrize(
    ("query", "expanded"),
    [
        ({"preset": "thumb"}, {"w": "200", "h": "200", "fm": "webp"}),
        ({"preset": "thumb", "h": "100"}, {"w": "200", "h": "100", "fm": "webp"}),
        (
            {"fm": "png", "preset": "thumb", "q": "9", "x": "1"},
            {"w": "200", "h": "200", "fm": "png", "q": "9"},
        ),
        ({"w": "20"}, {"w": "20"}),
    ],
)
def test_a_preset_equals_its_parameters_overridden_by_the_url(
    query: dict[str, str], expanded: dict[str, str]
) -> None:
    transform, expected = PRESETS.transform(query), Transform.parse(expanded)
    assert transform.query() == expected.query()
    assert transform.resolve(SOURCE).digest == expected.resolve(SOURCE).digest


def test_an_unknown_preset_is_refused_with_the_available_ones() -> None:
    with pytest.raises(
        InvalidParameter, match="Parameter 'preset' must be one of thumb, hero, card-2; you sent 'x'"
    ):
        PRESETS.transform({"preset": "x"})
    with pytest.raises(InvalidParameter, match="this server has no presets"):
        Presets.parse("").transform({"preset": ""})


def test_an_invalid_value_beside_a_preset_is_refused() -> None:
    with pytest.raises(InvalidParameter, match="Parameter 'w' must be an integer from 1 to 8192"):
        PRESETS.transform({"preset": "thumb", "w": "0"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("thumb=w=wide", "in the preset 'thumb', w must be an integer from 1 to 8192; it is 'wide'"),
        ("thumb=w=1&fit=crush", "fit must be one of cover, contain, fill, inside, outside; it is 'crush'"),
        ("thumb=w=", "w must be an integer"),
        ("thumb=wide=1", "the preset 'thumb' has 'wide', where it may have w, h, fit, pos, dpr, fm, q, bg"),
        ("thumb=preset=other", "has 'preset', where it may have"),
        ("thumb=download=1", "has 'download', where it may have"),
        ("thumb=w=1&w=2", "the preset 'thumb' has 'w' twice"),
        ("thumb=w=1; thumb=w=2", "the preset 'thumb' is there twice"),
        ("thumb", "the preset 'thumb' says nothing"),
        ("thumb=", "the preset 'thumb' says nothing"),
        ("=w=1", "'' is no name for a preset"),
        ("My Thumb=w=1", "'My Thumb' is no name for a preset"),
        (f"{'x' * 41}=w=1", "1 to 40 letters"),
    ],
)
def test_an_invalid_preset_is_refused_with_the_allowed_values(text: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011  (the text is checked below)
        Presets.parse(text)
    assert message in str(caught.value)
