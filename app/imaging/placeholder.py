"""The blurred preview in a ThumbHash as a PNG data URI.

Decodes as github.com/evanw/thumbhash (js/thumbhash.js, MIT License, Copyright (c) 2023 Evan Wallace), the
reference, with sums by row. tests/imaging has pixels computed by the npm package.
"""

import struct
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import cos, pi
from operator import mul

SIDE = 32
"""Longer side in pixels, as in the reference."""
CACHE_SIZE = 2_048

Rows = list[list[float]]


@lru_cache(CACHE_SIZE)
def data_uri(thumbhash: str) -> str:
    """Return the `data:image/png;base64,…` URI of a base64 ThumbHash: about 2,000 characters."""
    return f"data:image/png;base64,{b64encode(_png(decode(b64decode(thumbhash)))).decode()}"


@dataclass(frozen=True, slots=True)
class Preview:
    """A small image with three channels, or four with alpha, one byte each."""

    width: int
    height: int
    channels: int
    pixels: bytes


def decode(hash: bytes) -> Preview:
    """Decode a ThumbHash to an image with SIDE pixels on its longer side."""
    header, shape = int.from_bytes(hash[:3], "little"), int.from_bytes(hash[3:5], "little")
    has_alpha, is_landscape = bool(header >> 23), bool(shape >> 15)
    longer, shorter = 5 if has_alpha else 7, shape & 7
    across, down = (longer, shorter) if is_landscape else (shorter, longer)
    width, height = _size(across, down)
    nibbles = _nibbles(hash[6 if has_alpha else 5 :])
    across, down = max(3, across), max(3, down)

    def waves(nx: int, ny: int, constant: float, scale: float) -> Rows:
        return _summed(_coefficients(nibbles, nx, ny, constant, scale), width, height)

    # In the order of the hash from here on.
    light = waves(across, down, (header & 63) / 63, (header >> 18 & 31) / 31)
    yellow_blue = waves(3, 3, (header >> 6 & 63) / 31.5 - 1, (shape >> 3 & 63) / 63 * 1.25)
    red_green = waves(3, 3, (header >> 12 & 63) / 31.5 - 1, (shape >> 9 & 63) / 63 * 1.25)
    alpha = waves(5, 5, (hash[5] & 15) / 15, (hash[5] >> 4) / 15) if has_alpha else None

    pixels = bytearray()
    for y in range(height):
        for x, (lightness, p, q) in enumerate(zip(light[y], yellow_blue[y], red_green[y], strict=True)):
            blue = lightness - 2 / 3 * p
            red = (3 * lightness - blue + q) / 2
            pixels += bytes((_byte(red), _byte(red - q), _byte(blue)))
            if alpha:
                pixels.append(_byte(alpha[y][x]))
    return Preview(width, height, 4 if has_alpha else 3, bytes(pixels))


def _size(across: int, down: int) -> tuple[int, int]:
    """Return the size, with the proportions of the luminance components."""
    longer = max(across, down)
    return max(1, round(SIDE * across / longer)), max(1, round(SIDE * down / longer))


def _nibbles(data: bytes) -> Iterator[int]:
    for byte in data:
        yield byte & 15
        yield byte >> 4


def _coefficients(nibbles: Iterator[int], nx: int, ny: int, constant: float, scale: float) -> Rows:
    """Return the coefficients by row and column; the highest columns are omitted."""
    rows = []
    for cy in range(ny):
        kept = [cx for cx in range(nx) if cx * ny < nx * (ny - cy)]
        rows.append([
            constant if cx == cy == 0 else 2 * (next(nibbles) / 7.5 - 1) * scale for cx in kept
        ])  # fmt: skip
    return rows


def _summed(coefficients: Rows, width: int, height: int) -> Rows:
    """Sum the components at each pixel."""
    across = _cosines(width, len(coefficients[0]))
    rows = []
    for down in _cosines(height, len(coefficients)):
        line = [0.0] * len(coefficients[0])
        for strength, row in zip(down, coefficients, strict=True):
            for cx, coefficient in enumerate(row):
                line[cx] += strength * coefficient
        rows.append([sum(map(mul, line, waves)) for waves in across])
    return rows


@lru_cache(64)
def _cosines(side: int, count: int) -> Sequence[Sequence[float]]:
    """Return the cosines of each component at each pixel of a side."""
    return [[cos(pi / side * (at + 0.5) * wave) for wave in range(count)] for at in range(side)]


def _byte(value: float) -> int:
    return int(max(0.0, 255 * min(1.0, value)))


def _png(picture: Preview) -> bytes:
    """Encode a PNG (w3.org/TR/png-3) with the Up filter, which suits blurred images."""
    stride = picture.width * picture.channels
    lines, above = bytearray(), bytes(stride)
    for start in range(0, len(picture.pixels), stride):
        line = picture.pixels[start : start + stride]
        lines += b"\x02" + bytes((now - then) & 255 for now, then in zip(line, above, strict=True))
        above = line
    kind = 6 if picture.channels == 4 else 2
    header = struct.pack(">IIBBBBB", picture.width, picture.height, 8, kind, 0, 0, 0)
    body = zlib.compress(bytes(lines), 9)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
