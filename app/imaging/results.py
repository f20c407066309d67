"""Results of the workers. The server reads them without loading a decoder."""

from dataclasses import dataclass

from app.imaging.formats import Format
from app.imaging.transform import Source

INLINE_BODY_BYTES = 1024 * 1024
"""Results up to this size are returned in memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Facts about an image. Sizes are upright. `has_alpha` means that a pixel is transparent, not that it could be.

    `thumbhash` is base64. `dominant_color` is `#rrggbb`: the most frequent of eight colours among mostly opaque
    pixels (white if there are none).
    """

    format: Format
    width: int
    height: int
    frames: int
    has_alpha: bool
    thumbhash: str
    dominant_color: str

    @property
    def source(self) -> Source:
        return Source(
            format=self.format,
            width=self.width,
            height=self.height,
            frames=self.frames,
            has_alpha=self.has_alpha,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderResult:
    """Facts about a result: size in pixels, frames, bytes. `body` is set for small results.

    `is_stored` means that it was moved to its final place.
    """

    width: int
    height: int
    frames: int
    size: int
    body: bytes | None = None
    is_stored: bool = False
