"""Output size, crop and padding, computed from the image's size and the request.

Pure functions. Sizes equal those of sharp 0.35 (libvips 8.18), `resize(width, height, {fit})`, which rounds half up
and enlarges. tests/imaging has sizes computed by sharp.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from math import floor
from typing import ClassVar, NamedTuple, Self

from app.errors import BadRequest
from app.imaging.formats import Format

MAX_DIMENSION = 8192
MAX_PIXELS = 50_000_000


class Size(NamedTuple):
    """Width and height in pixels of the upright image."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


class Point(NamedTuple):
    """Pixels from the left and the top edge."""

    left: int
    top: int


class Fit(StrEnum):
    """Fit of an image to a box of other proportions."""

    COVER = "cover"  # fill the box and crop the rest
    CONTAIN = "contain"  # fit within the box, on a background
    FILL = "fill"  # stretch to the box
    INSIDE = "inside"  # as large as fits within the box
    OUTSIDE = "outside"  # as small as covers the box

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse the name of a fit; `crop` is cover. Raises ValueError."""
        word = text.lower()
        try:
            return cls("cover" if word == "crop" else word)
        except ValueError:
            raise ValueError(f"one of {', '.join(cls)}") from None


@dataclass(frozen=True, slots=True)
class Position:
    """The part that a crop keeps: 0 is the left or top end, 1 the right or bottom end, 0.5 the centre."""

    x: float
    y: float

    CENTER: ClassVar["Position"]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a name (`top`, `top-left`) or `x,y`. Raises ValueError."""
        word = text.lower()
        if coordinates := COORDINATES.fullmatch(word):
            return cls(*_in_range(float(coordinates[1]), float(coordinates[2])))
        words = [w for w in re.split("[-_ ]", word.replace("centre", "center")) if w != "center"]
        if not word or len(words) > 2 or not {*words} <= {*X_NAMES, *Y_NAMES}:
            raise ValueError(POSITIONS)
        columns, rows = (
            [X_NAMES[w] for w in words if w in X_NAMES],
            [Y_NAMES[w] for w in words if w in Y_NAMES],
        )
        if len(columns) > 1 or len(rows) > 1:
            raise ValueError(POSITIONS)
        return cls(*(columns or [0.5]), *(rows or [0.5]))

    def __str__(self) -> str:
        """Return the shortest text that parses to this position."""
        row, column = Y_LABELS.get(self.y), X_LABELS.get(self.x)
        if row is None or column is None:
            return f"{_decimal(self.x)},{_decimal(self.y)}"
        return "-".join(filter(None, (row, column))) or "center"


COORDINATES = re.compile(r"([0-9]?\.?[0-9]{1,6}),([0-9]?\.?[0-9]{1,6})", re.ASCII)
X_NAMES = {"left": 0.0, "right": 1.0}
Y_NAMES = {"top": 0.0, "bottom": 1.0}
X_LABELS = {0.0: "left", 0.5: "", 1.0: "right"}
Y_LABELS = {0.0: "top", 0.5: "", 1.0: "bottom"}
POSITIONS = "center, top, right, bottom, left, a corner such as top-left, or x,y with both from 0 to 1"
Position.CENTER = Position(0.5, 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """Layout of a result: the image is scaled, `visible` of it is cropped at `crop`, and placed at `pad`.

    Only `visible` needs to be computed: `scaled` may be larger than any image. `source_share` is the share of the
    image's width and height that `scaled` covers: other than 1 only when enlarging, where just its size is rounded.
    `centre_share` is the same for sizes rounded down when shrinking: both ends lose equally. `divisor` is the
    factor by which sharp's decoder shrinks a JPEG: 8, 4, 2 or 1.
    """

    scaled: Size
    visible: Size
    crop: Point
    output: Size
    pad: Point
    source_share: tuple[float, float] = (1, 1)
    centre_share: tuple[float, float] = (1, 1)
    divisor: int = 1

    @property
    def is_padded(self) -> bool:
        return self.visible != self.output

    @property
    def is_cropped(self) -> bool:
        return self.visible != self.scaled

    def __str__(self) -> str:
        """Return a text that identifies the geometry: `800x600`, with crop and padding if there are any."""
        cut = f"-{self.scaled}@{self.crop.left},{self.crop.top}" if self.is_cropped else ""
        laid = f"+{self.visible}@{self.pad.left},{self.pad.top}" if self.is_padded else ""
        reaching = (
            f"~{self.source_share[0]:.4f},{self.source_share[1]:.4f}" if self.source_share != (1, 1) else ""
        )
        leaving = (
            f"<{self.centre_share[0]:.6g},{self.centre_share[1]:.6g}" if self.centre_share != (1, 1) else ""
        )
        divided = f" 1/{self.divisor}" if self.divisor > 1 else ""
        return f"{self.output}{cut}{laid}{reaching}{leaving}{divided}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """The requested size in device pixels; None leaves a side to the image's proportions."""

    width: int | None = None
    height: int | None = None
    fit: Fit = Fit.COVER
    position: Position = Position.CENTER


def compute_geometry(picture: Size, box: Box, *, loader: Format = Format.PNG, frames: int = 1) -> Geometry:
    """Lay out `picture`, stored as `loader` with `frames`, for `box`.

    Raises BadRequest if the result exceeds MAX_DIMENSION, or MAX_PIXELS over all frames.
    """
    divisor = _divisor(picture, box) if loader is Format.JPG else 1
    loaded = _as_loaded(picture, box, loader, divisor)
    scaled = _scaled(loaded, box, frames=frames)
    output = _output(scaled, box)
    _check_limits(output, frames)
    visible = Size(min(scaled.width, output.width), min(scaled.height, output.height))
    return Geometry(
        scaled=scaled,
        visible=visible,
        crop=Point(
            _round_half_up((scaled.width - visible.width) * box.position.x),
            _round_half_up((scaled.height - visible.height) * box.position.y),
        ),
        output=output,
        pad=Point((output.width - visible.width) // 2, (output.height - visible.height) // 2),
        source_share=_source_share(loaded, scaled, box),
        centre_share=_centre_share(loaded, scaled, box, frames=frames),
        divisor=divisor,
    )


def _divisor(picture: Size, box: Box) -> int:
    """Return 8, 4, 2 or 1; one step less if the shrink is barely above it, because of libjpeg's rounding."""
    shrink = _min_shrink(picture, box)
    divisor = next((d for d in (8, 4, 2) if shrink >= d), 1)
    return divisor // 2 if divisor > 1 and int(shrink) == divisor else divisor


def _as_loaded(picture: Size, box: Box, loader: Format, divisor: int) -> Size:
    """Return the size at which sharp's decoder delivers the image, from which the result is rounded.

    libjpeg halves up to three times and libvips drops partial pixels; libwebp scales nearly to the target.
    """
    shrink = _min_shrink(picture, box)
    if loader is Format.WEBP and shrink > 1:
        return Size(round(picture.width * (1 / shrink)), round(picture.height * (1 / shrink)))
    return Size(picture.width // divisor, picture.height // divisor)


def _min_shrink(picture: Size, box: Box) -> float:
    return min(_shrink(picture, box))


def _scaled(picture: Size, box: Box, *, frames: int) -> Size:
    across, down = _shrink(picture, box)
    width = _shrunk_side(picture.width, across)
    if frames > 1:  # libvips sizes the pages of an animation with rint(), which rounds half to even
        return Size(width, max(1, round(picture.height / down)))
    return Size(width, _shrunk_side(picture.height, down))


def _shrunk_side(side: int, shrink: float) -> int:
    """Compute as libvips does, to the last bit: enlarging multiplies by a scale, shrinking divides by its inverse."""
    scale = 1 / shrink
    return max(1, _round_half_up(side * scale if scale > 1 else side / (1 / scale)))


def _shrink(picture: Size, box: Box) -> tuple[float, float]:
    """Return the divisors of width and height; below 1 they enlarge. No side shrinks below one pixel."""
    across = picture.width / box.width if box.width else None
    down = picture.height / box.height if box.height else None
    if box.fit is Fit.FILL:
        across, down = across or 1.0, down or 1.0
    elif across is None or down is None:
        across = down = across or down or 1.0
    else:
        choose = min if box.fit in {Fit.COVER, Fit.OUTSIDE} else max
        across = down = choose(across, down)
    return min(across, picture.width), min(down, picture.height)


def _source_share(picture: Size, scaled: Size, box: Box) -> tuple[float, float]:
    across, down = _shrink(picture, box)
    return (
        scaled.width * across / picture.width if across < 1 else 1,
        scaled.height * down / picture.height if down < 1 else 1,
    )


def _centre_share(picture: Size, scaled: Size, box: Box, *, frames: int) -> tuple[float, float]:
    across, down = _shrink(picture, box)
    x, y = _part(picture.width, scaled.width, across), _part(picture.height, scaled.height, down)
    return x, y if frames == 1 else 1  # libvips squeezes the pages of an animation to their height


def _part(side: int, scaled: int, shrink: float) -> float:
    return min(1, round(scaled * shrink / side, 6)) if shrink >= 1 else 1


def _output(scaled: Size, box: Box) -> Size:
    width, height = box.width or scaled.width, box.height or scaled.height
    match box.fit:
        case Fit.COVER:
            return Size(min(scaled.width, width), min(scaled.height, height))
        case Fit.CONTAIN:
            return Size(max(scaled.width, width), max(scaled.height, height))
        case _:
            return scaled


def _check_limits(output: Size, frames: int) -> None:
    if max(output) <= MAX_DIMENSION and output.width * output.height * frames <= MAX_PIXELS:
        return
    shape = f"{output.width} × {output.height}" + (f" × {frames} frames" if frames > 1 else "")
    raise BadRequest(
        "The result would be {shape}; it may have {limit} pixels per side and {megapixels} megapixels in all."
        " Request a smaller w or h",
        message="The result would be too large",
        reason="result_too_large",
        shape=shape,
        limit=MAX_DIMENSION,
        megapixels=MAX_PIXELS // 1_000_000,
    )


def _round_half_up(value: float) -> int:
    return floor(value + 0.5)


def _in_range(x: float, y: float) -> tuple[float, float]:
    if not (x <= 1 and y <= 1):
        raise ValueError(POSITIONS)
    return x, y


def _decimal(value: float) -> str:
    """Format 0.25 as `.25`, 1.0 as `1`."""
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return text.removeprefix("0") if text.startswith("0.") else text
