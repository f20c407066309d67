"""The transform parameters, one row each. URLs are parsed and written by these rows, and documented from them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from app.imaging.colour import Colour
from app.imaging.formats import Format
from app.imaging.geometry import MAX_DIMENSION, POSITIONS, Fit, Position


class AutoFormat(Enum):
    AUTO = "auto"

    def __str__(self) -> str:
        return self.value


AUTO: Final = AutoFormat.AUTO

NUMBER = re.compile(r"[0-9]{1,4}", re.ASCII)
DECIMAL = re.compile(r"[0-9](\.[0-9]{1,6})?", re.ASCII)
MAX_DPR = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """A parameter. `parse` raises ValueError with the allowed values; `default` is its documentation."""

    name: str
    field: str
    values: str
    default: str
    description: str
    parse: Callable[[str], Any]
    format: Callable[[Any], str] = str


def integer(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if NUMBER.fullmatch(text) is None or not low <= int(text) <= high:
            raise ValueError(f"an integer from {low} to {high}")
        return int(text)

    return read


def dpr(text: str) -> float:
    if DECIMAL.fullmatch(text) is None or not 1 <= float(text) <= MAX_DPR:
        raise ValueError(f"a number from 1 to {MAX_DPR}, such as 2 or 1.5")
    return float(text)


def format_value(text: str) -> Format | AutoFormat:
    if text.lower() == "auto":
        return AUTO
    try:
        return Format.parse(text)
    except ValueError:
        raise ValueError(f"one of {', '.join(Format)}, auto") from None


PARAMS = (
    Param(
        name="w",
        field="width",
        values=f"1 to {MAX_DIMENSION}",
        default="proportional to h, or the image's own",
        description="Width of the result in pixels.",
        parse=integer(1, MAX_DIMENSION),
    ),
    Param(
        name="h",
        field="height",
        values=f"1 to {MAX_DIMENSION}",
        default="proportional to w, or the image's own",
        description="Height of the result in pixels.",
        parse=integer(1, MAX_DIMENSION),
    ),
    Param(
        name="fit",
        field="fit",
        values=", ".join(Fit),
        default="cover",
        description="Fit to the requested width and height, as in sharp's resize. crop is an alias of cover.",
        parse=Fit.parse,
    ),
    Param(
        name="pos",
        field="position",
        values=POSITIONS,
        default="center",
        description="The part of the image that cover keeps.",
        parse=Position.parse,
    ),
    Param(
        name="dpr",
        field="dpr",
        values=f"1 to {MAX_DPR}, decimals allowed",
        default="1",
        description="Device pixel ratio: w and h are multiplied by it.",
        parse=dpr,
        format=lambda ratio: f"{ratio:.6f}".rstrip("0").rstrip("."),
    ),
    Param(
        name="fm",
        field="format",
        values=f"{', '.join(Format)}, auto",
        default="the extension in the path, else the original's format",
        description="Format of the result. jpeg is an alias of jpg; auto chooses by the Accept header.",
        parse=format_value,
    ),
    Param(
        name="q",
        field="quality",
        values="1 to 100",
        default="80 for jpg and webp, 50 for avif",
        description="Quality of a lossy result, ignored for png and gif.",
        parse=integer(1, 100),
    ),
    Param(
        name="bg",
        field="background",
        values="hex: rgb, rrggbb or rrggbbaa",
        default="transparent; white for jpg",
        description="Background for contain, and for transparent pixels in jpg.",
        parse=Colour.parse,
    ),
)


def table() -> list[tuple[str, str, str, str]]:
    """Return (name, values, default, description) of each parameter, for the documentation."""
    return [(p.name, p.values, p.default, p.description) for p in PARAMS]
