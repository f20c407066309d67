"""ThumbHashes equal those of the reference implementation, as ported to Python by the package thash.

If a frequency is absent from an image, rounding decides between two adjacent digits. This occurs in generated images,
not in photographs.
"""

from collections.abc import Callable
from io import BytesIO
from random import Random

import pytest
from PIL import Image
from thash import rgba_to_thumb_hash_pure

from app.imaging import thumbhash
from scripts.fixtures import sample_images

SIZES = [(1, 1), (1, 32), (32, 1), (2, 3), (32, 24), (24, 32), (32, 32), (31, 17), (100, 3)]


def reference_hash(width: int, height: int, rgba: bytes) -> bytes:
    return bytes(rgba_to_thumb_hash_pure(width, height, list(rgba)))


def noise(width: int, height: int, *, alphas: range) -> bytes:
    random = Random(f"{width} {height}")
    return b"".join(bytes((*random.randbytes(3), random.choice(alphas))) for _ in range(width * height))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("alphas", [range(255, 256), range(256), range(128)])
def test_hashes_of_noise_equal_the_reference(size: tuple[int, int], alphas: range) -> None:
    rgba = noise(*size, alphas=alphas)
    assert thumbhash.encode(*size, rgba) == reference_hash(*size, rgba)


@pytest.mark.parametrize(
    "make", [sample_images.jpeg, sample_images.png, sample_images.alpha_webp, sample_images.grey_png]
)
def test_hashes_of_generated_images_differ_by_at_most_one_per_digit(make: Callable[[], bytes]) -> None:
    with Image.open(BytesIO(make())) as image:
        rgba = image.convert("RGBA").resize((32, 24)).tobytes()
    ours, reference = thumbhash.encode(32, 24, rgba), reference_hash(32, 24, rgba)
    assert len(ours) == len(reference)
    assert all(abs(a - b) <= 1 for a, b in zip(nibbles(ours), nibbles(reference), strict=True))


def nibbles(hash: bytes) -> list[int]:
    return [part for byte in hash for part in (byte & 15, byte >> 4)]


def test_a_transparent_image_has_a_hash() -> None:
    assert thumbhash.encode(9, 9, bytes(9 * 9 * 4)) == reference_hash(9, 9, bytes(9 * 9 * 4))
