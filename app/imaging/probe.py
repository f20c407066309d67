"""What a file holds: read, checked and measured once, when it is uploaded."""

from base64 import b64encode
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from thash import rgba_to_thumb_hash

from app.imaging.colourspace import is_see_through, readable, to_srgb
from app.imaging.decoder import Admit, Limits, Opened, at_once, frames, opened, turned
from app.imaging.formats import Format
from app.imaging.geometry import Box, Fit, Size, arrange
from app.imaging.resampling import resized
from app.imaging.transform import Source

PREVIEW_SIDE = 32
"""A thumbhash keeps at most 7 × 7 waves: 32 pixels a side show them all, and cost a tenth of the 100 it allows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A whole picture. Sizes are upright. `has_alpha` says that some pixel is see-through, not that some could be.

    `thumbhash` is base64. `dominant_color` is `#rrggbb`: the commonest of eight, among the pixels that are more seen
    than seen through (white if there are none).
    """

    format: Format
    width: int
    height: int
    frames: int
    has_alpha: bool
    thumbhash: str
    dominant_color: str

    @property
    def source(self) -> Source:
        return Source(
            format=self.format,
            width=self.width,
            height=self.height,
            frames=self.frames,
            has_alpha=self.has_alpha,
        )


def identify(path: Path, limits: Limits, *, admit: Admit = at_once) -> Probe:
    """The picture in a file, decoded to its last frame. Raises UnsupportedFormat, TooManyPixels, CorruptImage."""
    with opened(path, limits) as picture:
        picture.image.draft(None, (1, 1))  # JPEG at an eighth: all of the stream is read, few pixels are made
        admit(picture.image.width * picture.image.height)
        preview, see_through = _verified(picture)
        width, height = picture.upright_size
        return Probe(
            format=picture.format,
            width=width,
            height=height,
            frames=picture.frames,
            has_alpha=see_through,
            thumbhash=_thumbhash(preview),
            dominant_color=_dominant_colour(preview),
        )


def _verified(picture: Opened) -> tuple[Image.Image, bool]:
    """A small upright RGBA copy of the first frame, and whether any frame is see-through. Decodes all of them."""
    each = frames(picture)
    first = next(each)
    preview, see_through = _preview(first, picture.orientation), is_see_through(readable(first))
    for frame in each:
        see_through = see_through or is_see_through(readable(frame))
    return preview, see_through


def _preview(frame: Image.Image, orientation: int) -> Image.Image:
    across, down = (min(side, PREVIEW_SIDE) for side in frame.size)
    box = Box(width=across, height=down, fit=Fit.INSIDE)
    small = resized(readable(frame), arrange(Size(*frame.size), box).output)
    return turned(to_srgb(small), orientation).convert("RGBA")


def _thumbhash(preview: Image.Image) -> str:
    return b64encode(bytes(rgba_to_thumb_hash(*preview.size, list(preview.tobytes())))).decode()


def _dominant_colour(preview: Image.Image) -> str:
    pixels = memoryview(preview.tobytes())
    seen = [bytes(pixels[i : i + 3]) for i in range(0, len(pixels), 4) if pixels[i + 3] >= 128]
    if not seen:
        return "#ffffff"
    few = Image.frombytes("RGB", (len(seen), 1), b"".join(seen)).quantize(8).convert("RGB")
    (colour, _), *_ = Counter(few.tobytes()[i : i + 3] for i in range(0, 3 * len(seen), 3)).most_common(1)
    return f"#{colour.hex()}"
