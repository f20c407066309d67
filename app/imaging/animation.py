"""How long each frame is shown, and how often all of them: the same in GIF and in WebP."""

from dataclasses import dataclass, replace
from typing import Any

from PIL import Image

from app.imaging.formats import Format

MAX_DURATION_MS = 655_350
"""Milliseconds that a frame may be shown: a GIF can't say more, and no animation's sum passes what WebP can count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Milliseconds for each frame, and how many times the whole is played; 0 is for ever.

    A GIF that says nothing is played once, and one that says n is repeated n times after that; a WebP says how often
    it is played. Google's gif2webp counts the same way.
    """

    durations: tuple[int, ...]
    play_count: int

    def shortened(self) -> "Timing":
        """With frames so short that all together are no longer than one may be."""
        most = MAX_DURATION_MS // len(self.durations)
        return replace(self, durations=tuple(min(lasts, most) for lasts in self.durations))

    def encoder_options(self, format: Format) -> dict[str, Any]:
        """What Pillow is told when it writes `format`."""
        durations = list(self.durations)
        if format is Format.WEBP:
            return {"duration": durations, "loop": self.play_count}
        if self.play_count == 1:
            return {"duration": durations}
        return {"duration": durations, "loop": max(self.play_count - 1, 0)}


def play_count(image: Image.Image, format: Format) -> int:
    """How many times an opened animation is played; 0 is for ever."""
    loop = image.info.get("loop")
    if format is Format.WEBP or loop == 0:
        return int(loop or 0)
    return 1 if loop is None else int(loop) + 1


def duration(frame: Image.Image) -> int:
    """Milliseconds for which a loaded frame is shown."""
    # In a WebP they are differences of sums, which may have passed what libwebp counts: then they are negative.
    return min(max(int(frame.info.get("duration", 0)), 0), MAX_DURATION_MS)
