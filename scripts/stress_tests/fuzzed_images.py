"""Hostile image files made by code: a fixed set first, then random mutations of valid images. Reproducible by seed."""

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from random import Random
from typing import Any
from zipfile import ZipFile

from PIL import Image

from scripts.fixtures import sample_images

TYPES = ("image/jpeg", "image/png", "image/webp", "image/gif", "image/avif", "text/html", "x" * 300, "")
EXTENSIONS = ("jpg", "png", "webp", "gif", "avif", "php", "html", "svg", "", "jpg.exe", "..")
EXIF_HEAD = b"Exif\0\0II*\0\x08\0\0\0"


@dataclass(frozen=True, slots=True)
class FuzzedImage:
    """A file to upload, with its declared name and type."""

    name: str
    data: bytes
    filename: str
    content_type: str


def fuzzed_images(seed: int, count: int) -> Iterator[FuzzedImage]:
    """Yield `count` files, always the same ones for a seed."""
    rng = Random(seed)  # noqa: S311
    built = list(BUILT.items())
    for index in range(count):
        if index < len(built):
            name, make = built[index]
            data = make()
        else:
            name, data = mutated(rng)
        filename = f"picture.{rng.choice(EXTENSIONS)}" if rng.random() < 0.9 else ""
        yield FuzzedImage(f"{index:05} {name}", data, filename or "picture", rng.choice(TYPES))


def mutated(rng: Random) -> tuple[str, bytes]:
    name = rng.choice(list(samples()))
    data, ways = samples()[name], []
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        way = rng.choice(MUTATIONS)
        data = way(data, rng)
        ways.append(way.__name__)
    return f"{name}: {', '.join(ways)}", data


@cache
def samples() -> dict[str, bytes]:
    """Return valid images of each format, small enough for thousands of mutations."""
    return {
        "jpeg": sample_images.jpeg(160, 120),
        "jpeg progressive": sample_images.jpeg(160, 120, progressive=True),
        "jpeg with everything": sample_images.jpeg_with_everything(),
        "jpeg turned": sample_images.oriented(6),
        "jpeg grey": sample_images.grey_jpeg(),
        "jpeg cmyk": sample_images.cmyk_jpeg(),
        "jpeg ycck": ycck(),
        "jpeg 3 MP": sample_images.jpeg(2000, 1500),
        "mpo": sample_images.mpo(),
        "png": sample_images.patterned_png(),
        "png interlaced": interlaced(),
        "png alpha": sample_images.alpha_png(),
        "png palette": sample_images.palette_png(),
        "png tRNS": sample_images.transparent_palette_png(),
        "png 1 bit": sample_images.bilevel_png(),
        "png deep grey": sample_images.deep_grey_png(),
        "png deep colour": sample_images.deep_colour_png(),
        "png profile": sample_images.p3_png(),
        "png turned": sample_images.oriented(8, "PNG"),
        "apng": sample_images.apng(),
        "webp": sample_images.webp(160, 120),
        "webp alpha": sample_images.alpha_webp(),
        "webp animated": sample_images.animated_webp(),
        "webp turned": sample_images.oriented(5, "WEBP"),
        "gif": sample_images.still_gif(),
        "gif animated": sample_images.animated_gif(),
        "gif see-through": sample_images.transparent_animated_gif(),
        "avif": sample_images.avif(),
        "avif odd": sample_images.saved(sample_images.patterned(33, 17), "AVIF", speed=10),
    }


# Mutations


def cut(data: bytes, rng: Random) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def flipped_bits(data: bytes, rng: Random) -> bytes:
    spoiled = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8, 64)) if data else 0):
        spoiled[rng.randrange(len(spoiled))] ^= 1 << rng.randrange(8)
    return bytes(spoiled)


def flipped_head(data: bytes, rng: Random) -> bytes:
    """Flip bits near the start, where dimensions and tables are. The signature stays, so that a decoder runs."""
    spoiled = bytearray(data)
    for _ in range(rng.randint(1, 4) if len(data) > 16 else 0):
        spoiled[rng.randrange(12, min(len(data), 700))] = rng.choice((0, 1, 127, 128, 255))
    return bytes(spoiled)


def spliced(data: bytes, rng: Random) -> bytes:
    """Join the start of one file to the end of another."""
    other = samples()[rng.choice(list(samples()))]
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other)) :]


def repeated(data: bytes, rng: Random) -> bytes:
    if not data:
        return data
    start = rng.randrange(len(data))
    piece = data[start : start + rng.choice((4, 64, 1024))]
    return data[:start] + piece * rng.choice((2, 10, 300)) + data[start:]


def holes(data: bytes, rng: Random) -> bytes:
    start = rng.randrange(len(data) + 1)
    return data[:start] + data[start + rng.choice((1, 3, 40, 400)) :]


def wrong_number(data: bytes, rng: Random) -> bytes:
    """Overwrite four bytes with a number that is invalid as a length, count or dimension."""
    if len(data) < 16:
        return data
    at = rng.randrange(8, min(len(data) - 4, rng.choice((64, 400, 100_000))) or 9)
    number = rng.choice((0, 1, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF))
    return data[:at] + struct.pack(rng.choice("<>") + "I", number) + data[at + 4 :]


def chunks_mixed(data: bytes, rng: Random) -> bytes:
    """Drop, repeat, reorder or resize the chunks of a PNG or WebP. The checksums of a PNG are recomputed."""
    if data.startswith(b"\x89PNG"):
        parts = list(_png_chunks(data))
        _mix(parts, rng)
        return png_of_chunks(*parts)
    if data[:4] == b"RIFF":
        parts = list(_riff_chunks(data))
        _mix(parts, rng)
        return riff(*parts)
    return flipped_bits(data, rng)


def segments_mixed(data: bytes, rng: Random) -> bytes:
    """Drop, repeat, reorder or resize the segments of a JPEG."""
    if data[:2] != b"\xff\xd8":
        return flipped_head(data, rng)
    head, scan = _jpeg_segments(data)
    at = rng.randrange(len(head)) if head else 0
    match rng.randrange(4):
        case 0 if head:
            del head[at]
        case 1 if head:
            head[at:at] = [head[at]] * rng.choice((1, 20))
        case 2:
            rng.shuffle(head)
        case _ if head:
            marker, body = head[at]
            head[at] = (marker, flipped_bits(body, rng))
    return jpeg_of(head, scan)


def bad_exif(data: bytes, rng: Random) -> bytes:
    return with_exif(data, rng.choice(list(EXIFS.values())))


def bad_profile(data: bytes, rng: Random) -> bytes:
    profile = bytearray(rng.choice((sample_images._profile(), sample_images._profile(swapped=True))))  # noqa: SLF001
    for _ in range(rng.choice((1, 3, 12))):
        at = rng.randrange(len(profile))
        profile[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
    return with_profile(data, bytes(profile[: rng.choice((len(profile), 127, 140, 300))]))


def trailing(data: bytes, rng: Random) -> bytes:
    return data + rng.choice((b"<script>alert(1)</script>", _zip(), rng.randbytes(3000), data))


MUTATIONS: tuple[Callable[[bytes, Random], bytes], ...] = (
    cut, flipped_bits, flipped_bits, flipped_head, flipped_head, flipped_head, spliced, repeated, holes,
    wrong_number, wrong_number, chunks_mixed, chunks_mixed, segments_mixed, segments_mixed,
    bad_exif, bad_profile, bad_profile, trailing,
)  # fmt: skip


# Building blocks of image files


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 8
    while at + 8 <= len(data):
        (size,) = struct.unpack(">I", data[at : at + 4])
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        at += 12 + size


def png_of_chunks(*chunks: tuple[bytes, bytes]) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(sample_images._chunk(*chunk) for chunk in chunks)  # noqa: SLF001


def _riff_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    while at + 8 <= len(data):
        (size,) = struct.unpack("<I", data[at + 4 : at + 8])
        yield data[at : at + 4], data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"WEBP" + b"".join(
        name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for name, data in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _mix(parts: list[tuple[bytes, bytes]], rng: Random) -> None:
    if not parts:
        return
    at = rng.randrange(len(parts))
    name, body = parts[at]
    match rng.randrange(5):
        case 0:
            del parts[at]
        case 1:
            parts[at:at] = [parts[at]] * rng.choice((1, 50))
        case 2:
            rng.shuffle(parts)
        case 3:
            parts[at] = (name, body[: rng.randrange(len(body) + 1)])
        case _:
            parts[at] = (name, flipped_bits(body, rng))


def _jpeg_segments(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """Return marker and body of each segment before the first scan, and the remaining bytes."""
    found, at = [], 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        (size,) = struct.unpack(">H", data[at + 2 : at + 4])
        found.append((data[at + 1], data[at + 4 : at + 2 + size]))
        at += 2 + max(size, 2)
    return found, data[at:]


def jpeg_of(segments: list[tuple[int, bytes]], rest: bytes) -> bytes:
    return b"\xff\xd8" + b"".join(segment(marker, body) for marker, body in segments) + rest


def segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", min(len(body) + 2, 0xFFFF)) + body[:0xFFFD]


def with_exif(data: bytes, exif: bytes) -> bytes:
    if data.startswith(b"\x89PNG"):
        first, *rest = _png_chunks(data) or [(b"IHDR", b"")]
        return png_of_chunks(first, (b"eXIf", exif.removeprefix(b"Exif\0\0")), *rest)
    if data[:4] == b"RIFF":
        canvas = struct.pack("<I", 8) + (119).to_bytes(3, "little") + (79).to_bytes(3, "little")
        kept = [part for part in _riff_chunks(data) if part[0] not in {b"VP8X", b"EXIF"}]
        return riff((b"VP8X", canvas), *kept, (b"EXIF", exif))
    if data[:2] == b"\xff\xd8":
        head, rest = _jpeg_segments(data)
        return jpeg_of([(0xE1, exif), *head], rest)
    return data


def with_profile(data: bytes, profile: bytes) -> bytes:
    if data.startswith(b"\x89PNG"):
        first, *rest = [part for part in _png_chunks(data) if part[0] != b"iCCP"] or [(b"IHDR", b"")]
        return png_of_chunks(first, (b"iCCP", b"p\0\0" + zlib.compress(profile)), *rest)
    if data[:2] == b"\xff\xd8":
        head, rest = _jpeg_segments(data)
        return jpeg_of([(0xE2, b"ICC_PROFILE\0\1\1" + profile), *head], rest)
    if data[:4] == b"RIFF":
        kept = [part for part in _riff_chunks(data) if part[0] not in {b"VP8X", b"ICCP"}]
        canvas = struct.pack("<I", 32) + (119).to_bytes(3, "little") + (79).to_bytes(3, "little")
        return riff((b"VP8X", canvas), (b"ICCP", profile), *kept)
    return data


def entries(*tags: tuple[int, int, int, int], following: int = 0) -> bytes:
    """Return EXIF data with one directory: tag, type, count, and value or offset of each entry."""
    body = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return EXIF_HEAD + struct.pack("<H", len(tags)) + body + struct.pack("<I", following)


EXIFS = {
    **{f"orientation {value}": entries((0x0112, 3, 1, value)) for value in (*range(10), 65535)},
    "orientation as text": entries((0x0112, 2, 4, 0x36363636)),
    "orientation as a fraction": entries((0x0112, 5, 1, 0)),
    "orientation a hundred times": entries(*[(0x0112, 3, 1, value % 9) for value in range(100)]),
    "a directory that follows itself": entries((0x0112, 3, 1, 6), following=8),
    "directories within themselves": entries((0x8769, 4, 1, 8), (0x8825, 4, 1, 8), (0xA005, 4, 1, 8)),
    "a value of four gigabytes": entries((0x010F, 2, 0xFFFFFFFF, 8), (0x0112, 3, 1, 3)),
    "sixty thousand entries": EXIF_HEAD + struct.pack("<H", 0xFFFF) + b"\x12\1\3\0\1\0\0\0\6\0\0\0" * 5000,
    "a maker's note that loops": entries((0x927C, 7, 0x10000, 8), (0x8769, 4, 1, 8)),
    "no directory at all": b"Exif\0\0II*\0\xff\xff\xff\xff",
    "nothing": b"Exif\0\0",
    "another order of bytes": b"Exif\0\0MM*\0\0\0\0\x08\xff\xff",
    "BigTIFF": b"Exif\0\0II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0",
}


def _zip() -> bytes:
    file = BytesIO()
    with ZipFile(file, "w") as archive:
        archive.writestr("index.html", "<script>alert(1)</script>")
    return file.getvalue()


def ycck() -> bytes:
    """Return a CMYK JPEG whose Adobe segment declares YCCK."""
    head, rest = _jpeg_segments(sample_images.cmyk_jpeg())
    adobe = (0xEE, b"Adobe\0\x64\0\0\0\0\2")
    return jpeg_of([adobe, *(part for part in head if part[0] != 0xEE)], rest)


ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


@cache
def interlaced(width: int = 57, height: int = 43) -> bytes:
    """Return a grey PNG with Adam7 interlacing."""
    rows = b"".join(
        b"\0" + bytes((x * y) % 256 for x in range(left, width, across))
        for left, top, across, down in ADAM7
        for y in range(top, height, down)
        if left < width
    )
    return png(width, height, 0, rows, interlace=1)


def png(width: int, height: int, kind: int, raw: bytes, *, interlace: int = 0, **more: bytes) -> bytes:
    """Return a PNG. `raw` is the data to compress; `more` are chunks to put before it, by name."""
    head = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, interlace)
    between = [(name.encode(), data) for name, data in more.items()]
    return png_of_chunks((b"IHDR", head), *between, (b"IDAT", zlib.compress(raw)), (b"IEND", b""))


@cache
def _zeros(megabytes: int) -> bytes:
    packer = zlib.compressobj(9)
    block = bytes(1024 * 1024)
    return b"".join([*(packer.compress(block) for _ in range(megabytes)), packer.flush()])


def text_bomb(kind: bytes, megabytes: int = 300, times: int = 1) -> bytes:
    """Return a tiny PNG with text chunks or a profile that decompress to hundreds of megabytes."""
    body = (b"p\0\1\0\0\0" if kind == b"iTXt" else b"p\0\0") + _zeros(megabytes)
    head, *rest = _png_chunks(sample_images.patterned_png())
    return png_of_chunks(head, *[(kind, body)] * times, *rest)


def data_bomb(megabytes: int = 600) -> bytes:
    """Return an 8 × 8 PNG whose pixel data decompresses to far more than the image holds."""
    head = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    return png_of_chunks((b"IHDR", head), (b"IDAT", _zeros(megabytes)), (b"IEND", b""))


def many_scans(width: int = 1900, height: int = 1900, times: int = 4000) -> bytes:
    """Return a small progressive JPEG with thousands of refinement scans of the same coefficients."""
    plain = sample_images.saved(Image.new("RGB", (width, height), (90, 20, 40)), "JPEG", progressive=True)
    head, rest = _jpeg_segments(plain)
    body = rest.removesuffix(b"\xff\xd9")
    last = body.rindex(b"\xff\xda")
    return jpeg_of(head, body + body[last:] * times + b"\xff\xd9")


def resized_head(data: bytes, width: int, height: int) -> bytes:
    """Return a JPEG whose frame header declares other dimensions."""
    head, rest = _jpeg_segments(data)
    lied = [
        (m, body[:1] + struct.pack(">HH", height, width) + body[5:]) if m in {0xC0, 0xC2} else (m, body)
        for m, body in head
    ]
    return jpeg_of(lied, rest)


def gif(width: int, height: int, *blocks: bytes, background: int = 0) -> bytes:
    colours = bytes((0, 0, 0, 255, 255, 255))
    return (
        b"GIF89a"
        + struct.pack("<HHBBB", width, height, 0x80, background, 0)
        + colours
        + b"".join(blocks)
        + b"\x3b"
    )


def shown(disposal: int, duration: int, transparent: int | None = None) -> bytes:
    flags = disposal << 2 | (transparent is not None)
    return b"\x21\xf9\4" + struct.pack("<BHB", flags, duration, transparent or 0) + b"\0"


def frame(
    left: int, top: int, width: int, height: int, data: bytes = b"\2\2\x44\1\0", flags: int = 0
) -> bytes:
    return b"\x2c" + struct.pack("<HHHHB", left, top, width, height, flags) + data


def webp_frames(width: int, height: int, *placed: tuple[int, int, int, int, int, int]) -> bytes:
    """Return an animated WebP. Frames: left and top (in pairs of pixels), width, height, duration, flags."""
    small = dict(_riff_chunks(sample_images.saved(sample_images.patterned(8, 8), "WEBP", lossless=True)))[
        b"VP8L"
    ]
    inner = b"VP8L" + struct.pack("<I", len(small)) + small + b"\0" * (len(small) % 2)
    canvas = struct.pack("<I", 2) + _three(width - 1) + _three(height - 1)
    each = [
        (
            b"ANMF",
            b"".join(map(_three, (left, top, across - 1, down - 1, lasts))) + bytes((flags,)) + inner,
        )
        for left, top, across, down, lasts, flags in placed
    ]
    return riff((b"VP8X", canvas), (b"ANIM", b"\0" * 6), *each)


def _three(value: int) -> bytes:
    return (value & 0xFFFFFF).to_bytes(3, "little")


def table_profile(inputs: int, outputs: int, grid: int, kind: bytes = b"mft2") -> bytes:
    """Return a profile that declares a table of `grid ** inputs` points and contains none of them."""
    body = kind + b"\0\0\0\0" + bytes((inputs, outputs, grid, 0)) + struct.pack(">9i", *[65536] * 9)
    body += struct.pack(">HH", 4096, 4096) + bytes(64)
    spaces = {3: b"RGB ", 4: b"CMYK", 1: b"GRAY"}
    head = struct.pack(
        ">I4sI4s4s4s", 144 + len(body), b"\0\0\0\0", 0x02400000, b"prtr", spaces.get(inputs, b"FCLR"), b"Lab "
    )
    head += struct.pack(">6H4s4s", 2024, 1, 1, 0, 0, 0, b"acsp", b"\0\0\0\0")
    return head.ljust(128, b"\0") + struct.pack(">I4sII", 1, b"A2B0", 144, len(body)) + body


def overlapping_profile() -> bytes:
    """Return a profile with ten thousand tags at the same offset."""
    profile = sample_images._profile()  # noqa: SLF001
    return profile[:128] + struct.pack(">I", 10_000) + profile[132:144] * 10_000


def _with(data: Callable[[], bytes], change: Callable[..., bytes], *given: Any) -> Callable[[], bytes]:
    return lambda: change(data(), *given)


EXTREME_VALUES = (0, 1, 255, 32_767, 65_535)
BUILT: dict[str, Callable[[], bytes]] = {
    "nothing": bytes,
    "one byte": lambda: b"\xff",
    "zeros": lambda: bytes(100_000),
    "text": sample_images.text,
    "svg": sample_images.svg,
    "html that begins like a GIF": lambda: b"GIF89a/*<script>alert(1)</script>*/=1;",
    "gif and script": lambda: sample_images.still_gif() + b"*/=1;alert(1)//",
    "png and zip": lambda: sample_images.patterned_png() + _zip(),
    "jpeg and zip": lambda: sample_images.jpeg(160, 120) + _zip(),
    "jpeg begins, png goes on": lambda: b"\xff\xd8\xff\xe0" + sample_images.patterned_png(),
    "png begins, jpeg goes on": lambda: b"\x89PNG\r\n\x1a\n" + sample_images.jpeg(160, 120),
    "riff of sound": lambda: b"RIFF\x24\0\0\0WAVEfmt " + bytes(40),
    "png of 2.5 gigapixels": sample_images.png_bomb,
    "png of sides beyond 31 bits": lambda: png(0xFFFFFFFF, 0xFFFFFFFF, 2, b"\0"),
    "png without width": lambda: png(0, 10, 2, b"\0"),
    "png as large as allowed": lambda: png(2000, 1999, 6, b"\0\xff\0\0\x80"),
    "png as large as allowed, whole": lambda: png(2000, 1999, 6, (b"\0" + bytes(8000)) * 1999),
    "png of one row": lambda: png(16_000, 1, 0, bytes(16_001)),
    "png of one column": lambda: png(1, 16_000, 0, bytes(32_000)),
    "png interlaced": interlaced,
    "png interlaced, cut": lambda: interlaced()[:-300],
    "png interlaced of 1 × 1": lambda: png(1, 1, 0, b"\0\x80", interlace=1),
    "png without palette": lambda: png(8, 8, 3, bytes(72)),
    "png with a palette of 300": lambda: png(8, 8, 3, bytes(72), PLTE=bytes(900)),
    "png with a palette of 2 and pixels beyond": lambda: png(8, 8, 3, b"\0\xff" * 36, PLTE=b"\1" * 6),
    "png with tRNS beyond the palette": lambda: png(8, 8, 3, bytes(72), PLTE=bytes(6), tRNS=bytes(300)),
    "png grey with tRNS": lambda: png(8, 8, 0, bytes(72), tRNS=b"\0\0"),
    "png colour with a short tRNS": lambda: png(8, 8, 2, bytes(200), tRNS=b"\0"),
    "png text bomb": lambda: text_bomb(b"zTXt"),
    "png text bombs": lambda: text_bomb(b"zTXt", 1, 300),
    "png international text bomb": lambda: text_bomb(b"iTXt"),
    "png profile bomb": lambda: text_bomb(b"iCCP"),
    "png data bomb": data_bomb,
    "png of a hundred thousand chunks": lambda: png_of_chunks(
        *list(_png_chunks(sample_images.patterned_png()))[:1], *[(b"tEXt", b"a\0b")] * 100_000,
        *list(_png_chunks(sample_images.patterned_png()))[1:],
    ),
    "png of empty IDATs": lambda: png_of_chunks(
        (b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0)), *[(b"IDAT", b"")] * 100_000, (b"IEND", b""),
    ),
    "apng of four billion frames": lambda: png(8, 8, 0, bytes(72), acTL=struct.pack(">II", 0xFFFFFFFF, 0)),
    "apng without frames": lambda: png(8, 8, 0, bytes(72), acTL=struct.pack(">II", 0, 0)),
    "apng": sample_images.apng,
    "mpo": sample_images.mpo,
    "mpo, cut": lambda: sample_images.cut(sample_images.mpo(), 0.7),
    "jpeg of thousands of scans": many_scans,
    "jpeg small, of thousands of scans": lambda: many_scans(64, 64, 30_000),
    "jpeg cmyk": sample_images.cmyk_jpeg,
    "jpeg ycck": ycck,
    "jpeg of a profile that is none": sample_images.broken_profile_jpeg,
    "jpeg of another kind of profile": sample_images.lab_profile_jpeg,
    "jpeg cmyk in a profile for rgb": lambda: with_profile(
        sample_images.cmyk_jpeg(), sample_images._profile()  # noqa: SLF001
    ),
    "jpeg of many comments": lambda: jpeg_of(
        [(0xFE, bytes(65_000))] * 50, sample_images.jpeg(160, 120)[2:]
    ),
    "jpeg of profiles in 255 pieces": lambda: jpeg_of(
        [(0xE2, b"ICC_PROFILE\0" + bytes((n, 255)) + bytes(9000)) for n in range(1, 256)],
        sample_images.jpeg(160, 120)[2:],
    ),
    **{
        f"jpeg that says {w} × {h}": _with(lambda: sample_images.jpeg(160, 120), resized_head, w, h)
        for w in EXTREME_VALUES for h in (1, 65_535)
    },
    "jpeg that says 2000 × 2000": _with(lambda: sample_images.jpeg(160, 120), resized_head, 2000, 2000),
    **{
        f"{kind} with {name}": _with(data, with_exif, exif)
        for kind, data in {
            "jpeg": sample_images.jpeg, "png": sample_images.patterned_png, "webp": lambda: sample_images.webp(120, 80)
        }.items()
        for name, exif in EXIFS.items()
    },
    **{
        f"profile of {n} to {m} with {g} points": _with(
            sample_images.patterned_png, with_profile, table_profile(n, m, g, k)
        )
        for n, m, g, k in (
            (3, 3, 255, b"mft2"), (3, 3, 33, b"mft1"), (15, 15, 255, b"mft2"), (3, 3, 0, b"mft2"),
            (3, 3, 1, b"mft1"), (4, 3, 64, b"mft2"), (1, 1, 2, b"mft2"),
        )
    },
    "profile of ten thousand tags": _with(sample_images.patterned_png, with_profile, overlapping_profile()),
    "profile of a megabyte of noise": _with(
        sample_images.patterned_png, with_profile, Random(3).randbytes(1_000_000)  # noqa: S311
    ),
    "webp of 16,384 × 16,384": sample_images.webp_bomb,
    "webp of one chunk that is too long": lambda: b"RIFF\xff\xff\xff\xffWEBPVP8 \xff\xff\xff\xff" + bytes(60),
    "webp of five thousand frames": lambda: webp_frames(8, 8, *[(0, 0, 8, 8, 0, 0)] * 5000),
    "webp of many large frames": lambda: webp_frames(1999, 1999, *[(0, 0, 8, 8, 10, 0)] * 100),
    "webp as large as allowed": lambda: webp_frames(500, 500, *[(0, 0, 8, 8, 10, 3)] * 15),
    "webp of frames outside": lambda: webp_frames(8, 8, (100, 100, 8, 8, 10, 0)),
    "webp of frames that lie": lambda: webp_frames(4000, 900, (0, 0, 2000, 800, 10, 0)),
    "webp of no time": lambda: webp_frames(8, 8, *[(0, 0, 8, 8, 0, 3)] * 20),
    "webp of long times": lambda: webp_frames(8, 8, *[(0, 0, 8, 8, 0xFFFFFF, 1)] * 300),
    "gif of a hundred thousand frames": sample_images.gif_bomb,
    "gif that grows": sample_images.growing_gif_bomb,
    "gif of 65,535 a side": lambda: gif(65_535, 65_535, frame(0, 0, 1, 1)),
    "gif without size": lambda: gif(0, 0, frame(0, 0, 0, 0)),
    "gif without frames": lambda: gif(8, 8),
    "gif of two thousand frames": lambda: gif(40, 40, *[shown(2, 0) + frame(0, 0, 40, 40)] * 2000),
    "gif as large as allowed": lambda: gif(200, 200, *[shown(3, 1, 0) + frame(5, 5, 190, 190)] * 100),
    "gif of odd disposals": lambda: gif(
        20, 20, *[shown(way, 0, way % 2) + frame(way, way, 9, 9, flags=0x40) for way in range(8)] * 4
    ),
    "gif of long times": lambda: gif(8, 8, *[shown(1, 65_535) + frame(0, 0, 8, 8)] * 500),
    "gif of frames outside": lambda: gif(8, 8, *[shown(2, 0) + frame(900, 900, 8, 8)] * 3),
    "gif of a background that is not there": lambda: gif(8, 8, frame(0, 0, 8, 8), background=255),
    "gif of codes of 12 bits": lambda: gif(300, 300, frame(0, 0, 300, 300, b"\x0c\xff" + b"\xff" * 255 + b"\0")),
    "gif of codes of 0 bits": lambda: gif(8, 8, frame(0, 0, 8, 8, b"\0\2\x44\1\0")),
    "gif of comments": lambda: gif(8, 8, (b"\x21\xfe" + (b"\xff" + b"c" * 255) * 12_000 + b"\0"), frame(0, 0, 8, 8)),
    "gif of stray bytes": lambda: gif(8, 8, b"\0" * 1_000_000, frame(0, 0, 8, 8)),
    "avif": sample_images.avif,
    "avif of 12 bits, said": lambda: sample_images.avif().replace(b"av1C\x81\x20\x00", b"av1C\x81\x60\x60"),
    "avif of a grid, said": lambda: sample_images.avif().replace(b"av01", b"grid"),
    "tiff": sample_images.tiff,
    "bmp": sample_images.bmp,
    "larger than is taken": lambda: sample_images.patterned_png() + bytes(5 * 1024 * 1024),
}  # fmt: skip
