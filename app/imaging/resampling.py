"""Resizing with correct alpha, computing only the cropped part."""

from PIL import Image

PREMULTIPLIED = {"RGBA": "RGBa", "LA": "La"}

REDUCING_GAP = 2.0
"""Box filter first, Lanczos for the last factor of two: a third faster without a visible difference."""

Box = tuple[float, float, float, float]


def resize(
    image: Image.Image,
    size: tuple[int, int],
    box: Box | None = None,
    *,
    shrink_by: Image.Resampling = Image.Resampling.LANCZOS,
    gap: float = REDUCING_GAP,
) -> Image.Image:
    """Resize the part of an image in `box` (default: all) to `size`.

    Enlarging is bicubic, as in libvips. From `gap` times the size on, a box filter goes first.
    """
    left, top, right, bottom = box or (0, 0, *image.size)
    if size == (right - left, bottom - top) and left % 1 == top % 1 == 0:
        return image.crop((int(left), int(top), int(right), int(bottom))) if image.size != size else image
    sampled = image.convert(PREMULTIPLIED[image.mode]) if image.mode in PREMULTIPLIED else image
    (width, height), narrows, lowers = size, size[0] <= right - left, size[1] <= bottom - top
    if narrows or lowers:
        inner = (width if narrows else image.width, height if lowers else image.height)
        across = (left, min(right, image.width)) if narrows else (0, image.width)
        down = (top, min(bottom, image.height)) if lowers else (0, image.height)
        sampled = sampled.resize(inner, shrink_by, (across[0], down[0], across[1], down[1]), gap)
        left, right = (0, width) if narrows else (left, right)
        top, bottom = (0, height) if lowers else (top, bottom)
    if not (narrows and lowers):
        sampled = _enlarge(sampled, size, (left, top, right, bottom))
    return sampled.convert(image.mode) if image.mode in PREMULTIPLIED else sampled


def _enlarge(image: Image.Image, size: tuple[int, int], box: Box) -> Image.Image:
    """Align corners instead of pixel centres, as libvips does in both directions."""
    left, top, right, bottom = box
    x, y = 1 - (right - left) / size[0] / 2, 1 - (bottom - top) / size[1] / 2  # minus the border
    shifted = (left + x, top + y, right + x, bottom + y)
    return _with_border(image).resize(size, Image.Resampling.BICUBIC, shifted)


def _with_border(image: Image.Image) -> Image.Image:
    """Add a border of one pixel that repeats the edge."""
    sheet = Image.new(image.mode, (image.width + 2, image.height + 2))
    sheet.info = image.info  # the profile is still needed
    for place in (0, 0), (2, 0), (0, 2), (2, 2), (1, 0), (1, 2), (0, 1), (2, 1), (1, 1):
        sheet.paste(image, place)
    return sheet
