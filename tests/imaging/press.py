"""Generates app/imaging/press.icc, the CMYK profile of coated paper that sharp assumes for files without a profile.

`python -m tests.imaging.press` measures sharp's conversion and overwrites the file.
"""

import struct
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from app.imaging.colourspace import CMYK_PROFILE
from tests.imaging.sharp import Sharp

STEPS = 7
"""Amounts of each ink, from 0 to 100 %."""

SRGB_TO_XYZ = (
    (0.4360747, 0.3850649, 0.1430804),
    (0.2225045, 0.7168786, 0.0606169),
    (0.0139322, 0.0971045, 0.7141733),
)
WHITE = (0.9642, 1.0, 0.8249)
"""D50, the white point of the profile connection space."""


def measure_colours() -> list[tuple[int, int, int]]:
    """Return sharp's sRGB colour of each ink mixture; the last ink varies fastest."""
    amounts = [round(255 * step / (STEPS - 1)) for step in range(STEPS)]
    image = Image.new("CMYK", (STEPS**2, STEPS**2))
    image.putdata(list(product(amounts, repeat=4)))
    with TemporaryDirectory() as folder, Sharp() as sharp:
        mixtures, converted = Path(folder, "mixtures.tif"), Path(folder, "converted.png")
        image.save(mixtures)
        sharp.write(mixtures, converted, {}, "png")
        with Image.open(converted) as result:
            return list(result.convert("RGB").get_flattened_data())  # type: ignore[arg-type]


def to_lab(rgb: tuple[int, int, int]) -> tuple[float, float, float]:
    """Convert sRGB to CIE L*a*b* (D50)."""
    linear = [_linear(value / 255) for value in rgb]
    xyz = (sum(m * value for m, value in zip(row, linear, strict=True)) for row in SRGB_TO_XYZ)
    x, y, z = (_cube_root(value / white) for value, white in zip(xyz, WHITE, strict=True))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def build_profile() -> bytes:
    """Return an ICC version 2 profile with one 16-bit lookup table."""
    name, line = b"Coated paper\0", struct.pack(">2H", 0, 65535)
    colours = b"".join(
        struct.pack(">3H", *(round(v) for v in (l * 652.8, (a + 128) * 256, (b + 128) * 256)))
        for l, a, b in map(to_lab, measure_colours())  # noqa: E741  (L*a*b*)
    )
    unit = struct.pack(">9i", *(65536 * (i % 4 == 0) for i in range(9)))
    table = b"mft2\0\0\0\0" + bytes((4, 3, STEPS, 0)) + unit + struct.pack(">2H", 2, 2)
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(name)) + name + bytes(78),
        b"cprt": b"text\0\0\0\0none\0",
        b"wtpt": b"XYZ \0\0\0\0" + _xyz(),
        b"A2B0": table + 4 * line + colours + 3 * line,
    }
    offset, index, body = 128 + 4 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for tag, data in tags.items():
        index += tag + struct.pack(">II", offset + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = struct.pack(">I4sI4s4s4s", offset + len(body), bytes(4), 0x02400000, b"prtr", b"CMYK", b"Lab ")
    head += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp")
    return (head.ljust(68, b"\0") + _xyz()).ljust(128, b"\0") + index + body


def _xyz() -> bytes:
    return struct.pack(">3i", *(round(65536 * value) for value in WHITE))


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _cube_root(value: float) -> float:
    return value ** (1 / 3) if value > 216 / 24389 else (24389 / 27 * value + 16) / 116


if __name__ == "__main__":
    CMYK_PROFILE.write_bytes(build_profile())
