"""Frame durations and play counts of animations, for GIF and WebP."""

from dataclasses import dataclass, replace
from typing import Any

from PIL import Image

from app.imaging.formats import Format

MAX_DURATION_MS = 655_350
"""Maximum duration of a frame in milliseconds: GIF allows no more, and sums stay within WebP's range."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Milliseconds per frame, and the play count; 0 is infinite.

    A GIF without a loop count plays once, and one with n repeats n times after that; a WebP has the play count
    itself. Google's gif2webp counts the same way.
    """

    durations: tuple[int, ...]
    play_count: int

    def shortened(self) -> "Timing":
        """Return the timing with frames shortened so that their sum is within the limit."""
        most = MAX_DURATION_MS // len(self.durations)
        return replace(self, durations=tuple(min(lasts, most) for lasts in self.durations))

    def encoder_options(self, format: Format) -> dict[str, Any]:
        """Return Pillow's options for writing `format`."""
        durations = list(self.durations)
        if format is Format.WEBP:
            return {"duration": durations, "loop": self.play_count}
        if self.play_count == 1:
            return {"duration": durations}
        return {"duration": durations, "loop": max(self.play_count - 1, 0)}


def play_count(image: Image.Image, format: Format) -> int:
    """Return the play count of an open animation; 0 is infinite."""
    loop = image.info.get("loop")
    if format is Format.WEBP or loop == 0:
        return int(loop or 0)
    return 1 if loop is None else int(loop) + 1


def duration(frame: Image.Image) -> int:
    """Return the duration of a loaded frame in milliseconds."""
    # In a WebP they are differences of sums, which are negative after an overflow in libwebp.
    return min(max(int(frame.info.get("duration", 0)), 0), MAX_DURATION_MS)
