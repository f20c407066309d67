"""Identification of uploaded files: format, size and preview, determined once."""

from base64 import b64encode
from contextlib import suppress
from pathlib import Path

from PIL import Image

from app.imaging import thumbhash
from app.imaging.colourspace import is_transparent, to_resizable_mode, to_srgb
from app.imaging.decoder import OpenImage, apply_orientation, frames, open_image
from app.imaging.geometry import Box, Fit, Size, compute_geometry
from app.imaging.intermediates import is_worthwhile, reduction
from app.imaging.intermediates_render import Destinations, write_intermediates
from app.imaging.limits import Admit, ImageLimits, admit_immediately
from app.imaging.resampling import resize
from app.imaging.results import Probe
from app.imaging.transform import Source

PREVIEW_SIDE = 32
"""A ThumbHash has at most 7 × 7 components: 32 pixels per side are enough, at a tenth of the cost of its maximum
of 100.
"""


def identify(
    path: Path,
    limits: ImageLimits,
    *,
    intermediates: Destinations | None = None,
    admit: Admit = admit_immediately,
) -> Probe:
    """Identify the image in a file, decoding all frames. Raises UnsupportedFormat, TooManyPixels, CorruptImage.

    Intermediates of a large image are written from the same decoding to `intermediates`; if that fails there are
    none.
    """
    with open_image(path, limits) as picture:
        # All of a JPEG's stream is decoded either way; an eighth of the pixels is enough for the preview.
        size = picture.size
        seen = Source(format=picture.format, width=size.width, height=size.height, frames=picture.frames)
        picture.image.draft(None, reduction(size).loaded if intermediates and is_worthwhile(seen) else (1, 1))
        admit(picture.image.width * picture.image.height)
        preview, see_through = _verify(picture)
        width, height = picture.upright_size
        probe = Probe(
            format=picture.format,
            width=width,
            height=height,
            frames=picture.frames,
            has_alpha=see_through,
            thumbhash=_thumbhash(preview),
            dominant_color=_dominant_colour(preview),
        )
        if intermediates and is_worthwhile(probe.source):
            with suppress(OSError, MemoryError):  # they are made again on demand
                write_intermediates(picture, picture.image, intermediates)
        return probe


def _verify(picture: OpenImage) -> tuple[Image.Image, bool]:
    """Decode all frames. Return a small upright RGBA copy of the first, and True if any frame is transparent."""
    each = frames(picture)
    first = next(each)
    preview, see_through = _preview(first, picture.orientation), is_transparent(to_resizable_mode(first))
    for frame in each:
        see_through = see_through or is_transparent(to_resizable_mode(frame))
    return preview, see_through


def _preview(frame: Image.Image, orientation: int) -> Image.Image:
    across, down = (min(side, PREVIEW_SIDE) for side in frame.size)
    box = Box(width=across, height=down, fit=Fit.INSIDE)
    small = resize(to_resizable_mode(frame), compute_geometry(Size(*frame.size), box).output)
    return apply_orientation(to_srgb(small), orientation).convert("RGBA")


def _thumbhash(preview: Image.Image) -> str:
    return b64encode(thumbhash.encode(*preview.size, preview.tobytes())).decode()


def _dominant_colour(preview: Image.Image) -> str:
    colours, alphas = preview.convert("RGB").tobytes(), preview.getchannel("A").tobytes()
    seen = colours
    if min(alphas) < 128:
        seen = b"".join(colours[3 * at : 3 * at + 3] for at, alpha in enumerate(alphas) if alpha >= 128)
    if not seen:
        return "#ffffff"
    few = Image.frombytes("RGB", (len(seen) // 3, 1), seen).quantize(8)
    counts = few.histogram()
    commonest = counts.index(max(counts))
    colour = bytes((few.getpalette() or [])[3 * commonest : 3 * commonest + 3])
    return f"#{colour.hex()}"
