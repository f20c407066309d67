"""Random pictures and transforms, ours beside what the npm package sharp makes of them. More of them by hand:
`python -m tests.imaging.cases 1000 [the first one's seed]`."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from app.imaging.formats import Format
from app.imaging.probe import identify
from app.imaging.render import render
from app.imaging.transform import Transform
from scripts.fixtures import sample_images
from tests.imaging.cases import LIMITS, SHARP_NAMES, case, compared
from tests.imaging.sharp import Sharp
from tests.imaging.similarity import ssim


@pytest.fixture(scope="module")
def sharp() -> Iterator[Sharp]:
    with Sharp() as sharp:
        yield sharp


HARD = (457, 1135, 2383, 30523)
"""What once did not hold: a JPEG shrunk by 9.05 that was taken for 8.99, WebPs that shrink by a fiftieth, and 40 pixels
shrunk to 38.46, which are 38: the rest was squeezed in, not left out."""


@pytest.mark.parametrize("seeds", [*(range(first, first + 20) for first in range(0, 200, 20)), HARD])
def test_sizes_and_pixels_are_those_of_sharp(sharp: Sharp, tmp_path: Path, seeds: Iterable[int]) -> None:
    wrong = []
    for seed in seeds:
        result = compared(sharp, case(seed), tmp_path)
        if result is not None and not result.holds:
            wrong.append((str(case(seed)), result))
    assert not wrong


@pytest.mark.parametrize(
    ("format", "qualities", "larger", "worse"),
    [
        ("jpg", (1, 20, 80, 100), 1.02, 0),
        ("webp", (20, 50, 80, 89), 1.15, 0.005),
        ("webp", (90, 98, 100), 1, 0),
        ("avif", (2, 10, 24, 25, 50, 74, 75, 90, 100), 1.1, 0.015),
    ],
)
def test_a_quality_means_what_it_means_for_sharp(
    sharp: Sharp, tmp_path: Path, format: str, qualities: Iterable[int], larger: float, worse: float
) -> None:
    source, ours, theirs = (tmp_path / name for name in ("source", "ours", "theirs"))
    picture = sample_images.photograph(400, 300)
    picture.save(source, "PNG")
    for quality in qualities:
        asked = Transform.parse({"fm": format, "q": str(quality)})
        render(source, asked.resolve(identify(source, LIMITS).source), ours)
        sharp.write(source, theirs, {}, SHARP_NAMES.get(Format(format), format), quality=quality)
        one, other = (ssim(Image.open(result), picture) for result in (ours, theirs))
        assert ours.stat().st_size <= larger * theirs.stat().st_size
        assert one >= other - worse
