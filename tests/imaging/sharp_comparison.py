"""Comparison of PicHub and sharp on random transforms of random images.

`python -m tests.imaging.sharp_comparison 1000 [FIRST_SEED]` prints the least similar results and the number of matches.
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
MIN_SIDE = WINDOW + 5
"""Minimum side in pixels for a similarity that is the mean of several windows."""

INVERSES = {
    Image.Transpose.ROTATE_270: Image.Transpose.ROTATE_90,
    Image.Transpose.ROTATE_90: Image.Transpose.ROTATE_270,
}
MIN_SIMILARITY = 0.97
QUALITIES = {"png": {}, "jpg": {"q": "89"}, "webp": {"q": "95"}}
"""High, to compare resizing and not encoders: sharp's WebP at 80 differs as much from the source as from PicHub's."""

GREY = (128, 128, 128, 255)


@dataclass(frozen=True)
class ComparisonCase:
    """A source file and a transform of it."""

    seed: int
    kind: str
    size: tuple[int, int]
    orientation: int
    query: dict[str, str]

    def __str__(self) -> str:
        query = " ".join(f"{name}={value}" for name, value in self.query.items())
        return f"#{self.seed} {self.kind} {self.size[0]}x{self.size[1]} o{self.orientation} {query}"


@dataclass(frozen=True)
class Comparison:
    """Output sizes of PicHub and sharp, and the similarity of their pixels."""

    ours: tuple[int, int]
    theirs: tuple[int, int]
    similarity: float
    """1 if the result is too small to measure."""

    @property
    def is_match(self) -> bool:
        return self.ours == self.theirs and self.similarity >= MIN_SIMILARITY


def random_case(seed: int) -> ComparisonCase:
    random = Random(seed)
    kind = random.choice([*KINDS])
    max_side = 1600 if kind in {"jpeg", "progressive", "webp"} else 700
    longer, ratio = (
        int(20 * (max_side / 20) ** random.random()),
        random.choice([1, 4 / 3, 3 / 2, 16 / 9, 3.7, random.uniform(1, 6)]),
    )
    if kind == "large":
        longer, ratio = random.randint(3200, 4200), random.choice([1, 4 / 3, 3 / 2])
    sides = (longer, max(1, int(longer / ratio)))
    size = sides if random.random() < 0.6 else sides[::-1]
    query = {
        name: str(_random_side(random, size))
        for name in random.choice([["w"], ["h"], ["w", "h"], ["w", "h"]])
    }
    query["fit"] = random.choice([*Fit])
    query["pos"] = random.choice([*POSITIONS]) if query["fit"] == "cover" else "center"
    query["fm"] = random.choice(["png", "png", "jpg", "webp"])
    query |= QUALITIES[query["fm"]]
    return ComparisonCase(seed, kind, size, random.randint(1, 8) if kind in ORIENTABLE_KINDS else 1, query)


def compare(sharp: Sharp, case: ComparisonCase, folder: Path) -> Comparison | None:
    """Return the comparison, or None if PicHub refuses the output size."""
    source, ours, theirs = folder / "source", folder / "ours", folder / "theirs"
    source.write_bytes(source_file(case))
    transform = Transform.parse(case.query)
    properties = identify(source, LIMITS).source
    try:
        recipe = transform.resolve(properties)
    except BadRequest:
        return None
    if step := best_step(properties, recipe):
        render_intermediates(source, {each: folder / each for each in Step})
        render(folder / step, recipe, ours, step=step)
    else:
        render(source, recipe, ours)
    quality = {"quality": int(case.query["q"])} if "q" in case.query else {}
    result = sharp.write(source, theirs, *_sharp_arguments(transform, case), **quality)
    size = (result.width, result.height)
    with Image.open(ours) as one, Image.open(theirs) as other:
        return Comparison(one.size, size, _similarity(one, other) if one.size == size else 0)


def source_file(case: ComparisonCase) -> bytes:
    """Return the encoded source; `case.size` is its upright size."""
    upright = draw_scene(case.seed, case.size)
    method = TO_STORED.get(case.orientation)
    return KINDS[case.kind](upright if method is None else upright.transpose(method), case.orientation)


def draw_scene(seed: int, size: tuple[int, int]) -> Image.Image:
    """Return an RGBA image of gradients, noise, shapes, thin lines, text and a transparent area."""
    random = Random(seed)
    image = sample_images.photograph(*size).copy()
    draw = ImageDraw.Draw(image)
    unit = max(size) / 10
    for _ in range(12):
        colour, x, y = tuple(random.randbytes(3)), random.uniform(0, size[0]), random.uniform(0, size[1])
        box = (x, y, x + random.uniform(0.1, 3) * unit, y + random.uniform(0.1, 3) * unit)
        random.choice([draw.ellipse, draw.rectangle])(box, fill=colour)
        draw.line(
            (x, y, random.uniform(0, size[0]), random.uniform(0, size[1])),
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
    """Encode 16 bits per channel; the low byte repeats the high byte."""
    data, stride = image.tobytes(), image.width * len(image.getbands())
    doubled = bytearray(2 * len(data))
    doubled[::2] = doubled[1::2] = data
    rows = [bytes(doubled[y : y + 2 * stride]) for y in range(0, len(doubled), 2 * stride)]
    return sample_images._png(*image.size, depth=16, kind=2 if image.mode == "RGB" else 0, rows=rows)


def _exif(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


TO_STORED = {orientation: INVERSES.get(method, method) for orientation, method in TRANSPOSITIONS.items()}
"""Transpositions from the upright to the stored image, by orientation."""

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
    "transparent gif": lambda image, _: sample_images.saved(image, "GIF"),
}
ORIENTABLE_KINDS = {*KINDS} - {"palette png", "deep png", "deep grey png", "gif", "transparent gif"}
POSITIONS = {"center": "centre", "top": "top", "right": "right", "bottom-left": "left bottom"}
SHARP_NAMES = {Format.JPG: "jpeg"}


def _random_side(random: Random, size: tuple[int, int]) -> int:
    """Return a random side, mostly smaller than the image, sometimes larger."""
    return max(
        1, min(900, int(max(size) * random.choice([random.uniform(0.02, 1), random.uniform(0.1, 0.6), 1.3])))
    )


def _sharp_arguments(transform: Transform, case: ComparisonCase) -> tuple[dict[str, Any], str]:
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


def _similarity(one: Image.Image, other: Image.Image) -> float:
    """Compare over grey, so that invisible pixels do not count."""
    if min(one.size) < MIN_SIDE:
        return 1
    return ssim(
        *(Image.alpha_composite(Image.new("RGBA", i.size, GREY), i.convert("RGBA")) for i in (one, other))
    )


def compare_all(seeds: range) -> Iterator[tuple[ComparisonCase, Comparison]]:
    with TemporaryDirectory() as folder, Sharp() as sharp:
        for seed in seeds:
            case = random_case(seed)
            if (comparison := compare(sharp, case, Path(folder))) is not None:
                yield case, comparison


if __name__ == "__main__":
    count, first = map(int, sys.argv[1:] + ["1000", "0"][len(sys.argv) - 1 :])
    results = sorted(compare_all(range(first, first + count)), key=lambda pair: pair[1].similarity)
    for case, comparison in results[:60]:
        print(f"{comparison.similarity:.4f} {comparison.ours} {comparison.theirs} {case}")
    print(f"{sum(comparison.is_match for _, comparison in results)} of {len(results)} match")
