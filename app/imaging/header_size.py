"""Declared size of a file, read from its headers, to refuse it before a decoder runs.

GIF and WebP only: Pillow reads a whole GIF to count its frames, and allocates the canvas of a WebP when opening it.
JPEG and PNG declare their size at the start, and Pillow allocates nothing until pixels are requested.
"""

import struct
from os import SEEK_CUR
from typing import BinaryIO, NamedTuple

from app.errors import CorruptImage

EXTENSION, FRAME, TRAILER = 0x21, 0x2C, 0x3B
CHUNK_SIZE = 32_768


class DeclaredSize(NamedTuple):
    """Canvas in pixels, and number of frames, counted up to the given maximum."""

    width: int
    height: int
    frames: int


def gif(file: BinaryIO, *, at_most: int) -> DeclaredSize:
    """Read a GIF's size, stopping after `at_most` frames. The canvas covers every frame, as in decoders.

    Raises CorruptImage if blocks are truncated or there is no frame.
    """
    width, height, flags = struct.unpack("<HHB", _read_exactly(file, 6 + 7)[6:11])
    _skip_colours(file, flags)
    frames = 0
    while frames < at_most and (kind := file.read(1)) and kind[0] != TRAILER:
        if kind[0] == FRAME:
            left, top, across, down, flags = struct.unpack("<HHHHB", _read_exactly(file, 9))
            width, height, frames = max(width, left + across), max(height, top + down), frames + 1
            _skip_colours(file, flags)
            _read_exactly(file, 1)  # minimum code size
        elif kind[0] == EXTENSION:
            _read_exactly(file, 1)  # extension label
        else:
            continue  # stray bytes between blocks, which decoders skip
        _skip_blocks(file)
    if not frames:
        raise CorruptImage("no_frames", "The file contains no image.")
    return DeclaredSize(width, height, frames)


def webp(head: bytes) -> DeclaredSize:
    """Read the canvas of a WebP from its first 30 bytes. Raises CorruptImage."""
    try:
        match head[12:16]:
            case b"VP8X":
                width, height = 1 + _uint24(head[24:27]), 1 + _uint24(head[27:30])
            case b"VP8L":
                (bits,) = struct.unpack("<I", head[21:25])
                width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
            case b"VP8 ":
                width, height = (side & 0x3FFF for side in struct.unpack("<HH", head[26:30]))
            case _:
                raise CorruptImage("no_frames", "The file contains no image.")
    except struct.error as error:
        raise CorruptImage("truncated", "The file is incomplete.") from error
    return DeclaredSize(width, height, 1)


def _uint24(three: bytes) -> int:
    return int(struct.unpack("<I", three + b"\0")[0])


def _skip_colours(file: BinaryIO, flags: int) -> None:
    if flags & 0x80:
        _read_exactly(file, 3 * 2 ** ((flags & 7) + 1))


def _skip_blocks(file: BinaryIO) -> None:
    """Skip sub-blocks of up to 255 bytes, each after its length, up to the empty one."""
    while chunk := file.read(CHUNK_SIZE):
        at = 0
        while at < len(chunk):
            if not chunk[at]:
                file.seek(at + 1 - len(chunk), SEEK_CUR)
                return
            at += 1 + chunk[at]
        file.seek(at - len(chunk), SEEK_CUR)
    raise CorruptImage("truncated", "The file is incomplete.")


def _read_exactly(file: BinaryIO, size: int) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise CorruptImage("truncated", "The file is incomplete.")
    return data
