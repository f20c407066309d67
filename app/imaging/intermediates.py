"""Intermediates: smaller JPEGs of large pictures, to render from, as a decoder reads all of a file for any result.

Which pictures have one, and which recipes are rendered from it, follows from what is known of both: the bytes of a
result do not depend on whether the intermediate happened to lie there.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from math import prod

from app.imaging.geometry import Size
from app.imaging.transform import Recipe, Source

MIN_PIXELS = 6_000_000
"""Below that the picture itself is read nearly as fast."""


class Step(StrEnum):
    """A picture that has intermediates has one of each."""

    LARGE = "large"
    SMALL = "small"  # half of the large one, each way: for thumbnails


SHORTEST, LONGEST = 1_600, 2_048
"""Pixels of the large one's longer side: a half, a quarter or an eighth of the picture's, if that lies between."""

MIN_OVERSAMPLING = {Step.SMALL: 1.6, Step.LARGE: 1.25}
"""How many pixels one has, each way, for one of the result before it is cropped; the first that has them is taken."""

QUALITY = 90


@dataclass(frozen=True, slots=True)
class Reduction:
    """How they are made: the picture is decoded at `loaded`, 1/1 to 1/8 of its size, and resized to `large`."""

    loaded: Size
    large: Size

    @property
    def small(self) -> Size:
        return Size(*((side + 1) // 2 for side in self.large))

    def size(self, step: Step) -> Size:
        return self.large if step is Step.LARGE else self.small


@lru_cache(maxsize=1_000)
def reduction(picture: Size) -> Reduction:
    """How the intermediates of a picture of this size are made, whether or not it is worth it."""
    longest = max(picture)
    divisor = next((d for d in (8, 4, 2) if longest // d >= SHORTEST), 1)
    loaded = Size(*(max(1, side // divisor) for side in picture))
    excess = max(1.0, max(loaded) / LONGEST)
    return Reduction(loaded, Size(*(max(1, int(side / excess + 0.5)) for side in loaded)))


def is_worthwhile(source: Source) -> bool:
    """Whether the picture has intermediates: large ones do that a JPEG can hold."""
    return (
        source.width * source.height >= MIN_PIXELS
        and max(source.width, source.height) >= 2 * SHORTEST
        and not source.is_animated
        and not source.has_alpha
    )


def best_step(source: Source, recipe: Recipe) -> Step | None:
    """The intermediate to render from: the smallest in which it can not be told; None for the picture itself.

    A format that has no quality keeps what it is given: it is given the picture itself.
    """
    if not is_worthwhile(source) or recipe.quality is None or recipe.enlarges:
        return None
    how, scaled = reduction(Size(source.width, source.height)), recipe.geometry.scaled
    fits = (step for step, room in MIN_OVERSAMPLING.items() if _is_large_enough(how.size(step), scaled, room))
    return next(fits, None)


def pixels(source: Source, step: Step | None) -> int:
    """How many pixels there are to be read of a picture's intermediate; without a step, of the picture itself."""
    if step is None:
        return source.pixels
    return prod(reduction(Size(source.width, source.height)).size(step))


def _is_large_enough(size: Size, scaled: Size, room: float) -> bool:
    return all(room * wanted <= side for side, wanted in zip(size, scaled, strict=True))
