"""Limits of declared image sizes, and admission of decoding work."""

from collections.abc import Callable
from dataclasses import dataclass

Admit = Callable[[int], None]
"""Called with the number of pixels about to be decoded; returns when memory for them is available."""


def admit_immediately(pixels: int) -> None:
    """Admit any amount: for decoding outside of a worker pool."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageLimits:
    """Limits: width × height × frames, width or height, and frames."""

    max_pixels: int
    max_dimension: int
    max_frames: int = 2_000


STORED_LIMITS = ImageLimits(max_pixels=10**9, max_dimension=65_500)
"""Stored images were checked at upload; the limits may have been lowered since."""
