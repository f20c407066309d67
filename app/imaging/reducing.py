"""Making the intermediate of a large picture. Burns CPU: call it through the pool."""

from pathlib import Path

from PIL import Image

from app.imaging.colourspace import readable, to_srgb, without_alpha
from app.imaging.decoder import Opened, frames, opened, turned
from app.imaging.encoder import saved
from app.imaging.intermediates import QUALITY, reduction
from app.imaging.limits import STORED, Admit, at_once
from app.imaging.resampling import resized


def reduce(source: Path, destination: Path, *, admit: Admit = at_once) -> None:
    """Writes the intermediate of the picture in `source` to `destination`. Raises CorruptImage, TooManyPixels."""
    with opened(source, STORED) as picture:
        picture.image.draft(None, reduction(picture.size).loaded)
        admit(picture.image.width * picture.image.height)
        write(picture, next(frames(picture)), destination)


def write(picture: Opened, frame: Image.Image, destination: Path) -> None:
    """Writes the intermediate of a picture of which this is the only frame: upright, opaque, in sRGB."""
    small = resized(without_alpha(readable(frame)), reduction(picture.size).size, _whole(picture), gap=1.0)
    upright = turned(to_srgb(small), picture.orientation)
    upright.info.clear()
    destination.write_bytes(saved(upright, "JPEG", quality=QUALITY))


def _whole(picture: Opened) -> tuple[float, float, float, float]:
    """All of the decoded picture, without the part pixels at the right and the bottom of one that was shrunk."""
    how = reduction(picture.size)
    return (0, 0, *(picture.image.size if picture.image.size == picture.size else how.loaded))
