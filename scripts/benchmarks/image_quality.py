"""Pictures to measure with, made by code, the same every time: they cost decoders and encoders what real ones do."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi, sin
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops, ImageDraw, ImageFilter

VERSION = "2"
THINGS = 50_000
OCTAVES = ((24, 0.06), (60, 0.047), (150, 0.04), (375, 0.034), (800, 0.026), (1500, 0.02))
"""Cells across and contrast of each layer of texture: finer is fainter, as in nature."""

GRAIN = 0.15
LARGE = (4000, 3000)
MIDDLE = (1600, 1200)
SMALL = (480, 270)
FRAMES = 30


@dataclass(frozen=True, slots=True)
class Pictures:
    """Files in one folder."""

    photo: Path  # 12 MP JPEG q90, 3.4 MB
    alpha: Path  # 2 MP PNG, RGBA
    webp: Path  # 2 MP WebP
    animation: Path  # GIF, 480 × 270, 30 frames


def pictures(folder: Path) -> Pictures:
    """The pictures, made where they are not there yet."""
    folder = folder / f"pictures-{VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    return Pictures(
        photo=_made(folder / "photo.jpg", lambda path: photograph(*LARGE).save(path, quality=90)),
        alpha=_made(folder / "alpha.png", lambda path: _see_through(photograph(*MIDDLE)).save(path)),
        webp=_made(folder / "photo.webp", lambda path: photograph(*MIDDLE).save(path, quality=80)),
        animation=_made(folder / "animation.gif", _save_animation),
    )


def two_megapixels(folder: Path) -> Path:
    """A JPEG of 2 megapixels, as phones of some years ago and screenshots have."""
    folder = folder / f"pictures-{VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    return _made(folder / "middle.jpg", lambda path: photograph(*MIDDLE).save(path, quality=90))


def _made(path: Path, save: Callable[[Path], object]) -> Path:
    if not path.exists():
        half = path.with_stem(f"half-{path.stem}")
        save(half)
        half.rename(path)
    return path


def photograph(width: int, height: int) -> Image.Image:
    """Soft light, things with edges, texture in six octaves that comes and goes, and the grain of a sensor."""
    chance = random.Random(1)  # noqa: S311  (the same each time is what we want)
    sheet = _light(chance, width, height)
    for _ in range(THINGS):
        _draw_thing(sheet, chance)
    sheet = sheet.filter(ImageFilter.GaussianBlur(width * 0.0003))
    for cells, contrast in OCTAVES:
        if cells * 1.2 < width:
            sheet = _with_relief(sheet, _texture(chance, width, height, cells, contrast))
    grain = _noise(chance, width, height).filter(ImageFilter.GaussianBlur(0.6))
    return _with_relief(sheet, grain.point(lambda value: int(128.5 + (value - 128) * GRAIN)))


def _light(chance: random.Random, width: int, height: int) -> Image.Image:
    colours = Image.frombytes("RGB", (6, 5), chance.randbytes(90))
    grey = Image.new("RGB", (width, height), (110, 120, 125))
    return Image.blend(colours.resize((width, height), Image.Resampling.BICUBIC), grey, 0.35)


def _draw_thing(sheet: Image.Image, chance: random.Random) -> None:
    """Few are large and many small, by a power law, as in the world (the "dead leaves" of Lee, Mumford, Huang 2001).

    Most lie below the middle, where in photographs the ground is.
    """
    draw, (width, height) = ImageDraw.Draw(sheet), sheet.size
    x, y = chance.randrange(width), int((height - 1) * chance.betavariate(3, 2))
    side = width * 0.0012 * (chance.random() + 0.0003) ** -0.55
    colour = _near(sheet.getpixel((x, y)), chance)
    match chance.choices(("leaf", "stone", "stalk"), (9, 6, 5))[0]:
        case "leaf":
            flat = side * chance.uniform(0.3, 1)
            draw.ellipse((x - side, y - flat, x + side, y + flat), colour)
        case "stone":
            corners = range(chance.randint(3, 6))
            draw.polygon(
                [(x + chance.uniform(-side, side), y + chance.uniform(-side, side)) for _ in corners], colour
            )
        case "stalk":
            angle = chance.uniform(0, pi)
            end = x + 3 * side * cos(angle), y + 3 * side * sin(angle)
            draw.line((x, y, *end), colour, width=max(1, int(side * 0.35)))


def _near(colour: Any, chance: random.Random) -> tuple[int, ...]:
    """Lighter or darker, and a little different."""
    shade = chance.randrange(-50, 50)
    return tuple(max(0, min(255, value + shade + chance.randrange(-12, 12))) for value in colour)


def _texture(chance: random.Random, width: int, height: int, cells: int, contrast: float) -> Image.Image:
    bumps = _grown(_noise(chance, cells, cells * height // width), width, height)
    where = _grown(_noise(chance, 9, 7), width, height)
    where = where.point(lambda value: max(0, min(255, (value - 90) * 3)))
    relief = bumps.point(lambda value: int(128 + (value - 128) * contrast))
    return Image.composite(relief, Image.new("L", (width, height), 128), where)


def _with_relief(sheet: Image.Image, relief: Image.Image) -> Image.Image:
    """Lighter where the relief is above 128, darker where it is below."""
    return ImageChops.add(sheet, Image.merge("RGB", (relief,) * 3), 1, -128)


def _noise(chance: random.Random, width: int, height: int) -> Image.Image:
    return Image.frombytes("L", (width, height), chance.randbytes(width * height))


def _grown(image: Image.Image, width: int, height: int) -> Image.Image:
    return image.resize((width, height), Image.Resampling.BICUBIC)


def _see_through(picture: Image.Image) -> Image.Image:
    """Seen through an ellipse with a soft edge."""
    width, height = picture.size
    mask = Image.new("L", picture.size)
    ImageDraw.Draw(mask).ellipse((width // 10, height // 10, width * 9 // 10, height * 9 // 10), fill=255)
    picture.putalpha(mask.filter(ImageFilter.GaussianBlur(width / 100)))
    return picture


def _save_animation(path: Path) -> None:
    """A camera that moves over a photograph, in 256 dithered colours."""
    width, height = SMALL
    scene = photograph(width * 2, height * 2)
    frames = [scene.crop((6 * i, 3 * i, 6 * i + width, 3 * i + height)).quantize(256) for i in range(FRAMES)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=60, loop=0)
