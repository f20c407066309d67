"""Decoding with Pillow: one plugin per format, PicHub's limits, and domain errors for every failure."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from app.errors import CorruptImage, PicHubError, TooManyPixels
from app.imaging import header_size
from app.imaging.formats import Format
from app.imaging.geometry import Size
from app.imaging.header_size import DeclaredSize
from app.imaging.limits import ImageLimits
from app.imaging.magic_bytes import SIGNATURE_SIZE, sniff

PLUGINS = {Format.JPG: "JPEG", Format.PNG: "PNG", Format.WEBP: "WEBP", Format.GIF: "GIF"}

ORIENTATION = 0x0112
TRANSPOSITIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
ROTATED_ORIENTATIONS = range(5, 9)
MIRRORED, UPSIDE_DOWN = {2, 3, 6, 7}, {3, 4, 7, 8}

Box = tuple[int, int, int, int]
"""Left, top, right and bottom, in pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenImage:
    """An image whose headers are read, but not its pixels. Sizes are as stored, before orientation."""

    image: Image.Image
    format: Format
    size: Size
    frames: int
    orientation: int
    """1 to 8 as in EXIF. Always 1 for animations, as in browsers."""

    @property
    def upright_size(self) -> Size:
        return Size(*self.size[::-1]) if self.orientation in ROTATED_ORIENTATIONS else self.size

    @property
    def is_animated(self) -> bool:
        return self.frames > 1


@contextmanager
def open_image(path: Path, limits: ImageLimits) -> Iterator[OpenImage]:
    """Open the image in a file without decoding it.

    Raises UnsupportedFormat, TooManyPixels, CorruptImage, and OSError if the file itself can't be opened.
    """
    with path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ignore Pillow's warnings about files
        format = sniff(file.read(SIGNATURE_SIZE))
        file.seek(0)
        with _pillow_errors():
            picture = _open(file, format, limits)
        yield picture


def frames(picture: OpenImage) -> Iterator[Image.Image]:
    """Yield each decoded frame. It is the same object each time: use it before the next iteration.

    Raises CorruptImage, TooManyPixels.
    """
    for index in range(picture.frames):
        with _pillow_errors():
            if picture.is_animated:
                picture.image.seek(index)
            picture.image.load()
            frame = _on_canvas(picture.image, picture) if picture.format is Format.GIF else picture.image
        yield frame


def apply_orientation(image: Image.Image, orientation: int) -> Image.Image:
    """Return the image upright."""
    return image.transpose(TRANSPOSITIONS[orientation]) if orientation in TRANSPOSITIONS else image


def to_stored_box(box: Box, upright: tuple[int, int], orientation: int) -> Box:
    """Convert a box in the upright image of size `upright` to the stored image."""
    (left, top, right, bottom), (width, height) = box, upright
    if orientation in MIRRORED:
        left, right = width - right, width - left
    if orientation in UPSIDE_DOWN:
        top, bottom = height - bottom, height - top
    return (top, left, bottom, right) if orientation in ROTATED_ORIENTATIONS else (left, top, right, bottom)


def _on_canvas(frame: Image.Image, picture: OpenImage) -> Image.Image:
    """Paste the frame on a canvas of the final size: Pillow's GIF canvas grows frame by frame."""
    return frame if frame.size == picture.size else frame.convert("RGBA").crop((0, 0, *picture.size))


def _open(file: BinaryIO, format: Format, limits: ImageLimits) -> OpenImage:
    said = _declared_size(file, format, limits)
    if said is not None:
        _check_limits(limits, said)
    file.seek(0)
    image = Image.open(file, formats=[PLUGINS[format]])
    frames = said.frames if said and format is Format.GIF else _frames(image, format)
    size = Size(said.width, said.height) if said else Size(*image.size)
    _check_limits(limits, DeclaredSize(*size, frames))
    orientation = _orientation(image) if frames == 1 else 1
    return OpenImage(image=image, format=format, size=size, frames=frames, orientation=orientation)


def _declared_size(file: BinaryIO, format: Format, limits: ImageLimits) -> DeclaredSize | None:
    match format:
        case Format.GIF:
            return header_size.gif(file, at_most=limits.max_frames + 1)
        case Format.WEBP:
            return header_size.webp(file.read(30))
        case _:
            return None


def _frames(image: Image.Image, format: Format) -> int:
    """Return the number of frames. Further images of an MPO and frames of an APNG are ignored."""
    return int(getattr(image, "n_frames", 1)) if format is Format.WEBP else 1


def _check_limits(limits: ImageLimits, said: DeclaredSize) -> None:
    if max(said.width, said.height) > limits.max_dimension:
        raise TooManyPixels(
            "dimensions_too_large",
            "The image is {width} × {height}; neither side may exceed {limit} pixels.",
            width=said.width,
            height=said.height,
            limit=limits.max_dimension,
        )
    if said.frames > limits.max_frames:
        raise TooManyPixels(
            "too_many_frames", "The image has more than {limit} frames.", limit=limits.max_frames
        )
    if said.width * said.height * said.frames > limits.max_pixels:
        raise TooManyPixels(
            "too_many_pixels",
            "The image has {width} × {height} × {frames} = {megapixels:.1f} megapixels; at most {limit:g} are allowed."
            if said.frames > 1
            else "The image has {width} × {height} = {megapixels:.1f} megapixels; at most {limit:g} are allowed.",
            width=said.width,
            height=said.height,
            frames=said.frames,
            megapixels=round(said.width * said.height * said.frames / 1e6, 1),
            limit=limits.max_pixels / 1e6,
        )


@contextmanager
def _pillow_errors() -> Iterator[None]:
    """Translate a decoder's exceptions to domain errors."""
    Image.MAX_IMAGE_PIXELS = None  # our limits are checked first and name both numbers
    try:
        yield
    except PicHubError:
        raise
    except MemoryError as error:
        raise TooManyPixels("out_of_memory", "The image needs more memory than allowed.") from error
    except Exception as error:  # decoders raise nearly anything: SyntaxError, struct.error, IndexError…
        raise CorruptImage("undecodable", "The image is corrupt and can't be decoded.") from error


def _orientation(image: Image.Image) -> int:
    """Read the orientation from EXIF only, as browsers do; Pillow would also read XMP."""
    exif = Image.Exif()
    with suppress(Exception):  # unreadable EXIF is ignored
        exif.load(image.info.get("exif", b""))
        value = exif.get(ORIENTATION, 1)
        return value if isinstance(value, int) and value in TRANSPOSITIONS else 1
    return 1
