"""Resizing that neither bleeds the colour of see-through pixels nor computes what a crop would throw away."""

from PIL import Image

PREMULTIPLIED = {"RGBA": "RGBa", "LA": "La"}

REDUCING_GAP = 2.0
"""Boxes first, Lanczos for the last factor of two: a third faster where no decoder helps, and nothing to be seen."""


def resized(
    image: Image.Image,
    size: tuple[int, int],
    box: tuple[float, float, float, float] | None = None,
) -> Image.Image:
    """The part of a readable image in `box` (all of it without), in `size` pixels."""
    if image.size == size and box in {None, (0, 0, *image.size)}:
        return image
    premultiplied = image.convert(PREMULTIPLIED.get(image.mode, image.mode))
    small = premultiplied.resize(size, Image.Resampling.LANCZOS, box, reducing_gap=REDUCING_GAP)
    return small.convert(image.mode)
