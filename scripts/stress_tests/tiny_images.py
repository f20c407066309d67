"""Pictures of which no two have the same bytes, made in no time."""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from io import BytesIO
from zlib import crc32

from PIL import Image

SMALL, MIDDLE, LARGE = (120, 90), (1600, 1200), (2900, 2200)
"""The last has intermediates. The first is decoded in no time, so that much else happens."""
START = b"\xff\xd8"
COMMENT = b"\xff\xfe"


@dataclass(frozen=True, slots=True)
class Specimen:
    """The picture of a number: a JPEG of this size with the number in its comment."""

    number: int
    size: tuple[int, int] = SMALL

    @property
    def content(self) -> bytes:
        note = f"specimen {self.number}".encode()
        length = (len(note) + 2).to_bytes(2, "big")
        return START + COMMENT + length + note + _jpeg(*self.size).removeprefix(START)

    @property
    def sha256(self) -> str:
        return sha256(self.content).hexdigest()


@lru_cache
def _jpeg(width: int, height: int) -> bytes:
    file = BytesIO()
    Image.effect_noise((width, height), 40).convert("RGB").save(file, "JPEG", quality=60)
    return file.getvalue()


def tiny(number: int) -> bytes:
    """A PNG of one pixel that has the number in it: 100 bytes or so, the same ones whatever made them."""
    parts = [(b"IHDR", HEAD), (b"tEXt", b"Comment\0specimen %d" % number), (b"IDAT", PIXEL), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in parts)


HEAD = bytes.fromhex("00000001000000010802000000")
PIXEL = bytes.fromhex("789c63304898000001e40121")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + crc32(kind + body).to_bytes(4, "big")
