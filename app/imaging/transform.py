"""Transforms as requested, and the recipes that they resolve to. Equivalent requests share a recipe."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from hashlib import sha256
from typing import Any, Self
from urllib.parse import quote

from app.errors import InvalidParameter
from app.imaging import formats
from app.imaging.colour import Colour
from app.imaging.formats import Format
from app.imaging.geometry import Box, Fit, Geometry, Position, Size, compute_geometry
from app.imaging.params import AUTO, PARAMS, AutoFormat, Param

RENDERER_VERSION = 5
"""Increased when recipes produce other pixels, so that variants cached under old digests are not used."""

DEFAULT_QUALITY = {Format.JPG: 80, Format.WEBP: 80, Format.AVIF: 50}

HIGH_QUALITY = {Format.JPG: 90, Format.WEBP: 90, Format.AVIF: 75}
"""From this quality on, the image itself is the source, and WebP is encoded as sharp does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Facts about a stored image that a recipe needs; sizes are upright, in pixels."""

    format: Format
    width: int
    height: int
    frames: int = 1
    has_alpha: bool = False

    @property
    def pixels(self) -> int:
        """Pixels of all frames."""
        return self.width * self.height * self.frames

    @property
    def is_animated(self) -> bool:
        return self.frames > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Transform:
    """A requested transform. `width` and `height` are CSS pixels, before `dpr`; None is unspecified."""

    width: int | None = None
    height: int | None = None
    quality: int | None = None
    fit: Fit = Fit.COVER
    format: Format | AutoFormat | None = None
    dpr: float = 1.0
    background: Colour | None = None
    position: Position = Position.CENTER

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> Self:
        """Parse a URL's parameters; unknown ones are ignored. Raises InvalidParameter."""
        return cls(
            **{param.field: _parse_param(param, query[param.name]) for param in PARAMS if param.name in query}
        )

    @property
    def is_identity(self) -> bool:
        """True if nothing is requested, so that the response is the original file."""
        return self.width is None and self.height is None and self._essence() == Transform()

    @property
    def is_auto(self) -> bool:
        """True if `negotiated` decides the format."""
        return self.format is AUTO

    def query(self, *, without_format: bool = False) -> str:
        """Return the shortest equivalent URL query, in a fixed order; '' for the identity.

        `without_format` omits `fm`, for URLs with an extension.
        """
        return _query(self, without_format)

    def negotiated(self, accept: str, source: Source) -> Self:
        """Return this transform with `auto` resolved by the request's Accept header."""
        if not self.is_auto:
            return self
        return replace(self, format=formats.negotiate(accept, source.format, animated=source.is_animated))

    def resolve(self, source: Source) -> "Recipe":
        """Return the recipe for a stored image. An `auto` that was not negotiated is the original's format.

        Raises BadRequest if the result would be too large.
        """
        target = self.format if isinstance(self.format, Format) else source.format
        frames = source.frames if target.can_animate else 1
        geometry = compute_geometry(
            Size(source.width, source.height), self._box(), loader=source.format, frames=frames
        )
        return Recipe(
            format=target,
            geometry=geometry,
            frames=frames,
            quality=(self.quality or DEFAULT_QUALITY[target]) if target in DEFAULT_QUALITY else None,
            background=self._visible_background(target, geometry, source),
        )

    def _box(self) -> Box:
        return Box(
            width=_multiplied(self.width, self.dpr),
            height=_multiplied(self.height, self.dpr),
            fit=self.fit,
            position=self.position,
        )

    def _visible_background(self, target: Format, geometry: Geometry, source: Source) -> Colour | None:
        """Return the background if any of it is visible."""
        if not (geometry.is_padded or (source.has_alpha and not target.can_alpha)):
            return None
        colour = self.background or Colour.TRANSPARENT
        if not target.can_alpha:
            return colour.over_white()
        return colour if colour.alpha else Colour.TRANSPARENT

    def _essence(self) -> "Transform":
        """Return the transform without parameters that never matter."""
        boxed = self.width is not None and self.height is not None
        sized = self.width is not None or self.height is not None
        padded = boxed and self.fit is Fit.CONTAIN
        nothing = Transform()
        return replace(
            self,
            fit=self.fit if boxed or (sized and self.fit is Fit.FILL) else nothing.fit,
            position=self.position if boxed and self.fit is Fit.COVER else nothing.position,
            dpr=self.dpr if sized else nothing.dpr,
            background=self.background if padded or self.format is Format.JPG else None,
            quality=None if self.format in {Format.PNG, Format.GIF} else self.quality,
        )


@lru_cache(maxsize=1_000)
def _query(transform: Transform, without_format: bool) -> str:
    """Cached: in lists the same query is needed a hundred times, and writing it dominates the cost of a URL."""
    essence, nothing = transform._essence(), Transform()  # noqa: SLF001
    if without_format:
        essence = replace(essence, format=None)
    return "&".join(
        f"{param.name}={quote(param.format(getattr(essence, param.field)), safe=',')}"
        for param in PARAMS
        if getattr(essence, param.field) != getattr(nothing, param.field)
    )


def _parse_param(param: Param, text: str) -> Any:
    try:
        return param.parse(text)
    except ValueError as error:
        raise InvalidParameter(param.name, text, str(error)) from error


def _multiplied(side: int | None, ratio: float) -> int | None:
    return None if side is None else int(side * ratio + 0.5)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A resolved transform of one stored image, which fully determines the result.

    `quality` is None for formats without one, `background` if none of it is visible.
    """

    format: Format
    geometry: Geometry
    frames: int
    quality: int | None
    background: Colour | None

    @property
    def output_size(self) -> Size:
        return self.geometry.output

    @property
    def enlarges(self) -> bool:
        """True for a high quality."""
        return self.quality is not None and self.quality >= HIGH_QUALITY[self.format]

    @cached_property
    def canonical(self) -> str:
        """A text that identifies the result: `jpg 800x600 q80 bg=fff`."""
        parts = (
            self.format.value,
            str(self.geometry),
            f"q{self.quality}" if self.quality else "",
            f"bg={self.background}" if self.background else "",
        )
        return " ".join(filter(None, parts))

    @cached_property
    def digest(self) -> str:
        """32 hex digits that identify the result among those of one image."""
        return sha256(f"{RENDERER_VERSION} {self.canonical}".encode()).hexdigest()[:32]
