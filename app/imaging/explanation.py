"""What is made of an address's parameters, told to whoever wrote them: what each came to, and which of them is idle."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from app.imaging.formats import Format
from app.imaging.geometry import Fit, Size
from app.imaging.params import PARAMS, Param
from app.imaging.presets import ROWS, Presets
from app.imaging.transform import DEFAULT_QUALITY, Recipe, Source, Transform

BESIDE = ("preset", "download", "exp", "sig")
"""Parameters that stand beside the transform."""


class Origin(StrEnum):
    """Who said a value."""

    ADDRESS = "address"
    PRESET = "preset"
    EXTENSION = "extension"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Understood:
    """A parameter as it counts. `value` is None where this result has none, as a PNG has no quality."""

    name: str
    value: str | None
    origin: Origin


@dataclass(frozen=True, slots=True)
class Remark:
    """What one should know of a parameter, by its name in the address; None is of the whole."""

    parameter: str | None
    text: str


@dataclass(frozen=True)
class Asked:
    """An address's parameters as they stand there, and the extension in its path. `presets` are those it may name."""

    parameters: Sequence[tuple[str, str]]
    extension: Format | None
    presets: Presets

    @cached_property
    def own(self) -> dict[str, str]:
        """Those of the address; of one that is there twice the last."""
        return dict(self.parameters)

    @cached_property
    def of_preset(self) -> dict[str, str]:
        """Those of the preset. Raises InvalidParameter where there is no such one."""
        return dict(self.presets.get(self.own["preset"]).parameters) if "preset" in self.own else {}

    @property
    def transform(self) -> Transform:
        """The transform that is asked for, without the extension. Raises InvalidParameter."""
        return self.presets.transform(self.own)

    def says(self, name: str) -> bool:
        return name in self.own or name in self.of_preset


@dataclass(frozen=True)
class Case:
    """What was asked, of which picture, and what it came to: `recipe` is None where that is the original."""

    asked: Asked
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


def understood(case: Case) -> list[Understood]:
    """Each parameter there is, with the value that counts: what nobody said is filled in."""
    return [Understood(param.name, _value(case, param), _origin(case, param)) for param in PARAMS]


def _value(case: Case, param: Param) -> str | None:
    if param.name in FILLED:
        return FILLED[param.name](case)
    return param.write(getattr(case.transform, param.field))


FILLED: dict[str, Callable[[Case], str | None]] = {
    "w": lambda case: str(case.transform.width or int(case.size.width / case.transform.dpr + 0.5)),
    "h": lambda case: str(case.transform.height or int(case.size.height / case.transform.dpr + 0.5)),
    "fm": lambda case: str(case.transform.format or case.source.format),
    "q": lambda case: str(case.recipe.quality) if case.recipe and case.recipe.quality else None,
    "bg": lambda case: str(case.recipe.background) if case.recipe and case.recipe.background else None,
}
"""What depends on the picture, or on the others."""


def _origin(case: Case, param: Param) -> Origin:
    if param.name in case.asked.own:
        return Origin.ADDRESS
    if param.name in case.asked.of_preset:
        return Origin.PRESET
    if param.name == "fm" and case.asked.extension is not None:
        return Origin.EXTENSION
    return Origin.DEFAULT


def remarks(case: Case) -> list[Remark]:
    """What has no effect, what is not as one may think, in clear words."""
    return [remark for rule in RULES for remark in rule(case)]


def _unknown(case: Case) -> Iterator[Remark]:
    for name in case.asked.own:
        if name not in ROWS and name not in BESIDE:
            there_are = ", ".join((*ROWS, *BESIDE))
            yield Remark(name, f"There is no such parameter, and it is ignored. There are {there_are}.")


def _repeated(case: Case) -> Iterator[Remark]:
    for name, times in Counter(name for name, _ in case.asked.parameters).items():
        if times > 1 and (name in ROWS or name in BESIDE):
            yield Remark(name, f"It is given {times} times: the last, {case.asked.own[name]!r}, counts.")


def _overridden(case: Case) -> Iterator[Remark]:
    for name, value in case.asked.of_preset.items():
        if name in case.asked.own:
            preset = case.asked.own["preset"]
            yield Remark(name, f"It wins over the preset {preset!r}, which says {value!r}.")


def _idle_fit(case: Case) -> Iterator[Remark]:
    stretches = case.is_sized and case.transform.fit is Fit.FILL
    if case.asked.says("fit") and not case.is_boxed and not stretches:
        yield Remark("fit", "It has no effect without both w and h: the picture keeps its proportions.")


def _idle_position(case: Case) -> Iterator[Remark]:
    if not case.asked.says("pos"):
        return
    if case.transform.fit is not Fit.COVER:
        yield Remark("pos", f"It has no effect with fit={case.transform.fit}: only cover crops.")
    elif not case.is_boxed:
        yield Remark("pos", "It has no effect without both w and h: nothing is cropped.")
    elif case.recipe and not case.recipe.geometry.is_cropped:
        yield Remark(
            "pos", "It has no effect: the picture has these proportions already, and nothing is cropped."
        )


def _idle_density(case: Case) -> Iterator[Remark]:
    if case.asked.says("dpr") and not case.is_sized:
        yield Remark("dpr", "It has no effect: it multiplies w and h, and there is neither.")


def _idle_background(case: Case) -> Iterator[Remark]:
    if case.asked.says("bg") and not (case.recipe and case.recipe.background):
        yield Remark(
            "bg",
            "It has no effect: it is seen where contain fills up a box, and where jpg shows a see-through picture.",
        )


def _idle_quality(case: Case) -> Iterator[Remark]:
    if case.asked.says("q") and case.format not in DEFAULT_QUALITY:
        yield Remark("q", f"It has no effect: {case.format} has no quality.")


def _negotiated(case: Case) -> Iterator[Remark]:
    if case.transform.is_auto:
        yield Remark(
            "fm",
            "The format depends on the Accept header of who asks. What is told here is for one that names neither AVIF"
            " nor WebP.",
        )


def _contradicted(case: Case) -> Iterator[Remark]:
    extension = case.asked.extension
    if case.asked.says("fm") and extension is not None and case.transform.format is not extension:
        yield Remark("fm", f"It wins over the extension .{extension} in the path.")


def _encoded_anew(case: Case) -> Iterator[Remark]:
    if case.recipe and case.transform == Transform(format=case.source.format):
        yield Remark(
            "fm",
            "The original has this format: it is encoded anew. Without fm it is delivered byte for byte.",
        )


def _enlarged(case: Case) -> Iterator[Remark]:
    if case.recipe is None:
        return
    scaled, source = case.recipe.geometry.scaled, Size(case.source.width, case.source.height)
    if scaled.width > source.width or scaled.height > source.height:
        yield Remark(
            None, f"The picture has {source} pixels and is enlarged to {scaled}: more bytes, no more detail."
        )


def _first_frame(case: Case) -> Iterator[Remark]:
    if case.source.is_animated and not case.format.can_animate:
        yield Remark(
            "fm", f"The picture has {case.source.frames} frames, of which {case.format} shows the first."
        )


def _flattened(case: Case) -> Iterator[Remark]:
    if case.source.has_alpha and not case.format.can_alpha and not case.asked.says("bg"):
        yield Remark(
            "bg", f"The picture is see-through in places, and {case.format} is not: they are shown white."
        )


RULES: tuple[Callable[[Case], Iterator[Remark]], ...] = (
    _unknown,
    _repeated,
    _overridden,
    _idle_fit,
    _idle_position,
    _idle_density,
    _idle_background,
    _idle_quality,
    _negotiated,
    _contradicted,
    _encoded_anew,
    _enlarged,
    _first_frame,
    _flattened,
)
