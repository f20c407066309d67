"""What a picture may declare of itself, and the word that there is room for its pixels."""

from collections.abc import Callable
from dataclasses import dataclass

Admit = Callable[[int], None]
"""Called with the number of pixels that are about to be decoded; returns when there is room for them."""


def admit_immediately(pixels: int) -> None:
    """There is always room: for whoever decodes outside of a pool."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageLimits:
    """What a picture may declare: width × height × frames, width or height, frames."""

    max_pixels: int
    max_side: int
    max_frames: int = 2_000


STORED_LIMITS = ImageLimits(max_pixels=10**9, max_side=65_500)
"""What is stored was measured when it came; the limits may have been lowered since."""
