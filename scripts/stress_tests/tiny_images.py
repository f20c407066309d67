"""Images with unique bytes that take almost no time to make."""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from io import BytesIO
from zlib import crc32

from PIL import Image

SMALL, MIDDLE, LARGE = (120, 90), (1600, 1200), (2900, 2200)
"""The largest has intermediates. The smallest decodes quickly, which leaves time for other requests."""
JPEG_START = b"\xff\xd8"
JPEG_COMMENT = b"\xff\xfe"


@dataclass(frozen=True, slots=True)
class TinyImage:
    """A JPEG of this size with a number in its comment."""

    number: int
    size: tuple[int, int] = SMALL

    @property
    def content(self) -> bytes:
        note = f"source {self.number}".encode()
        length = (len(note) + 2).to_bytes(2, "big")
        return JPEG_START + JPEG_COMMENT + length + note + _jpeg(*self.size).removeprefix(JPEG_START)

    @property
    def sha256(self) -> str:
        return sha256(self.content).hexdigest()


@lru_cache
def _jpeg(width: int, height: int) -> bytes:
    file = BytesIO()
    Image.effect_noise((width, height), 40).convert("RGB").save(file, "JPEG", quality=60)
    return file.getvalue()


def tiny_png(number: int) -> bytes:
    """Return a PNG of one pixel that contains the number: about 100 bytes, the same for each caller."""
    parts = [(b"IHDR", HEAD), (b"tEXt", b"Comment\0specimen %d" % number), (b"IDAT", PIXEL), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in parts)


HEAD = bytes.fromhex("00000001000000010802000000")
PIXEL = bytes.fromhex("789c63304898000001e40121")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + crc32(kind + body).to_bytes(4, "big")
