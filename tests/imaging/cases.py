"""Random transforms of random pictures, done by us and by sharp, and how alike the results are.

python -m tests.imaging.cases 1000 [seed]     prints the worst, and whether all hold
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image, ImageDraw

from app.errors import BadRequest
from app.imaging.decoder import TRANSPOSITIONS
from app.imaging.formats import Format
from app.imaging.geometry import Fit
from app.imaging.intermediates import Step, best_step
from app.imaging.intermediates_render import render_intermediates
from app.imaging.limits import ImageLimits
from app.imaging.probe import identify
from app.imaging.render import render
from app.imaging.transform import Transform
from scripts.fixtures import sample_images
from tests.imaging.sharp import Sharp
from tests.imaging.similarity import WINDOW, ssim

LIMITS = ImageLimits(max_pixels=50_000_000, max_dimension=16_384)
LEAST = WINDOW + 5
"""Pixels a side from which on similarity is the mean over some windows."""

BACKWARDS = {
    Image.Transpose.ROTATE_270: Image.Transpose.ROTATE_90,
    Image.Transpose.ROTATE_90: Image.Transpose.ROTATE_270,
}
ALIKE = 0.97
QUALITIES = {"png": {}, "jpg": {"q": "89"}, "webp": {"q": "95"}}
"""Such that resizing is compared and not two encoders: sharp's WebP at 80 is as far from the picture as from ours."""

GREY = (128, 128, 128, 255)


@dataclass(frozen=True)
class Case:
    """A file of some kind, and what is asked for."""

    seed: int
    kind: str
    size: tuple[int, int]
    orientation: int
    query: dict[str, str]

    def __str__(self) -> str:
        words = " ".join(f"{name}={value}" for name, value in self.query.items())
        return f"#{self.seed} {self.kind} {self.size[0]}x{self.size[1]} o{self.orientation} {words}"


@dataclass(frozen=True)
class Compared:
    ours: tuple[int, int]
    theirs: tuple[int, int]
    similarity: float
    """1 where the result is too small for it to be measured."""

    @property
    def holds(self) -> bool:
        return self.ours == self.theirs and self.similarity >= ALIKE


def case(seed: int) -> Case:
    chance = Random(seed)
    kind = chance.choice([*KINDS])
    most = 1600 if kind in {"jpeg", "progressive", "webp"} else 700
    longer, ratio = (
        int(20 * (most / 20) ** chance.random()),
        chance.choice([1, 4 / 3, 3 / 2, 16 / 9, 3.7, chance.uniform(1, 6)]),
    )
    if kind == "large":
        longer, ratio = chance.randint(3200, 4200), chance.choice([1, 4 / 3, 3 / 2])
    sides = (longer, max(1, int(longer / ratio)))
    size = sides if chance.random() < 0.6 else sides[::-1]
    query = {name: str(_side(chance, size)) for name in chance.choice([["w"], ["h"], ["w", "h"], ["w", "h"]])}
    query["fit"] = chance.choice([*Fit])
    query["pos"] = chance.choice([*POSITIONS]) if query["fit"] == "cover" else "center"
    query["fm"] = chance.choice(["png", "png", "jpg", "webp"])
    query |= QUALITIES[query["fm"]]
    return Case(seed, kind, size, chance.randint(1, 8) if kind in TURNABLE else 1, query)


def compared(sharp: Sharp, case: Case, folder: Path) -> Compared | None:
    """None where we refuse the size."""
    source, ours, theirs = folder / "source", folder / "ours", folder / "theirs"
    source.write_bytes(made(case))
    transform = Transform.parse(case.query)
    said = identify(source, LIMITS).source
    try:
        recipe = transform.resolve(said)
    except BadRequest:
        return None
    if step := best_step(said, recipe):
        render_intermediates(source, {each: folder / each for each in Step})
        render(folder / step, recipe, ours, step=step)
    else:
        render(source, recipe, ours)
    answer = sharp.write(source, theirs, *_asked(transform, case), **_options(case))
    size = (answer.width, answer.height)
    with Image.open(ours) as one, Image.open(theirs) as other:
        return Compared(one.size, size, _alike(one, other) if one.size == size else 0)


def made(case: Case) -> bytes:
    """The file's bytes; its picture is upright `case.size`."""
    upright = scene(case.seed, case.size)
    turn = BACK.get(case.orientation)
    return KINDS[case.kind](upright if turn is None else upright.transpose(turn), case.orientation)


def scene(seed: int, size: tuple[int, int]) -> Image.Image:
    """Sky, grain, shapes, thin lines, words, and a hole: RGBA."""
    chance = Random(seed)
    image = sample_images.photograph(*size).copy()
    draw = ImageDraw.Draw(image)
    unit = max(size) / 10
    for _ in range(12):
        colour, x, y = tuple(chance.randbytes(3)), chance.uniform(0, size[0]), chance.uniform(0, size[1])
        box = (x, y, x + chance.uniform(0.1, 3) * unit, y + chance.uniform(0.1, 3) * unit)
        chance.choice([draw.ellipse, draw.rectangle])(box, fill=colour)
        draw.line(
            (x, y, chance.uniform(0, size[0]), chance.uniform(0, size[1])),
            fill=colour,
            width=1 + int(unit / 30),
        )
        draw.text((x, y), "PicHub", fill=colour, font_size=max(8, unit / 2))
    mask = Image.new("L", size, 255)
    ImageDraw.Draw(mask).ellipse((0.1 * size[0], 0.1 * size[1], 0.3 * size[0], 0.5 * size[1]), fill=60)
    ImageDraw.Draw(mask).ellipse((0.5 * size[0], 0.4 * size[1], 0.7 * size[0], 0.9 * size[1]), fill=0)
    image.putalpha(mask)
    return image


def _jpeg(image: Image.Image, orientation: int, mode: str = "RGB", **options: Any) -> bytes:
    return sample_images.saved(
        image.convert("RGB").convert(mode), "JPEG", quality=90, exif=_exif(orientation), **options
    )


def _png(image: Image.Image, orientation: int, mode: str = "RGB") -> bytes:
    return sample_images.saved(image.convert(mode), "PNG", compress_level=1, exif=_exif(orientation))


def _webp(image: Image.Image, orientation: int, mode: str = "RGB") -> bytes:
    return sample_images.saved(image.convert(mode), "WEBP", quality=90, method=0, exif=_exif(orientation))


def _deep_png(image: Image.Image) -> bytes:
    """16 bits a channel, the lower eight of which repeat the higher."""
    data, stride = image.tobytes(), image.width * len(image.getbands())
    doubled = bytearray(2 * len(data))
    doubled[::2] = doubled[1::2] = data
    rows = [bytes(doubled[y : y + 2 * stride]) for y in range(0, len(doubled), 2 * stride)]
    return sample_images._png(*image.size, depth=16, kind=2 if image.mode == "RGB" else 0, rows=rows)


def _exif(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


BACK = {orientation: BACKWARDS.get(turn, turn) for orientation, turn in TRANSPOSITIONS.items()}
"""From upright to how it is stored."""

KINDS = {
    "jpeg": _jpeg,
    "large": _jpeg,
    "progressive": lambda image, o: _jpeg(image, o, progressive=True, subsampling="4:4:4"),
    "grey jpeg": lambda image, o: _jpeg(image, o, mode="L"),
    "cmyk": lambda image, o: _jpeg(image, o, mode="CMYK"),
    "p3": lambda image, o: _jpeg(image, o, icc_profile=sample_images._profile()),
    "png": _png,
    "alpha png": lambda image, o: _png(image, o, mode="RGBA"),
    "grey png": lambda image, o: _png(image, o, mode="L"),
    "grey alpha png": lambda image, o: _png(image, o, mode="LA"),
    "palette png": lambda image, _: sample_images.saved(image.convert("RGB").quantize(64), "PNG"),
    "deep png": lambda image, _: _deep_png(image.convert("RGB")),
    "deep grey png": lambda image, _: _deep_png(image.convert("L")),
    "webp": _webp,
    "alpha webp": lambda image, o: _webp(image, o, mode="RGBA"),
    "gif": lambda image, _: sample_images.saved(image.convert("RGB").quantize(128), "GIF"),
    "see-through gif": lambda image, _: sample_images.saved(image, "GIF"),
}
TURNABLE = {*KINDS} - {"palette png", "deep png", "deep grey png", "gif", "see-through gif"}
POSITIONS = {"center": "centre", "top": "top", "right": "right", "bottom-left": "left bottom"}
SHARP_NAMES = {Format.JPG: "jpeg"}


def _side(chance: Random, size: tuple[int, int]) -> int:
    """Mostly smaller than the picture, now and then larger."""
    return max(
        1, min(900, int(max(size) * chance.choice([chance.uniform(0.02, 1), chance.uniform(0.1, 0.6), 1.3])))
    )


def _asked(transform: Transform, case: Case) -> tuple[dict[str, Any], str]:
    sides = {"width": transform.width, "height": transform.height}
    background = {"r": 0, "g": 0, "b": 0, "alpha": 0}
    if case.query["fm"] == "jpg":
        background = {"r": 255, "g": 255, "b": 255, "alpha": 1}
    resize = {name: side for name, side in sides.items() if side} | {
        "fit": transform.fit.value,
        "position": POSITIONS[case.query["pos"]],
        "background": background,
    }
    assert isinstance(transform.format, Format)
    return resize, SHARP_NAMES.get(transform.format, transform.format.value)


def _options(case: Case) -> dict[str, Any]:
    return {"quality": int(case.query["q"])} if "q" in case.query else {}


def _alike(one: Image.Image, other: Image.Image) -> float:
    """On grey, so that what can't be seen is not compared."""
    if min(one.size) < LEAST:
        return 1
    return ssim(
        *(Image.alpha_composite(Image.new("RGBA", i.size, GREY), i.convert("RGBA")) for i in (one, other))
    )


def compare(seeds: range) -> Iterator[tuple[Case, Compared]]:
    with TemporaryDirectory() as folder, Sharp() as sharp:
        for seed in seeds:
            each = case(seed)
            if (result := compared(sharp, each, Path(folder))) is not None:
                yield each, result


if __name__ == "__main__":
    count, first = (int(word) for word in (sys.argv[1:] + ["1000", "0"][len(sys.argv) - 1 :]))
    results = sorted(compare(range(first, first + count)), key=lambda pair: pair[1].similarity)
    for each, result in results[:60]:
        print(f"{result.similarity:.4f} {result.ours} {result.theirs} {each}")
    print(f"{sum(result.holds for _, result in results)} of {len(results)} hold")
