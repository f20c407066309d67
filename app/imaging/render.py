"""From a stored picture and a recipe to the result. Burns CPU: call it through the pool."""

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from math import prod
from pathlib import Path

from PIL import Image

from app.imaging.animation import Timing, duration, plays
from app.imaging.colour import Colour
from app.imaging.colourspace import is_see_through, readable, to_srgb, without_alpha
from app.imaging.decoder import SIDEWAYS, Admit, Limits, Opened, as_stored, at_once, frames, opened, turned
from app.imaging.encoder import encoded
from app.imaging.geometry import Size
from app.imaging.resampling import resized
from app.imaging.transform import Recipe

STORED = Limits(max_pixels=10**9, max_side=65_500)
"""What is stored was measured when it came; the limits may have been lowered since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What was written: pixels a side, frames, bytes."""

    width: int
    height: int
    frames: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What each step of the pipeline knows: the recipe, the stored picture's size as it is decoded, and how it is
    turned (1 to 8, as in EXIF)."""

    recipe: Recipe
    loaded: Size
    orientation: int


def render(source: Path, recipe: Recipe, destination: Path, *, admit: Admit = at_once) -> Rendered:
    """Writes the result of `recipe` to `destination`, and nowhere else. Raises CorruptImage, TooManyPixels."""
    with opened(source, STORED) as picture:
        loaded = _shrink_on_load(picture, recipe)
        task = Task(recipe=recipe, loaded=loaded, orientation=picture.orientation)
        admit(picture.image.width * picture.image.height + recipe.frames * prod(recipe.output_size))
        results, timing = _results(picture, task)
    data = encoded(results, recipe.format, recipe.quality, timing)
    destination.write_bytes(data)
    width, height = recipe.output_size
    return Rendered(width=width, height=height, frames=_count_frames(data, recipe), size=len(data))


def _shrink_on_load(picture: Opened, recipe: Recipe) -> Size:
    """The size in which the picture will be decoded, without part pixels at the right and the bottom.

    A JPEG is decoded at the smallest of 1, 1/2, 1/4 and 1/8 that is large enough: two to four times as fast.
    """
    width, height = recipe.geometry.scaled
    sideways = picture.orientation in SIDEWAYS
    drafted = picture.image.draft(None, (height, width) if sideways else (width, height))
    if drafted is None:
        return picture.size
    _, (_, _, right, bottom) = drafted
    return Size(max(1, int(right)), max(1, int(bottom)))


def _results(picture: Opened, task: Task) -> tuple[list[Image.Image], Timing]:
    results, durations = [], []
    for frame in islice(frames(picture), task.recipe.frames):
        results.append(_result(frame, task))
        durations.append(duration(frame))
    return results, Timing(durations=tuple(durations), plays=plays(picture.image, picture.format))


def _result(frame: Image.Image, task: Task) -> Image.Image:
    image = frame
    for step in PIPELINE:
        image = step(image, task)
    if image.size != task.recipe.output_size:
        raise RuntimeError(f"{task.recipe.canonical} came out as {Size(*image.size)}")
    return (
        image.copy() if image is frame and task.recipe.frames > 1 else image
    )  # the decoder draws over its frame


def _readable(image: Image.Image, _: Task) -> Image.Image:
    return readable(image)


def _cropped_and_resized(image: Image.Image, task: Task) -> Image.Image:
    """The visible part, not yet upright: sharp turns last too, and there are fewer pixels to turn then."""
    geometry, sideways = task.recipe.geometry, task.orientation in SIDEWAYS
    width, height = task.loaded[::-1] if sideways else task.loaded
    across, down = width / geometry.scaled.width, height / geometry.scaled.height
    left, top = geometry.crop.left * across, geometry.crop.top * down
    right, bottom = left + geometry.visible.width * across, top + geometry.visible.height * down
    box = as_stored((left, top, min(right, width), min(bottom, height)), (width, height), task.orientation)
    return resized(image, geometry.visible[::-1] if sideways else geometry.visible, box)


def _upright(image: Image.Image, task: Task) -> Image.Image:
    return turned(image, task.orientation)


def _in_srgb(image: Image.Image, _: Task) -> Image.Image:
    return to_srgb(image)


def _bare_of_idle_alpha(image: Image.Image, _: Task) -> Image.Image:
    return image if is_see_through(image) else without_alpha(image)


def _padded(image: Image.Image, task: Task) -> Image.Image:
    geometry = task.recipe.geometry
    if not geometry.is_padded:
        return image
    background = task.recipe.background or Colour.TRANSPARENT
    sheet = Image.new("RGBA", geometry.output, background.rgba)
    sheet.paste(image.convert("RGBA"), geometry.pad)  # without a mask: the picture's own holes stay holes
    return _bare_of_idle_alpha(sheet, task)


def _flattened(image: Image.Image, task: Task) -> Image.Image:
    if task.recipe.format.can_alpha or image.mode not in {"LA", "RGBA"}:
        return image
    sheet = Image.new("RGB", image.size, (task.recipe.background or Colour.WHITE).rgb)
    sheet.paste(image.convert("RGB"), mask=image.getchannel("A"))
    return sheet


PIPELINE: tuple[Callable[[Image.Image, Task], Image.Image], ...] = (
    _readable,
    _cropped_and_resized,
    _upright,
    _in_srgb,  # after resizing, which leaves fewer pixels to convert
    _bare_of_idle_alpha,  # optimised GIFs mark what stays the same as transparent: nothing of it is seen through
    _padded,
    _flattened,
)


def _count_frames(data: bytes, recipe: Recipe) -> int:
    """Encoders join neighbouring frames that are the same, and add up their durations."""
    if recipe.frames == 1:
        return 1
    with Image.open(BytesIO(data)) as written:
        return int(getattr(written, "n_frames", 1))
