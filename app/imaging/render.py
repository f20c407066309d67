"""Renders a recipe of a stored image. CPU-bound: run it in a worker."""

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from math import prod
from pathlib import Path

from PIL import Image

from app.imaging.animation import Timing, duration, play_count
from app.imaging.colour import Colour
from app.imaging.colourspace import is_transparent, to_resizable_mode, to_srgb, without_alpha
from app.imaging.decoder import (
    ROTATED_ORIENTATIONS,
    OpenImage,
    apply_orientation,
    frames,
    open_image,
    to_stored_box,
)
from app.imaging.encoder import encode
from app.imaging.formats import Format
from app.imaging.geometry import Size
from app.imaging.intermediates import Step
from app.imaging.limits import STORED_LIMITS, Admit, admit_immediately
from app.imaging.resampling import resize
from app.imaging.results import INLINE_BODY_BYTES as FEW_BYTES
from app.imaging.results import RenderResult
from app.imaging.transform import Recipe

SMALL_PIXELS = 2_000_000
"""Up to this size images are rendered exactly as sharp does; above, faster methods look the same."""

WEBP_FILTERS = ((1.6, Image.Resampling.BILINEAR), (2.0, Image.Resampling.HAMMING))
"""Filters closest to libwebp's area mean, by shrink factor. Larger factors use BICUBIC, which looks better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderTask:
    """Input of the pipeline's steps: the recipe, the decoded size of the stored image, and its EXIF orientation (1
    to 8).
    """

    recipe: Recipe
    source: Format
    loaded: Size
    orientation: int

    @property
    def converts_first(self) -> bool:
        """True if colours are converted before blending with each other or a background; later there are fewer
        pixels.
        """
        small = prod(self.loaded) <= max(SMALL_PIXELS, prod(self.recipe.geometry.visible))
        return small or not self.recipe.format.can_alpha


def render(
    source: Path,
    recipe: Recipe,
    destination: Path,
    *,
    step: Step | None = None,
    admit: Admit = admit_immediately,
) -> RenderResult:
    """Write the result of `recipe` to `destination`. Raises CorruptImage, TooManyPixels.

    `step` tells which intermediate the source is; None is the image itself.
    """
    with open_image(source, STORED_LIMITS) as picture:
        loaded = _shrink_on_load(picture, recipe, step)
        task = RenderTask(
            recipe=recipe, source=picture.format, loaded=loaded, orientation=picture.orientation
        )
        admit(picture.image.width * picture.image.height + recipe.frames * prod(recipe.output_size))
        results, timing = _render_frames(picture, task)
    data = encode(results, recipe.format, recipe.quality, timing)
    destination.write_bytes(data)
    width, height = recipe.output_size
    frames = _count_frames(data, recipe)
    body = data if len(data) <= FEW_BYTES else None
    return RenderResult(width=width, height=height, frames=frames, size=len(data), body=body)


def _shrink_on_load(picture: OpenImage, recipe: Recipe, step: Step | None) -> Size:
    """Return the size at which the image will be decoded, without partial pixels at the right and bottom.

    A JPEG is decoded at the smallest sufficient scale of 1, 1/2, 1/4 and 1/8: two to four times as fast.
    """
    divisor = _divisor(picture, recipe) if step is None else _divisor_of_intermediate(picture, recipe)
    reduced = Size(*(max(1, side // divisor) for side in picture.size))
    if picture.image.draft(None, reduced) is None or picture.image.size == picture.size:
        return picture.size
    return reduced


def _divisor(picture: OpenImage, recipe: Recipe) -> int:
    """Return 8, 4, 2 or 1. sharp keeps some spare pixels, which is too expensive for large images."""
    if prod(picture.size) <= SMALL_PIXELS or recipe.enlarges:
        return recipe.geometry.divisor
    return next((divisor for divisor in (8, 4, 2) if _shrink(picture, recipe) >= divisor), 1)


def _divisor_of_intermediate(picture: OpenImage, recipe: Recipe) -> int:
    """Half, if that is enough, looks like the image itself decoded at this size; a quarter visibly does not."""
    return 2 if _shrink(picture, recipe) >= 2 else 1


def _shrink(picture: OpenImage, recipe: Recipe) -> int:
    """Return the source pixels per side for each pixel of the result."""
    scaled = recipe.geometry.scaled
    across, down = scaled[::-1] if picture.orientation in ROTATED_ORIENTATIONS else scaled
    return min(picture.size.width // across, picture.size.height // down)


def _render_frames(picture: OpenImage, task: RenderTask) -> tuple[list[Image.Image], Timing]:
    results, durations = [], []
    for frame in islice(frames(picture), task.recipe.frames):
        results.append(_render_frame(frame, task))
        durations.append(duration(frame))
    return results, Timing(durations=tuple(durations), play_count=play_count(picture.image, picture.format))


def _render_frame(frame: Image.Image, task: RenderTask) -> Image.Image:
    image = frame
    for step in PIPELINE:
        image = step(image, task)
    if image.size != task.recipe.output_size:
        raise RuntimeError(f"{task.recipe.canonical} came out as {Size(*image.size)}")
    return (
        image.copy() if image is frame and task.recipe.frames > 1 else image
    )  # the decoder reuses its frame


def _to_resizable_mode(image: Image.Image, _: RenderTask) -> Image.Image:
    return to_resizable_mode(image)


def _to_srgb_before_resize(image: Image.Image, task: RenderTask) -> Image.Image:
    return to_srgb(image) if task.converts_first else image


def _flatten(image: Image.Image, task: RenderTask) -> Image.Image:
    if task.recipe.format.can_alpha or image.mode not in {"LA", "RGBA"}:
        return image
    sheet = Image.new("RGB", image.size, (task.recipe.background or Colour.WHITE).rgb)
    sheet.paste(image.convert("RGB"), mask=image.getchannel("A"))
    return sheet


def _crop_and_resize(image: Image.Image, task: RenderTask) -> Image.Image:
    """Crop and resize before orienting, as sharp does: fewer pixels are left to rotate."""
    geometry, sideways = task.recipe.geometry, task.orientation in ROTATED_ORIENTATIONS
    (left, top), visible = geometry.crop, geometry.visible
    cut = (left, top, left + visible.width, top + visible.height)
    left, top, right, bottom = to_stored_box(cut, geometry.scaled, task.orientation)
    scaled, reach, middle = geometry.scaled, geometry.source_share, geometry.centre_share
    if sideways:
        scaled, reach, middle, visible = Size(*scaled[::-1]), reach[::-1], middle[::-1], Size(*visible[::-1])
    across, x = _step(task.loaded.width, scaled.width, reach[0], middle[0])
    down, y = _step(task.loaded.height, scaled.height, reach[1], middle[1])
    box = (x + left * across, y + top * down, x + right * across, y + bottom * down)
    return resize(image, visible, box, shrink_by=_filter(task.source, min(across, down)))


def _step(side: int, scaled: int, reach: float, middle: float) -> tuple[float, float]:
    """Return the source pixels per result pixel, and the position of the first."""
    if middle == 1:
        return side * reach / scaled, 0
    step = max(1, side * middle / scaled)
    return step, (side - step * scaled) / 2


def _filter(source: Format, shrink: float) -> Image.Resampling:
    """Return the filter. For WebP sources it imitates libwebp, which sharp lets shrink by area mean."""
    if source is not Format.WEBP or shrink <= 1:
        return Image.Resampling.LANCZOS
    return next((each for below, each in WEBP_FILTERS if shrink < below), Image.Resampling.BICUBIC)


def _orient(image: Image.Image, task: RenderTask) -> Image.Image:
    return apply_orientation(image, task.orientation)


def _to_srgb_after_resize(image: Image.Image, task: RenderTask) -> Image.Image:
    return image if task.converts_first else to_srgb(image)


def _drop_opaque_alpha(image: Image.Image, _: RenderTask) -> Image.Image:
    return image if is_transparent(image) else without_alpha(image)


def _pad(image: Image.Image, task: RenderTask) -> Image.Image:
    geometry = task.recipe.geometry
    if not geometry.is_padded:
        return image
    background = task.recipe.background or Colour.TRANSPARENT
    sheet = Image.new("RGBA", geometry.output, background.rgba)
    sheet.paste(
        image.convert("RGBA"), geometry.pad
    )  # without a mask, so that transparent pixels stay transparent
    return _drop_opaque_alpha(sheet, task)


PIPELINE: tuple[Callable[[Image.Image, RenderTask], Image.Image], ...] = (
    _to_resizable_mode,
    _to_srgb_before_resize,
    _flatten,
    _crop_and_resize,
    _orient,
    _to_srgb_after_resize,
    _drop_opaque_alpha,  # optimized GIFs mark unchanged pixels as transparent
    _pad,
)


def _count_frames(data: bytes, recipe: Recipe) -> int:
    """Count the encoded frames: encoders merge equal neighbours and add their durations."""
    if recipe.frames == 1:
        return 1
    with Image.open(BytesIO(data)) as written:
        return int(getattr(written, "n_frames", 1))
