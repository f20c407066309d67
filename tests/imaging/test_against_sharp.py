"""Random pictures and transforms, ours beside what the npm package sharp makes of them. More of them by hand:
`python -m tests.imaging.cases 1000`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.imaging.cases import case, compared
from tests.imaging.sharp import Sharp


@pytest.fixture(scope="module")
def sharp() -> Iterator[Sharp]:
    with Sharp() as sharp:
        yield sharp


@pytest.mark.parametrize("first", range(0, 200, 20))
def test_sizes_and_pixels_are_those_of_sharp(sharp: Sharp, tmp_path: Path, first: int) -> None:
    wrong = []
    for seed in range(first, first + 20):
        result = compared(sharp, case(seed), tmp_path)
        if result is not None and not result.holds:
            wrong.append((str(case(seed)), result))
    assert not wrong
