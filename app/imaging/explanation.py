"""Explanation of a transform URL: the value of each parameter, and warnings about parameters without effect."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from app.imaging.formats import Format
from app.imaging.geometry import Fit, Size
from app.imaging.params import PARAMS, Param
from app.imaging.presets import PARAM_BY_NAME, Presets
from app.imaging.transform import DEFAULT_QUALITY, Recipe, Source, Transform

NON_TRANSFORM_PARAMETERS = ("preset", "download", "exp", "sig")
"""Parameters that are not part of the transform."""


class ValueOrigin(StrEnum):
    """Origin of a parameter's value."""

    ADDRESS = "address"
    PRESET = "preset"
    EXTENSION = "extension"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class ParameterValue:
    """The effective value of a parameter. `value` is None if it does not apply, such as the quality of a PNG."""

    name: str
    value: str | None
    origin: ValueOrigin


@dataclass(frozen=True, slots=True)
class Remark:
    """A warning about a parameter, by its name in the URL; None for the whole transform."""

    parameter: str | None
    text: str


@dataclass(frozen=True)
class TransformRequest:
    """A URL's parameters, the extension in its path, and the available presets."""

    parameters: Sequence[tuple[str, str]]
    extension: Format | None
    presets: Presets

    @cached_property
    def own_parameters(self) -> dict[str, str]:
        """The URL's parameters; of repeated ones the last."""
        return dict(self.parameters)

    @cached_property
    def preset_parameters(self) -> dict[str, str]:
        """The preset's parameters. Raises InvalidParameter if it does not exist."""
        return (
            dict(self.presets.get(self.own_parameters["preset"]).parameters)
            if "preset" in self.own_parameters
            else {}
        )

    @property
    def transform(self) -> Transform:
        """The requested transform, without the extension. Raises InvalidParameter."""
        return self.presets.transform(self.own_parameters)

    def has_parameter(self, name: str) -> bool:
        return name in self.own_parameters or name in self.preset_parameters


@dataclass(frozen=True)
class ExplanationCase:
    """A request for an image, and its result: `recipe` is None if that is the original."""

    request: TransformRequest
    transform: Transform
    source: Source
    recipe: Recipe | None

    @property
    def format(self) -> Format:
        return self.recipe.format if self.recipe else self.source.format

    @property
    def size(self) -> Size:
        return self.recipe.output_size if self.recipe else Size(self.source.width, self.source.height)

    @property
    def is_boxed(self) -> bool:
        return self.transform.width is not None and self.transform.height is not None

    @property
    def is_sized(self) -> bool:
        return self.transform.width is not None or self.transform.height is not None


def explained_parameters(case: ExplanationCase) -> list[ParameterValue]:
    """Return every parameter with its effective value, defaults included."""
    return [ParameterValue(param.name, _value(case, param), _origin(case, param)) for param in PARAMS]


def _value(case: ExplanationCase, param: Param) -> str | None:
    if param.name in DERIVED_VALUES:
        return DERIVED_VALUES[param.name](case)
    return param.format(getattr(case.transform, param.field))


DERIVED_VALUES: dict[str, Callable[[ExplanationCase], str | None]] = {
    "w": lambda case: str(case.transform.width or int(case.size.width / case.transform.dpr + 0.5)),
    "h": lambda case: str(case.transform.height or int(case.size.height / case.transform.dpr + 0.5)),
    "fm": lambda case: str(case.transform.format or case.source.format),
    "q": lambda case: str(case.recipe.quality) if case.recipe and case.recipe.quality else None,
    "bg": lambda case: str(case.recipe.background) if case.recipe and case.recipe.background else None,
}
"""Values that depend on the image or on other parameters."""


def _origin(case: ExplanationCase, param: Param) -> ValueOrigin:
    if param.name in case.request.own_parameters:
        return ValueOrigin.ADDRESS
    if param.name in case.request.preset_parameters:
        return ValueOrigin.PRESET
    if param.name == "fm" and case.request.extension is not None:
        return ValueOrigin.EXTENSION
    return ValueOrigin.DEFAULT


def remarks(case: ExplanationCase) -> list[Remark]:
    """Return warnings about parameters that have no effect or a surprising one."""
    return [remark for rule in RULES for remark in rule(case)]


def _unknown(case: ExplanationCase) -> Iterator[Remark]:
    for name in case.request.own_parameters:
        if name not in PARAM_BY_NAME and name not in NON_TRANSFORM_PARAMETERS:
            there_are = ", ".join((*PARAM_BY_NAME, *NON_TRANSFORM_PARAMETERS))
            yield Remark(name, f"There is no such parameter, and it is ignored. There are {there_are}.")


def _repeated(case: ExplanationCase) -> Iterator[Remark]:
    for name, times in Counter(name for name, _ in case.request.parameters).items():
        if times > 1 and (name in PARAM_BY_NAME or name in NON_TRANSFORM_PARAMETERS):
            yield Remark(
                name, f"It is given {times} times: the last, {case.request.own_parameters[name]!r}, counts."
            )


def _overridden(case: ExplanationCase) -> Iterator[Remark]:
    for name, value in case.request.preset_parameters.items():
        if name in case.request.own_parameters:
            preset = case.request.own_parameters["preset"]
            yield Remark(name, f"It wins over the preset {preset!r}, which says {value!r}.")


def _unused_fit(case: ExplanationCase) -> Iterator[Remark]:
    stretches = case.is_sized and case.transform.fit is Fit.FILL
    if case.request.has_parameter("fit") and not case.is_boxed and not stretches:
        yield Remark("fit", "It has no effect without both w and h: the picture keeps its proportions.")


def _unused_position(case: ExplanationCase) -> Iterator[Remark]:
    if not case.request.has_parameter("pos"):
        return
    if case.transform.fit is not Fit.COVER:
        yield Remark("pos", f"It has no effect with fit={case.transform.fit}: only cover crops.")
    elif not case.is_boxed:
        yield Remark("pos", "It has no effect without both w and h: nothing is cropped.")
    elif case.recipe and not case.recipe.geometry.is_cropped:
        yield Remark(
            "pos", "It has no effect: the picture has these proportions already, and nothing is cropped."
        )


def _unused_dpr(case: ExplanationCase) -> Iterator[Remark]:
    if case.request.has_parameter("dpr") and not case.is_sized:
        yield Remark("dpr", "It has no effect: it multiplies w and h, and there is neither.")


def _unused_background(case: ExplanationCase) -> Iterator[Remark]:
    if case.request.has_parameter("bg") and not (case.recipe and case.recipe.background):
        yield Remark(
            "bg",
            "It has no effect: it is seen where contain fills up a box, and where jpg shows a see-through picture.",
        )


def _unused_quality(case: ExplanationCase) -> Iterator[Remark]:
    if case.request.has_parameter("q") and case.format not in DEFAULT_QUALITY:
        yield Remark("q", f"It has no effect: {case.format} has no quality.")


def _negotiated(case: ExplanationCase) -> Iterator[Remark]:
    if case.transform.is_auto:
        yield Remark(
            "fm",
            "The format depends on the Accept header of who asks. What is told here is for one that names neither AVIF"
            " nor WebP.",
        )


def _contradicted(case: ExplanationCase) -> Iterator[Remark]:
    extension = case.request.extension
    if case.request.has_parameter("fm") and extension is not None and case.transform.format is not extension:
        yield Remark("fm", f"It wins over the extension .{extension} in the path.")


def _reencoded(case: ExplanationCase) -> Iterator[Remark]:
    if case.recipe and case.transform == Transform(format=case.source.format):
        yield Remark(
            "fm",
            "The original has this format: it is encoded anew. Without fm it is delivered byte for byte.",
        )


def _enlarged(case: ExplanationCase) -> Iterator[Remark]:
    if case.recipe is None:
        return
    scaled, source = case.recipe.geometry.scaled, Size(case.source.width, case.source.height)
    if scaled.width > source.width or scaled.height > source.height:
        yield Remark(
            None, f"The picture has {source} pixels and is enlarged to {scaled}: more bytes, no more detail."
        )


def _first_frame(case: ExplanationCase) -> Iterator[Remark]:
    if case.source.is_animated and not case.format.can_animate:
        yield Remark(
            "fm", f"The picture has {case.source.frames} frames, of which {case.format} shows the first."
        )


def _flattened(case: ExplanationCase) -> Iterator[Remark]:
    if case.source.has_alpha and not case.format.can_alpha and not case.request.has_parameter("bg"):
        yield Remark(
            "bg", f"The picture is see-through in places, and {case.format} is not: they are shown white."
        )


RULES: tuple[Callable[[ExplanationCase], Iterator[Remark]], ...] = (
    _unknown,
    _repeated,
    _overridden,
    _unused_fit,
    _unused_position,
    _unused_dpr,
    _unused_background,
    _unused_quality,
    _negotiated,
    _contradicted,
    _reencoded,
    _enlarged,
    _first_frame,
    _flattened,
)
