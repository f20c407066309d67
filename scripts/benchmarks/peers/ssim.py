# ruff: noqa: ANN001, ANN201  (arrays and pictures: their types are not installed where this is checked)
"""Luma SSIM of results against a full decode and Lanczos to the same size; runs in the scratch environment.

Wang et al. 2004: gaussian windows of 11 × 11 with sigma 1.5, K1 = 0.01, K2 = 0.03, the mean over the picture, and
over the frames. Reads a JSON list of [source, result] and writes the list of their SSIM.
"""

import json
import sys

import numpy as np
from PIL import Image, ImageOps, ImageSequence

TAPS = np.exp(-((np.arange(11) - 5) ** 2) / (2 * 1.5**2))
TAPS /= TAPS.sum()
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def ssim(a, b):
    mean_a, mean_b = blurred(a), blurred(b)
    var_a, var_b = blurred(a * a) - mean_a**2, blurred(b * b) - mean_b**2
    covariance = blurred(a * b) - mean_a * mean_b
    top = (2 * mean_a * mean_b + C1) * (2 * covariance + C2)
    return float((top / ((mean_a**2 + mean_b**2 + C1) * (var_a + var_b + C2))).mean())


def blurred(plane):
    """Only where the whole window lies inside."""
    height, width = plane.shape
    across = sum(tap * plane[:, i : width - 10 + i] for i, tap in enumerate(TAPS))
    return sum(tap * across[i : height - 10 + i] for i, tap in enumerate(TAPS))


def luma(image):
    """On white where it is see-through."""
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return np.asarray(image.convert("RGB").convert("L"), dtype=np.float64)


def reference(frame, size):
    mode = "RGBa" if frame.mode == "RGBA" else "RGB"
    cropped = ImageOps.fit(frame.convert(mode), size, Image.Resampling.LANCZOS)
    return luma(cropped.convert("RGBA") if mode == "RGBa" else cropped)


def compared(source, result):
    with Image.open(source) as original, Image.open(result) as made:
        pairs = zip(ImageSequence.Iterator(original), ImageSequence.Iterator(made), strict=False)
        return float(np.mean([ssim(reference(one, other.size), luma(other)) for one, other in pairs]))


if __name__ == "__main__":
    json.dump([compared(*pair) for pair in json.load(sys.stdin)], sys.stdout)
