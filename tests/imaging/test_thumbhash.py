"""Our ThumbHashes are those of the reference, as the package thash has it in Python.

Where a wave is not in the picture at all, rounding decides between two digits next to each other: in what was drawn by
rule, not in photographs.
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


def theirs(width: int, height: int, rgba: bytes) -> bytes:
    return bytes(rgba_to_thumb_hash_pure(width, height, list(rgba)))


def of_noise(width: int, height: int, *, alphas: range) -> bytes:
    chance = Random(f"{width} {height}")
    return b"".join(bytes((*chance.randbytes(3), chance.choice(alphas))) for _ in range(width * height))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("alphas", [range(255, 256), range(256), range(128)])
def test_a_hash_is_that_of_the_reference(size: tuple[int, int], alphas: range) -> None:
    rgba = of_noise(*size, alphas=alphas)
    assert thumbhash.encode(*size, rgba) == theirs(*size, rgba)


@pytest.mark.parametrize(
    "make", [sample_images.jpeg, sample_images.png, sample_images.alpha_webp, sample_images.grey_png]
)
def test_what_is_drawn_by_rule_differs_by_a_digit_at_most(make: Callable[[], bytes]) -> None:
    with Image.open(BytesIO(make())) as picture:
        rgba = picture.convert("RGBA").resize((32, 24)).tobytes()
    ours, reference = thumbhash.encode(32, 24, rgba), theirs(32, 24, rgba)
    assert len(ours) == len(reference)
    assert all(abs(a - b) <= 1 for a, b in zip(nibbles(ours), nibbles(reference), strict=True))


def nibbles(hash: bytes) -> list[int]:
    return [part for byte in hash for part in (byte & 15, byte >> 4)]


def test_nothing_at_all_has_a_hash() -> None:
    assert thumbhash.encode(9, 9, bytes(9 * 9 * 4)) == theirs(9, 9, bytes(9 * 9 * 4))
