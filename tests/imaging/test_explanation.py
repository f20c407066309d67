"""Explanations of transform URLs: parameter values and warnings."""

from urllib.parse import parse_qsl

import pytest

from app.imaging.explanation import (
    ExplanationCase,
    TransformRequest,
    ValueOrigin,
    explained_parameters,
    remarks,
)
from app.imaging.formats import Format
from app.imaging.presets import Presets
from app.imaging.transform import Source

PRESETS = Presets.parse("thumb=w=20&h=20&fm=webp")
PHOTO = Source(format=Format.JPG, width=640, height=480)
LOGO = Source(format=Format.PNG, width=640, height=480, has_alpha=True)
ANIMATION = Source(format=Format.GIF, width=64, height=48, frames=12)


def new_case(query: str, source: Source = PHOTO, extension: Format | None = None) -> ExplanationCase:
    request = TransformRequest(tuple(parse_qsl(query, keep_blank_values=True)), extension, PRESETS)
    transform = request.transform
    return ExplanationCase(
        request, transform, source, None if transform.is_identity else transform.resolve(source)
    )


@pytest.mark.parametrize(
    ("query", "source", "parameter", "text"),
    [
        ("w=20&h=20&pos=top&fit=inside", PHOTO, "pos", "no effect with fit=inside"),
        ("w=20&pos=top", PHOTO, "pos", "without both w and h"),
        ("w=64&h=48&pos=top", PHOTO, "pos", "has these proportions already"),
        ("w=20&fit=contain", PHOTO, "fit", "no effect without both w and h"),
        ("dpr=2&fm=webp", PHOTO, "dpr", "multiplies w and h"),
        ("w=20&bg=f00", PHOTO, "bg", "no effect"),
        ("w=64&h=48&fit=contain&bg=f00", LOGO, "bg", "no effect"),
        ("w=20&bg=f00", LOGO, "bg", "no effect"),
        ("w=20&q=50", LOGO, "q", "png has no quality"),
        ("w=20&q=50&fm=gif", PHOTO, "q", "gif has no quality"),
        ("w=1280", PHOTO, None, "640x480 pixels and is enlarged to 1280x960"),
        ("w=20&w=30", PHOTO, "w", "given 2 times: the last, '30', counts"),
        ("w=20&fm=auto", PHOTO, "fm", "depends on the Accept header"),
        ("fm=jpg", PHOTO, "fm", "encoded anew"),
        ("w=20&width=30", PHOTO, "width", "no such parameter"),
        ("preset=thumb&w=30", PHOTO, "w", "wins over the preset 'thumb', which says '20'"),
        ("w=20&fm=jpg", ANIMATION, "fm", "12 frames, of which jpg shows the first"),
        ("w=20&fm=jpg", LOGO, "bg", "shown white"),
    ],
)
def test_parameters_without_effect_or_with_a_surprising_one_are_remarked(
    query: str, source: Source, parameter: str | None, text: str
) -> None:
    (remark,) = remarks(new_case(query, source))
    assert remark.parameter == parameter
    assert text in remark.text


@pytest.mark.parametrize(
    ("query", "source"),
    [
        ("", PHOTO),
        ("w=20", PHOTO),
        ("w=20&h=20&pos=top-left&q=50", PHOTO),
        ("w=20&h=20&fit=contain&bg=f00", PHOTO),
        ("w=20&fit=fill", PHOTO),
        ("w=20&dpr=2&fm=png", LOGO),
        ("w=20&fm=jpg&bg=fff", LOGO),
        ("w=20&fm=webp", ANIMATION),
        ("preset=thumb", PHOTO),
        ("download=1&w=20&exp=1&sig=x", PHOTO),
    ],
)
def test_effective_parameters_get_no_remark(query: str, source: Source) -> None:
    assert remarks(new_case(query, source)) == []


def test_fm_overrides_the_extension() -> None:
    (remark,) = remarks(new_case("w=20&fm=webp", extension=Format.PNG))
    assert (remark.parameter, "wins over the extension .png" in remark.text) == ("fm", True)
    assert remarks(new_case("w=20&fm=webp", extension=Format.WEBP)) == []


def test_each_parameter_has_its_effective_value_and_origin() -> None:
    values = {
        each.name: (each.value, each.origin)
        for each in explained_parameters(new_case("preset=thumb&h=50&dpr=1.5"))
    }
    assert values == {
        "w": ("20", ValueOrigin.PRESET),
        "h": ("50", ValueOrigin.ADDRESS),
        "fit": ("cover", ValueOrigin.DEFAULT),
        "pos": ("center", ValueOrigin.DEFAULT),
        "dpr": ("1.5", ValueOrigin.ADDRESS),
        "fm": ("webp", ValueOrigin.PRESET),
        "q": ("80", ValueOrigin.DEFAULT),
        "bg": (None, ValueOrigin.DEFAULT),
    }


def test_missing_parameters_get_default_or_derived_values() -> None:
    values = {each.name: each.value for each in explained_parameters(new_case("w=320&dpr=2", LOGO))}
    assert (values["h"], values["fm"], values["q"]) == ("240", "png", None)
    values = {each.name: each.value for each in explained_parameters(new_case(""))}
    assert (values["w"], values["h"], values["fm"], values["q"]) == ("640", "480", "jpg", None)
    flattened = {each.name: each.value for each in explained_parameters(new_case("w=20&fm=jpg", LOGO))}
    assert flattened["bg"] == "fff"
