"""Run one render per line of JSON, as the workers do, and print its cost. One thread.

`bare` only decodes, resizes and encodes with Pillow. The difference is PicHub's own cost.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from app.imaging.animation import Timing
from app.imaging.encoder import encode
from app.imaging.formats import Format
from app.imaging.limits import STORED_LIMITS
from app.imaging.probe import identify
from app.imaging.render import render
from app.imaging.transform import Source, Transform

_sources: dict[str, Source] = {}


def ours(job: dict[str, Any]) -> Callable[[], object]:
    source, destination = Path(job["source"]), Path(job["destination"])
    if job["source"] not in _sources:
        _sources[job["source"]] = identify(source, STORED_LIMITS).source
    transform = Transform(
        width=job["width"],
        height=job["height"],
        quality=job["quality"],
        format=Format.parse(job["format"]),
    )
    recipe = transform.resolve(_sources[job["source"]])
    return lambda: render(source, recipe, destination)


def bare(job: dict[str, Any]) -> Callable[[], object]:
    """Cover crop of the centre.

    An intermediate is decoded at half size at least, as in PicHub: a quarter would be faster, with visible loss.
    """
    box, source = (job["width"], job["height"]), Path(job["source"])

    def run() -> None:
        with Image.open(source) as image:
            half = (image.width // 2, image.height // 2) if "intermediates" in source.parts else box
            image.draft("RGB", (max(box[0], half[0]), max(box[1], half[1])))
            across, down = image.width / box[0], image.height / box[1]
            ratio = min(across, down)
            left = max(0, (image.width - box[0] * ratio) / 2)
            top = max(0, (image.height - box[1] * ratio) / 2)
            part = (left, top, image.width - left, image.height - top)
            small = image.resize(box, Image.Resampling.LANCZOS, part, reducing_gap=2.0)
        encode([small], Format.parse(job["format"]), job["quality"], Timing(durations=(0,), play_count=0))

    return run


def main() -> None:
    prepare = {"ours": ours, "bare": bare}[sys.argv[1]]
    for line in sys.stdin:
        run = prepare(json.loads(line))
        wall, cpu = time.perf_counter(), time.process_time()
        run()
        taken = {"wall": (time.perf_counter() - wall) * 1000, "cpu": (time.process_time() - cpu) * 1000}
        print(json.dumps(taken), flush=True)  # noqa: T201  (this is the answer)


if __name__ == "__main__":
    main()
