# ruff: noqa: ANN001, ANN201  (NumPy and Pillow are not installed where types are checked)
"""Luma SSIM of results against a full decode and Lanczos resize; runs in the scratch environment.

Wang et al. 2004: Gaussian windows of 11 × 11 with sigma 1.5, K1 = 0.01, K2 = 0.03, mean over the image and over the
frames. Reads a JSON list of [source, result] and writes the list of their SSIM.
"""

import json
import sys

import numpy as np
from PIL import Image, ImageOps, ImageSequence

TAPS = np.exp(-((np.arange(11) - 5) ** 2) / (2 * 1.5**2))
TAPS /= TAPS.sum()
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def ssim(a, b):
    mean_a, mean_b = blur(a), blur(b)
    var_a, var_b = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2
    covariance = blur(a * b) - mean_a * mean_b
    top = (2 * mean_a * mean_b + C1) * (2 * covariance + C2)
    return float((top / ((mean_a**2 + mean_b**2 + C1) * (var_a + var_b + C2))).mean())


def blur(plane):
    """Blur, where the whole window lies inside."""
    height, width = plane.shape
    across = sum(tap * plane[:, i : width - 10 + i] for i, tap in enumerate(TAPS))
    return sum(tap * across[i : height - 10 + i] for i, tap in enumerate(TAPS))


def luma(image):
    """Return luma, on white where transparent."""
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return np.asarray(image.convert("RGB").convert("L"), dtype=np.float64)


def reference(frame, size):
    mode = "RGBa" if frame.mode == "RGBA" else "RGB"
    cropped = ImageOps.fit(frame.convert(mode), size, Image.Resampling.LANCZOS)
    return luma(cropped.convert("RGBA") if mode == "RGBa" else cropped)


def compare(source, result):
    with Image.open(source) as original, Image.open(result) as made:
        pairs = zip(ImageSequence.Iterator(original), ImageSequence.Iterator(made), strict=False)
        return float(np.mean([ssim(reference(one, other.size), luma(other)) for one, other in pairs]))


if __name__ == "__main__":
    json.dump([compare(*pair) for pair in json.load(sys.stdin)], sys.stdout)
