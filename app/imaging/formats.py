"""Image formats, and content negotiation."""

from enum import StrEnum
from typing import Self


class Format(StrEnum):
    """An image format, named by its extension."""

    JPG = "jpg"
    PNG = "png"
    WEBP = "webp"
    GIF = "gif"
    AVIF = "avif"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a name or extension, ignoring case; `jpeg` is jpg. Raises ValueError."""
        word = text.lower()
        try:
            return cls("jpg" if word == "jpeg" else word)
        except ValueError:
            raise ValueError(f"one of {', '.join(cls)}") from None

    @property
    def mime_type(self) -> str:
        return "image/jpeg" if self is Format.JPG else f"image/{self}"

    @property
    def extension(self) -> str:
        return self.value

    @property
    def can_animate(self) -> bool:
        """True for formats written as animations. AVIF and PNG could hold them, but get the first frame."""
        return self in {Format.GIF, Format.WEBP}

    @property
    def can_alpha(self) -> bool:
        return self is not Format.JPG


MIME_TYPES = {format.value: format.mime_type for format in Format}
"""Media types by the stored format name."""


def negotiate(accept: str, source: Format, *, animated: bool) -> Format:
    """Return the format for `fm=auto`: AVIF, else WebP, if the Accept header names it; else the original's.

    `*/*` and `image/*` name neither: clients that send only those may know no newer format. An animation never
    becomes AVIF, which would lose all frames but the first.
    """
    named = _named_types(accept)
    if Format.AVIF.mime_type in named and not animated:
        return Format.AVIF
    if Format.WEBP.mime_type in named:
        return Format.WEBP
    return source


def _named_types(accept: str) -> set[str]:
    """Return the media types of an Accept header, without those with q=0."""
    ranges = (entry.split(";") for entry in accept.lower().split(","))
    return {name.strip() for name, *parameters in ranges if not any(map(_is_zero_weight, parameters))}


def _is_zero_weight(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return name.strip() == "q" and value.strip().rstrip("0") in {"", "0.", "."}
