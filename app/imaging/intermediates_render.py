"""Renders intermediates of large images. CPU-bound: run it in a worker."""

from collections.abc import Mapping
from pathlib import Path

from PIL import Image

from app.imaging.colourspace import to_resizable_mode, to_srgb, without_alpha
from app.imaging.decoder import OpenImage, apply_orientation, frames, open_image
from app.imaging.encoder import save
from app.imaging.intermediates import QUALITY, Step, reduction
from app.imaging.limits import STORED_LIMITS, Admit, admit_immediately
from app.imaging.resampling import resize

Destinations = Mapping[Step, Path]


def render_intermediates(
    source: Path, destinations: Destinations, *, admit: Admit = admit_immediately
) -> None:
    """Write the intermediates of the image in `source`. Raises CorruptImage, TooManyPixels."""
    with open_image(source, STORED_LIMITS) as picture:
        picture.image.draft(None, reduction(picture.size).loaded)
        admit(picture.image.width * picture.image.height)
        write_intermediates(picture, next(frames(picture)), destinations)


def write_intermediates(picture: OpenImage, frame: Image.Image, destinations: Destinations) -> None:
    """Write the intermediates of an image with this single frame: upright, opaque, in sRGB."""
    how = reduction(picture.size)
    large = resize(without_alpha(to_resizable_mode(frame)), how.large, _whole(picture), gap=1.0)
    large = to_srgb(large)
    for step, image in (Step.LARGE, large), (Step.SMALL, resize(large, how.small, gap=1.0)):
        upright = apply_orientation(image, picture.orientation)
        upright.info.clear()
        destinations[step].write_bytes(save(upright, "JPEG", quality=QUALITY))


def _whole(picture: OpenImage) -> tuple[float, float, float, float]:
    """Return the box of the decoded image without partial pixels at its right and bottom."""
    how = reduction(picture.size)
    return (0, 0, *(picture.image.size if picture.image.size == picture.size else how.loaded))
