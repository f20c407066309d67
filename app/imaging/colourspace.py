"""Conversion of stored pixels to 8-bit sRGB."""

from functools import cache
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageCms

from app.errors import CorruptImage

CMYK_PROFILE = Path(__file__).with_name("press.icc")
"""Made by `python -m tests.imaging.press` from sharp's conversion of 2,401 ink mixtures."""

OPAQUE_MODES = {"1": "L", "L": "L", "RGB": "RGB", "CMYK": "CMYK"}
ALPHA_MODES = {"1": "LA", "L": "LA", "LA": "LA"}


def to_resizable_mode(image: Image.Image) -> Image.Image:
    """Convert an image to a mode that can be resized: L, LA, RGB, RGBA or CMYK with 8 bits, no palette.

    Raises CorruptImage.
    """
    try:
        return _plain(image)
    except MemoryError:
        raise
    except Exception as error:  # missing or short palettes: AssertionError, ValueError…
        raise CorruptImage("invalid_palette", "The colours of the image can't be read.") from error


def _plain(image: Image.Image) -> Image.Image:
    if _is_16_bit(image):
        return _to_8_bit(image)
    see_through = image.has_transparency_data
    mode = ALPHA_MODES.get(image.mode, "RGBA") if see_through else OPAQUE_MODES.get(image.mode, "RGB")
    return image if image.mode == mode else image.convert(mode)


def is_transparent(image: Image.Image) -> bool:
    """Return True if a pixel is not fully opaque."""
    return image.mode in {"LA", "RGBA"} and image.getchannel("A").getextrema() != (255, 255)


def without_alpha(image: Image.Image) -> Image.Image:
    return image.convert(image.mode[:-1]) if image.mode in {"LA", "RGBA"} else image


def to_srgb(image: Image.Image) -> Image.Image:
    """Convert to sRGB by the image's profile. CMYK without a usable profile is read as coated paper."""
    profile = image.info.get("icc_profile")
    converted = _convert_profile(image, profile) if profile else None
    if converted is None and image.mode == "CMYK":
        converted = _convert_profile(image, CMYK_PROFILE.read_bytes())
    return converted or image


def _is_16_bit(image: Image.Image) -> bool:
    return image.mode in {"I", "F"} or image.mode.startswith("I;16")


def _to_8_bit(image: Image.Image) -> Image.Image:
    """Take the high byte of 16 bits, as libpng does for colour; Pillow's own conversion clips at 255.

    The one transparent grey level that such a PNG may have is ignored.
    """
    return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")


def _convert_profile(image: Image.Image, profile: bytes) -> Image.Image | None:
    """Return None if the image is already sRGB, or the profile is broken or for another colour space."""
    alpha = image.getchannel("A") if image.mode in {"LA", "RGBA"} else None
    bare = without_alpha(image)
    try:
        transform = _transform(profile, bare.mode)
        converted = transform.apply(bare) if transform else None
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
    if converted is not None and alpha is not None:
        converted.putalpha(alpha)
    return converted


def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    found = ImageCms.ImageCmsProfile(BytesIO(profile))
    if mode != "CMYK" and ImageCms.getProfileDescription(found).startswith("sRGB"):
        return None  # the profile of nearly all cameras; the transform would change nothing
    return ImageCms.buildTransform(found, _srgb(), mode, "RGB", ImageCms.Intent.PERCEPTUAL)


@cache
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
