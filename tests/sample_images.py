"""Pictures made by code, for all test rooms: bytes, the same every time, made once.

The photograph-like ones are smooth shapes with grain. The patterned ones have four corners in four colours (PATTERN),
so that a test can say which way is up.
"""

import random
import struct
import zlib
from functools import cache
from io import BytesIO
from typing import Any

from PIL import Image, ImageCms, ImageDraw

RED, GREEN, BLUE, YELLOW = (230, 20, 20), (20, 180, 20), (20, 20, 230), (240, 220, 20)
PATTERN = {"top-left": RED, "top-right": GREEN, "bottom-left": BLUE, "bottom-right": YELLOW}


def saved(image: Image.Image, plugin: str, **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, plugin, **options)
    return file.getvalue()


@cache
def photograph(width: int, height: int) -> Image.Image:
    """Clouds of colour with grain; do not change it in place."""
    chance = random.Random(width * 100_003 + height)
    clouds = Image.frombytes("RGB", (16, 12), chance.randbytes(16 * 12 * 3)).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    grain = Image.frombytes("L", (256, 256), chance.randbytes(256 * 256)).resize((300, 300))
    sheet = Image.new("L", (width, height))
    for left in range(0, width, 300):
        for top in range(0, height, 300):
            sheet.paste(grain, (left, top))
    return Image.blend(clouds, sheet.convert("RGB"), 0.06)


@cache
def jpeg(width: int = 640, height: int = 480, quality: int = 90, progressive: bool = False) -> bytes:
    return saved(photograph(width, height), "JPEG", quality=quality, progressive=progressive)


def jpeg_12mp() -> bytes:
    return jpeg(4000, 3000)


@cache
def png(width: int = 320, height: int = 240) -> bytes:
    return saved(photograph(width, height), "PNG", compress_level=1)


def noise(width: int, height: int) -> bytes:
    """A PNG of three bytes a pixel, none of which says anything of the others."""
    data = random.Random(1).randbytes(3 * width * height)
    return saved(Image.frombytes("RGB", (width, height), data), "PNG", compress_level=0)


@cache
def webp(width: int = 320, height: int = 240) -> bytes:
    return saved(photograph(width, height), "WEBP", quality=80, method=0)


@cache
def patterned(width: int = 120, height: int = 80) -> Image.Image:
    """Four quarters in the colours of PATTERN; do not change it in place."""
    image = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(image)
    x, y = width // 2, height // 2
    draw.rectangle((0, 0, x - 1, y - 1), RED)
    draw.rectangle((x, 0, width, y - 1), GREEN)
    draw.rectangle((0, y, x - 1, height), BLUE)
    draw.rectangle((x, y, width, height), YELLOW)
    return image


@cache
def patterned_png(width: int = 120, height: int = 80) -> bytes:
    return saved(patterned(width, height), "PNG")


@cache
def oriented(orientation: int, plugin: str = "JPEG", width: int = 120, height: int = 80) -> bytes:
    """The pattern, stored so that a viewer who honours EXIF `orientation` shows it upright, `width` × `height`."""
    back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    upright = patterned(width, height)
    stored = upright.transpose(back[orientation]) if orientation in back else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    return saved(stored, plugin, exif=exif, quality=95)


@cache
def alpha_png(width: int = 160, height: int = 120) -> bytes:
    """A photograph seen through an ellipse; all around it is transparent, with red under it."""
    image = Image.new("RGBA", (width, height), (255, 0, 0, 0))
    mask = Image.new("L", (width, height))
    ImageDraw.Draw(mask).ellipse((width // 8, height // 8, width * 7 // 8, height * 7 // 8), fill=255)
    image.paste(photograph(width, height), mask=mask)
    return saved(image, "PNG")


@cache
def alpha_webp(width: int = 160, height: int = 120) -> bytes:
    return saved(Image.open(BytesIO(alpha_png(width, height))), "WEBP", lossless=True)


@cache
def opaque_rgba_png(width: int = 80, height: int = 60) -> bytes:
    return saved(photograph(width, height).convert("RGBA"), "PNG")


@cache
def palette_png(width: int = 120, height: int = 80) -> bytes:
    return saved(patterned(width, height).quantize(16), "PNG")


@cache
def transparent_palette_png(width: int = 120, height: int = 80) -> bytes:
    """The pattern with its top left quarter transparent, by a palette entry."""
    image = patterned(width, height).quantize(16)
    return saved(image, "PNG", transparency=image.getpixel((1, 1)))


@cache
def grey_png(width: int = 120, height: int = 80) -> bytes:
    return saved(photograph(width, height).convert("L"), "PNG")


@cache
def grey_jpeg(width: int = 120, height: int = 80) -> bytes:
    return saved(photograph(width, height).convert("L"), "JPEG")


@cache
def bilevel_png(width: int = 120, height: int = 80) -> bytes:
    return saved(photograph(width, height).convert("1"), "PNG")


@cache
def deep_grey_png(width: int = 256, height: int = 16) -> bytes:
    """16 bits a pixel: black on the left to white on the right."""
    row = struct.pack(f">{width}H", *(x * 65535 // (width - 1) for x in range(width)))
    return _png(width, height, depth=16, kind=0, rows=[row] * height)


@cache
def deep_colour_png(width: int = 64, height: int = 16) -> bytes:
    """16 bits a channel, all pixels the same orange, (0xFF80, 0x8080, 0x2080)."""
    return _png(
        width, height, depth=16, kind=2, rows=[struct.pack(">3H", 0xFF80, 0x8080, 0x2080) * width] * height
    )


@cache
def cmyk_jpeg(width: int = 120, height: int = 80) -> bytes:
    return saved(patterned(width, height).convert("CMYK"), "JPEG", quality=95)


@cache
def lab_profile_jpeg(width: int = 64, height: int = 48) -> bytes:
    """A profile of another kind than the picture: decoders must do without it."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    return saved(patterned(width, height), "JPEG", icc_profile=profile, quality=95)


@cache
def broken_profile_jpeg(width: int = 64, height: int = 48) -> bytes:
    return saved(patterned(width, height), "JPEG", icc_profile=b"no profile at all", quality=95)


@cache
def swapped_profile_png(width: int = 64, height: int = 48) -> bytes:
    """All pixels (255, 0, 0) in a profile whose first primary is green: the picture is green."""
    return saved(Image.new("RGB", (width, height), (255, 0, 0)), "PNG", icc_profile=_profile(swapped=True))


@cache
def p3_png(width: int = 64, height: int = 48) -> bytes:
    """All pixels (200, 100, 50) in Display P3 with gamma 2.2: (216, 93, 24) in sRGB."""
    return saved(Image.new("RGB", (width, height), (200, 100, 50)), "PNG", icc_profile=_profile())


@cache
def animated_gif(
    width: int = 96, height: int = 64, durations: tuple[int, ...] = (40, 120, 300, 80), loop: int | None = 0
) -> bytes:
    """A square that wanders over the pattern, one step a frame."""
    options: dict[str, Any] = {} if loop is None else {"loop": loop}
    first, *rest = _wandering(width, height, len(durations))
    return saved(first, "GIF", save_all=True, append_images=rest, duration=list(durations), **options)


@cache
def transparent_animated_gif(
    width: int = 96, height: int = 64, durations: tuple[int, ...] = (50, 100, 150)
) -> bytes:
    """A square that wanders over nothing: each frame is cleared before the next (disposal 2)."""
    frames = []
    for index in range(len(durations)):
        frame = Image.new("RGBA", (width, height))
        ImageDraw.Draw(frame).rectangle(_square(width, height, index), fill=(*RED, 255))
        frames.append(frame)
    return saved(
        frames[0],
        "GIF",
        save_all=True,
        append_images=frames[1:],
        duration=list(durations),
        disposal=2,
        loop=0,
    )


@cache
def animated_webp(
    width: int = 96, height: int = 64, durations: tuple[int, ...] = (40, 120, 300, 80), loop: int = 0
) -> bytes:
    first, *rest = _wandering(width, height, len(durations))
    return saved(
        first, "WEBP", save_all=True, append_images=rest, duration=list(durations), loop=loop, lossless=True
    )


@cache
def still_gif(width: int = 120, height: int = 80) -> bytes:
    return saved(patterned(width, height), "GIF")


@cache
def apng(width: int = 96, height: int = 64) -> bytes:
    first, *rest = _wandering(width, height, 3)
    return saved(first, "PNG", save_all=True, append_images=rest, duration=100)


@cache
def mpo(width: int = 120, height: int = 80) -> bytes:
    """Two pictures in one JPEG file, as phones and stereo cameras write them."""
    return saved(
        patterned(width, height), "MPO", save_all=True, append_images=[photograph(width, height)], quality=95
    )


@cache
def jpeg_with_everything(width: int = 64, height: int = 48) -> bytes:
    """A comment with PHP in it, EXIF with a place, XMP and a profile: nothing of which may come out again."""
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(0x8825)[1] = "N"
    return saved(
        patterned(width, height),
        "JPEG",
        comment=PHP,
        exif=exif,
        icc_profile=_profile(),
        xmp=b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>SecretXmp</x:xmpmeta>",
        quality=95,
    )


PHP = b"<?php system($_GET['c']); ?>"


@cache
def truncated_jpeg() -> bytes:
    whole = jpeg(320, 240)
    return whole[: len(whole) // 2]


def cut(data: bytes, share: float = 0.5) -> bytes:
    """The first part of a file."""
    return data[: int(len(data) * share)]


@cache
def png_bomb(width: int = 50_000, height: int = 50_000) -> bytes:
    """A few hundred bytes that declare 2.5 gigapixels."""
    return _png(width, height, depth=8, kind=2, rows=[b"\0" * 16])


@cache
def webp_bomb() -> bytes:
    """A WebP of 30 bytes that declares 16,384 × 16,384 pixels."""
    body = b"VP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + (16_383).to_bytes(3, "little") * 2
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


@cache
def gif_bomb(frames: int = 100_000) -> bytes:
    """A GIF of one pixel and very many frames."""
    frame = b"\x2c\0\0\0\0\1\0\1\0\0\2\2\x44\1\0"
    return b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff" + frames * frame + b"\x3b"


@cache
def growing_gif_bomb() -> bytes:
    """A GIF that declares one pixel, and a frame of 60,000 × 60,000."""
    frame = b"\x2c\0\0\0\0" + struct.pack("<HH", 60_000, 60_000) + b"\0\2\2\x44\1\0"
    return b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff" + frame + b"\x3b"


@cache
def large_png(width: int = 8000, height: int = 6250) -> bytes:
    """RGBA of 50 megapixels in a few hundred kilobytes: what the limits just let through."""
    row = bytes((200, 80, 40, 128)) * width
    return _png(width, height, depth=8, kind=6, rows=[row] * height)


def text() -> bytes:
    return b"This is no picture.\n"


def svg() -> bytes:
    return b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@cache
def bmp() -> bytes:
    return saved(patterned(), "BMP")


@cache
def avif() -> bytes:
    return saved(patterned(), "AVIF", speed=10)


@cache
def tiff() -> bytes:
    return saved(patterned(), "TIFF")


def _wandering(width: int, height: int, count: int) -> list[Image.Image]:
    frames = []
    for index in range(count):
        frame = patterned(width, height).copy()
        ImageDraw.Draw(frame).rectangle(_square(width, height, index), fill=(255, 255, 255))
        frames.append(frame)
    return frames


def _square(width: int, height: int, index: int) -> tuple[int, int, int, int]:
    side = min(width, height) // 3
    left, top = (index * side // 2) % max(1, width - side), (index * side // 3) % max(1, height - side)
    return left, top, left + side, top + side


def _png(width: int, height: int, *, depth: int, kind: int, rows: list[bytes]) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    packer = zlib.compressobj(1)
    data = b"".join([*(packer.compress(b"\0" + row) for row in rows), packer.flush()])
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


@cache
def _profile(*, swapped: bool = False) -> bytes:
    """Display P3 as an ICC v2 profile, written by hand; `swapped` has red and green in each other's place."""
    red, green, blue = (0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407)
    if swapped:
        red, green = green, red
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256)) + b"\0\0"
    name = b"PicHub test P3\0"
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(name)) + name + b"\0" * 79,
        b"cprt": b"text\0\0\0\0none\0\0\0\0",
        b"wtpt": _xyz(0.9642, 1.0, 0.8249),
        b"rXYZ": _xyz(*red),
        b"gXYZ": _xyz(*green),
        b"bXYZ": _xyz(*blue),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    offset, index, body = 128 + 4 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for tag, data in tags.items():
        padded = data + b"\0" * (-len(data) % 4)
        index += tag + struct.pack(">II", offset + len(body), len(data))
        body += padded
    header = struct.pack(
        ">I4sI4s4s4s", offset + len(body), b"\0\0\0\0", 0x02400000, b"mntr", b"RGB ", b"XYZ "
    )
    header += struct.pack(">6H4s4s", 2024, 1, 1, 0, 0, 0, b"acsp", b"\0\0\0\0").ljust(44, b"\0")
    header += struct.pack(">iii", 63190, 65536, 54061)  # the white that profiles meet at
    return header.ljust(128, b"\0") + index + body


def _xyz(x: float, y: float, z: float) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">iii", *(round(v * 65536) for v in (x, y, z)))
