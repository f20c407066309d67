"""Making the intermediates of a large picture. Burns CPU: call it through the pool."""

from collections.abc import Mapping
from pathlib import Path

from PIL import Image

from app.imaging.colourspace import readable, to_srgb, without_alpha
from app.imaging.decoder import Opened, frames, opened, turned
from app.imaging.encoder import saved
from app.imaging.intermediates import QUALITY, Step, reduction
from app.imaging.limits import STORED, Admit, at_once
from app.imaging.resampling import resized

Destinations = Mapping[Step, Path]


def reduce(source: Path, destinations: Destinations, *, admit: Admit = at_once) -> None:
    """Writes the intermediates of the picture in `source`. Raises CorruptImage, TooManyPixels."""
    with opened(source, STORED) as picture:
        picture.image.draft(None, reduction(picture.size).loaded)
        admit(picture.image.width * picture.image.height)
        write(picture, next(frames(picture)), destinations)


def write(picture: Opened, frame: Image.Image, destinations: Destinations) -> None:
    """Writes the intermediates of a picture of which this is the only frame: upright, opaque, in sRGB."""
    how = reduction(picture.size)
    large = resized(without_alpha(readable(frame)), how.large, _whole(picture), gap=1.0)
    large = to_srgb(large)
    for step, image in (Step.LARGE, large), (Step.SMALL, resized(large, how.small, gap=1.0)):
        upright = turned(image, picture.orientation)
        upright.info.clear()
        destinations[step].write_bytes(saved(upright, "JPEG", quality=QUALITY))


def _whole(picture: Opened) -> tuple[float, float, float, float]:
    """All of the decoded picture, without the part pixels at the right and the bottom of one that was shrunk."""
    how = reduction(picture.size)
    return (0, 0, *(picture.image.size if picture.image.size == picture.size else how.loaded))
