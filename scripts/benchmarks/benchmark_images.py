"""Benchmark images made by code, always the same, as expensive to decode and encode as real photographs."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi, sin
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops, ImageDraw, ImageFilter

VERSION = "2"
OBJECT_COUNT = 50_000
OCTAVES = ((24, 0.06), (60, 0.047), (150, 0.04), (375, 0.034), (800, 0.026), (1500, 0.02))
"""Cells across and contrast of each texture layer: finer is fainter, as in nature."""

GRAIN = 0.15
LARGE = (4000, 3000)
MEDIUM = (1600, 1200)
SMALL = (480, 270)
FRAMES = 30


@dataclass(frozen=True, slots=True)
class BenchmarkImages:
    """Paths of the images in a folder."""

    photo: Path  # 12 MP JPEG q90, 3.4 MB
    alpha: Path  # 2 MP PNG, RGBA
    webp: Path  # 2 MP WebP
    animation: Path  # GIF, 480 × 270, 30 frames


def benchmark_images(folder: Path) -> BenchmarkImages:
    """Return the images, creating missing ones."""
    folder = folder / f"pictures-{VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    return BenchmarkImages(
        photo=_cached(folder / "photo.jpg", lambda path: photograph(*LARGE).save(path, quality=90)),
        alpha=_cached(folder / "alpha.png", lambda path: _transparent(photograph(*MEDIUM)).save(path)),
        webp=_cached(folder / "photo.webp", lambda path: photograph(*MEDIUM).save(path, quality=80)),
        animation=_cached(folder / "animation.gif", _save_animation),
    )


def two_megapixels(folder: Path) -> Path:
    """Return a JPEG of 2 megapixels, a common size for older phones and screenshots."""
    folder = folder / f"pictures-{VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    return _cached(folder / "middle.jpg", lambda path: photograph(*MEDIUM).save(path, quality=90))


def _cached(path: Path, save: Callable[[Path], object]) -> Path:
    if not path.exists():
        half = path.with_stem(f"half-{path.stem}")
        save(half)
        half.rename(path)
    return path


def photograph(width: int, height: int) -> Image.Image:
    """Draw a scene with soft light, objects with edges, varying texture in six octaves, and sensor grain."""
    rng = random.Random(1)  # noqa: S311  (the same each time is what we want)
    sheet = _light(rng, width, height)
    for _ in range(OBJECT_COUNT):
        _draw_object(sheet, rng)
    sheet = sheet.filter(ImageFilter.GaussianBlur(width * 0.0003))
    for cells, contrast in OCTAVES:
        if cells * 1.2 < width:
            sheet = _with_relief(sheet, _texture(rng, width, height, cells, contrast))
    grain = _noise(rng, width, height).filter(ImageFilter.GaussianBlur(0.6))
    return _with_relief(sheet, grain.point(lambda value: int(128.5 + (value - 128) * GRAIN)))


def _light(rng: random.Random, width: int, height: int) -> Image.Image:
    colours = Image.frombytes("RGB", (6, 5), rng.randbytes(90))
    grey = Image.new("RGB", (width, height), (110, 120, 125))
    return Image.blend(colours.resize((width, height), Image.Resampling.BICUBIC), grey, 0.35)


def _draw_object(sheet: Image.Image, rng: random.Random) -> None:
    """Draw one object with a size from a power law (the "dead leaves" model of Lee, Mumford, Huang 2001).

    Most lie in the lower half, where photographs show the ground.
    """
    draw, (width, height) = ImageDraw.Draw(sheet), sheet.size
    x, y = rng.randrange(width), int((height - 1) * rng.betavariate(3, 2))
    side = width * 0.0012 * (rng.random() + 0.0003) ** -0.55
    colour = _similar_colour(sheet.getpixel((x, y)), rng)
    match rng.choices(("leaf", "stone", "stalk"), (9, 6, 5))[0]:
        case "leaf":
            flat = side * rng.uniform(0.3, 1)
            draw.ellipse((x - side, y - flat, x + side, y + flat), colour)
        case "stone":
            corners = range(rng.randint(3, 6))
            draw.polygon(
                [(x + rng.uniform(-side, side), y + rng.uniform(-side, side)) for _ in corners], colour
            )
        case "stalk":
            angle = rng.uniform(0, pi)
            end = x + 3 * side * cos(angle), y + 3 * side * sin(angle)
            draw.line((x, y, *end), colour, width=max(1, int(side * 0.35)))


def _similar_colour(colour: Any, rng: random.Random) -> tuple[int, ...]:
    """Return a slightly different colour, lighter or darker."""
    shade = rng.randrange(-50, 50)
    return tuple(max(0, min(255, value + shade + rng.randrange(-12, 12))) for value in colour)


def _texture(rng: random.Random, width: int, height: int, cells: int, contrast: float) -> Image.Image:
    bumps = _scaled_up(_noise(rng, cells, cells * height // width), width, height)
    where = _scaled_up(_noise(rng, 9, 7), width, height)
    where = where.point(lambda value: max(0, min(255, (value - 90) * 3)))
    relief = bumps.point(lambda value: int(128 + (value - 128) * contrast))
    return Image.composite(relief, Image.new("L", (width, height), 128), where)


def _with_relief(sheet: Image.Image, relief: Image.Image) -> Image.Image:
    """Lighten where the relief is above 128, darken where it is below."""
    return ImageChops.add(sheet, Image.merge("RGB", (relief,) * 3), 1, -128)


def _noise(rng: random.Random, width: int, height: int) -> Image.Image:
    return Image.frombytes("L", (width, height), rng.randbytes(width * height))


def _scaled_up(image: Image.Image, width: int, height: int) -> Image.Image:
    return image.resize((width, height), Image.Resampling.BICUBIC)


def _transparent(picture: Image.Image) -> Image.Image:
    """Mask with a soft-edged ellipse."""
    width, height = picture.size
    mask = Image.new("L", picture.size)
    ImageDraw.Draw(mask).ellipse((width // 10, height // 10, width * 9 // 10, height * 9 // 10), fill=255)
    picture.putalpha(mask.filter(ImageFilter.GaussianBlur(width / 100)))
    return picture


def _save_animation(path: Path) -> None:
    """Save a camera pan over a photograph, in 256 dithered colours."""
    width, height = SMALL
    scene = photograph(width * 2, height * 2)
    frames = [scene.crop((6 * i, 3 * i, 6 * i + width, 3 * i + height)).quantize(256) for i in range(FRAMES)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=60, loop=0)
