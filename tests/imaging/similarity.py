"""Structural similarity (SSIM) of two images, after Wang, Bovik, Sheikh and Simoncelli (2004).

Equals scikit-image's with gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255.
"""

from math import exp, prod
from typing import Any

from PIL import Image, ImageMath

C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
WINDOW = 11
SIGMA = 1.5


def ssim(one: Image.Image, other: Image.Image) -> float:
    """Return the mean similarity of the luma of two images of equal size: 1 for equal images."""
    assert one.size == other.size
    x, y = (image.convert("L").convert("F") for image in (one, other))
    products = {"xx": (x, x), "yy": (y, y), "xy": (x, y)}
    images = {"x": x, "y": y} | {
        name: _evaluate(lambda v: v["a"] * v["b"], a=a, b=b) for name, (a, b) in products.items()
    }
    similarities = _evaluate(_similarity, **{name: _blur(image) for name, image in images.items()})
    return sum(similarities.get_flattened_data()) / prod(similarities.size)


def _similarity(v: dict[str, Any]) -> Any:
    x, y = v["x"], v["y"]
    variances, covariance = v["xx"] - x * x + v["yy"] - y * y, v["xy"] - x * y
    return ((2 * x * y + C1) * (2 * covariance + C2)) / ((x * x + y * y + C1) * (variances + C2))


def _blur(image: Image.Image) -> Image.Image:
    """Blur where the whole window is inside the image. The window is at most as large as the image."""
    return _blur_along(_blur_along(image, 0), 1)


def _blur_along(image: Image.Image, axis: int) -> Image.Image:
    taps = min(WINDOW, image.size[axis])
    weights = [exp(-(((i - (taps - 1) / 2) / SIGMA) ** 2) / 2) for i in range(taps)]
    size = [side - (taps - 1) * (axis == i) for i, side in enumerate(image.size)]
    shifted = {}
    for i in range(taps):
        left, top = (i, 0) if axis == 0 else (0, i)
        shifted[f"p{i}"] = image.crop((left, top, left + size[0], top + size[1]))
    return _evaluate(lambda v: sum(v[f"p{i}"] * (w / sum(weights)) for i, w in enumerate(weights)), **shifted)


def _evaluate(expression: Any, **images: Image.Image) -> Image.Image:
    return ImageMath.lambda_eval(expression, **images)
