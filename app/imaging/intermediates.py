"""Intermediates: smaller JPEGs of large images to render from, since a decoder reads a whole file for any result.

The existence of intermediates and their use follow from image and recipe alone: the bytes of a result do not depend
on whether an intermediate is present.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from math import prod

from app.imaging.geometry import Size
from app.imaging.transform import Recipe, Source

MIN_PIXELS = 6_000_000
"""Below this, decoding the image itself is nearly as fast."""


class Step(StrEnum):
    """The two intermediates of an image."""

    LARGE = "large"
    SMALL = "small"  # half the sides of the large one: for thumbnails


SHORTEST, LONGEST = 1_600, 2_048
"""Longer side of the large one, in pixels: 1/2, 1/4 or 1/8 of the image's, if that is in this range."""

MIN_OVERSAMPLING = {Step.SMALL: 1.6, Step.LARGE: 1.25}
"""Required pixels per side for each pixel of the uncropped result. The first step that has enough is used."""

QUALITY = 90


@dataclass(frozen=True, slots=True)
class Reduction:
    """Steps to make them: decode the image at `loaded`, 1/1 to 1/8 of its size, and resize to `large`."""

    loaded: Size
    large: Size

    @property
    def small(self) -> Size:
        return Size(*((side + 1) // 2 for side in self.large))

    def size(self, step: Step) -> Size:
        return self.large if step is Step.LARGE else self.small


@lru_cache(maxsize=1_000)
def reduction(picture: Size) -> Reduction:
    """Return how to make the intermediates of an image of this size, worthwhile or not."""
    longest = max(picture)
    divisor = next((d for d in (8, 4, 2) if longest // d >= SHORTEST), 1)
    loaded = Size(*(max(1, side // divisor) for side in picture))
    excess = max(1.0, max(loaded) / LONGEST)
    return Reduction(loaded, Size(*(max(1, int(side / excess + 0.5)) for side in loaded)))


def is_worthwhile(source: Source) -> bool:
    """Return True if the image gets intermediates: large images that a JPEG can represent."""
    return (
        source.width * source.height >= MIN_PIXELS
        and max(source.width, source.height) >= 2 * SHORTEST
        and not source.is_animated
        and not source.has_alpha
    )


def best_step(source: Source, recipe: Recipe) -> Step | None:
    """Return the smallest intermediate without visible loss for this recipe; None for the image itself.

    Lossless formats are rendered from the image itself.
    """
    if not is_worthwhile(source) or recipe.quality is None or recipe.enlarges:
        return None
    how, scaled = reduction(Size(source.width, source.height)), recipe.geometry.scaled
    fits = (step for step, room in MIN_OVERSAMPLING.items() if _is_large_enough(how.size(step), scaled, room))
    return next(fits, None)


def pixels(source: Source, step: Step | None) -> int:
    """Return the number of pixels of an image's intermediate; without a step, of the image itself."""
    if step is None:
        return source.pixels
    return prod(reduction(Size(source.width, source.height)).size(step))


def _is_large_enough(size: Size, scaled: Size, room: float) -> bool:
    return all(room * wanted <= side for side, wanted in zip(size, scaled, strict=True))
