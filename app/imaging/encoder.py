"""Results as bytes: one function a format, and nothing but pixels goes in.

Numbers in the reasons were measured on photographs on one core of an AMD EPYC, against sharp 0.35.
"""

import zlib
from collections.abc import Callable, Sequence
from io import BytesIO
from math import prod
from typing import Any

from PIL import Image

from app.imaging.animation import Timing
from app.imaging.formats import Format
from app.imaging.transform import HIGH_QUALITY

PHOTOGRAPH_COLOURS = 4096
"""A picture with more distinct colours is taken for a photograph."""

GIF_ALPHA_THRESHOLD = 128
"""GIF knows no half-seen pixels: from this alpha on they are seen."""

MAX_SLOW_WEBP_PIXELS = 4_000_000
"""Pixels, of all frames, up to which WebP's method 4 is asked for: 50 million take it 13 s, and method 2 not 2."""

LOW_AVIF_QUALITY = 25

SAMPLE_SIDE = 64
"""A palette is made from so many pixels a side: from all of them it would take 50 ms a frame, and look the same."""


def encode(frames: Sequence[Image.Image], format: Format, quality: int | None, timing: Timing) -> bytes:
    """The file's bytes. Several frames for GIF and WebP only; `quality` is None where the format has none."""
    for frame in frames:
        frame.info.clear()  # Pillow writes comments and profiles that it finds here, and payloads hidden in them
    return ENCODERS[format](frames, quality or 0, timing)


def _jpg(frames: Sequence[Image.Image], quality: int, _: Timing) -> bytes:
    return save(frames[0], "JPEG", quality=quality, optimize=True)  # 3 % fewer bytes for no time


def _png(frames: Sequence[Image.Image], _quality: int, _timing: Timing) -> bytes:
    if frames[0].getcolors(PHOTOGRAPH_COLOURS) is None:
        # A third of the time for 2 % more bytes, on photographs; drawings need real matches.
        return save(frames[0], "PNG", compress_type=zlib.Z_RLE)
    return save(frames[0], "PNG")


def _webp(frames: Sequence[Image.Image], quality: int, timing: Timing) -> bytes:
    # Method 2 at q+1 looks like the usual method 4 at q, in 70 % of the time and for 4 to 9 % more bytes: from 90 on
    # for up to 23 %, and above 99 for 40. Method 6 takes ten times as long where there is alpha.
    pixels = sum(prod(frame.size) for frame in frames)
    if quality >= HIGH_QUALITY[Format.WEBP] and pixels <= MAX_SLOW_WEBP_PIXELS:
        options: dict[str, Any] = {"quality": quality, "method": 4}
    else:
        options = {"quality": min(quality + 1, 99), "method": 2}
    if len(frames) > 1:
        # No key frames but the first, as in sharp: each would be encoded twice, to see which way is smaller.
        options |= {"kmin": 0, "kmax": 0}
        options |= {"save_all": True, "append_images": frames[1:], **timing.encoder_options(Format.WEBP)}
    return save(frames[0], "WEBP", **options)


def _avif(frames: Sequence[Image.Image], quality: int, _: Timing) -> bytes:
    # Speed 6, tuned as sharp's encoder is, looks like sharp for its bytes, in a fifth of its time. One thread: with two
    # the bytes would be others.
    options = {
        "quality": quality + _avif_quality(quality),
        "speed": 6,
        "subsampling": "4:2:0",
        "max_threads": 1,
    }
    return save(frames[0], "AVIF", **options, advanced={"tune": "ssim"})


def _avif_quality(quality: int) -> int:
    """What is added to AVIF's quality so that speed 6 looks like sharp's, which is 5."""
    if quality < LOW_AVIF_QUALITY:
        return (LOW_AVIF_QUALITY - quality) // 5
    return -1 if quality < HIGH_QUALITY[Format.AVIF] else 0


def _gif(frames: Sequence[Image.Image], _quality: int, timing: Timing) -> bytes:
    first, *rest = map(_to_palette, frames)
    if not rest:
        return save(first, "GIF")
    # A frame that lets the one before shine through must have it cleared first.
    disposal = {"disposal": 2} if any("transparency" in frame.info for frame in (first, *rest)) else {}
    options = {"save_all": True, "append_images": rest, **disposal}
    try:
        return save(first, "GIF", **options, **timing.encoder_options(Format.GIF))
    except OverflowError:  # equal neighbours are joined to one, which no GIF can show for so long
        return save(first, "GIF", **options, **timing.shortened().encoder_options(Format.GIF))


def _to_palette(frame: Image.Image) -> Image.Image:
    """The frame in at most 256 colours, one of which is the hole where it is see-through."""
    if frame.mode not in {"LA", "RGBA"}:
        return _exact_palette(frame.convert("RGB"), 256)
    indexed = _exact_palette(frame.convert("RGB"), 255)
    colours = indexed.getpalette() or []
    hole = len(colours) // 3
    indexed.putpalette([*colours, 0, 0, 0])
    indexed.paste(
        hole, mask=frame.getchannel("A").point(lambda alpha: 255 if alpha < GIF_ALPHA_THRESHOLD else 0)
    )
    indexed.info["transparency"] = hole
    return indexed


def _exact_palette(frame: Image.Image, count: int) -> Image.Image:
    if frame.getcolors(count) is not None:
        return _quantized(frame, count)
    sample = frame.resize([min(side, SAMPLE_SIDE) for side in frame.size], Image.Resampling.NEAREST)
    return frame.quantize(
        palette=_quantized(sample, count), dither=Image.Dither.NONE
    )  # dither would crawl from frame to frame


def _quantized(image: Image.Image, count: int) -> Image.Image:
    try:
        return image.quantize(count)
    except ValueError as error:  # "quantization error": it was refused memory
        raise MemoryError(str(error)) from error


def save(image: Image.Image, plugin: str, **options: Any) -> bytes:
    """The bytes of one of Pillow's encoders. Raises MemoryError."""
    file = BytesIO()
    try:
        image.save(file, plugin, **options)
    except (
        OSError,
        ValueError,
        RuntimeError,  # libavif's
    ) as error:  # sizes and modes are such as every encoder takes: it was refused memory
        raise MemoryError(f"{plugin}: {error}") from error
    return file.getvalue()


ENCODERS: dict[Format, Callable[[Sequence[Image.Image], int, Timing], bytes]] = {
    Format.JPG: _jpg,
    Format.PNG: _png,
    Format.WEBP: _webp,
    Format.AVIF: _avif,
    Format.GIF: _gif,
}
