"""What workers say of a picture: what it is, and what was made of it. The server reads them and loads no decoder."""

from dataclasses import dataclass

from app.imaging.formats import Format
from app.imaging.transform import Source

INLINE_BODY_BYTES = 1024 * 1024
"""Bytes up to which a picture is handled whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A whole picture. Sizes are upright. `has_alpha` says that some pixel is see-through, not that some could be.

    `thumbhash` is base64. `dominant_color` is `#rrggbb`: the commonest of eight, among the pixels that are more seen
    than seen through (white if there are none).
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
    """What was written: pixels a side, frames, bytes. The `body` is there where it is SMALL.

    `is_placed` says that it lies in its place already, and no more where it was written.
    """

    width: int
    height: int
    frames: int
    size: int
    body: bytes | None = None
    is_stored: bool = False
