"""Colours with alpha, written in hex."""

import re
from dataclasses import dataclass
from typing import ClassVar, Self

HEX = re.compile(r"#?([0-9a-f]{3}|[0-9a-f]{6}|[0-9a-f]{8})", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Colour:
    """Red, green, blue and alpha, each 0 to 255; alpha 255 is opaque."""

    red: int
    green: int
    blue: int
    alpha: int = 255

    TRANSPARENT: ClassVar["Colour"]
    WHITE: ClassVar["Colour"]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse `rgb`, `rrggbb` or `rrggbbaa`, with or without a leading #. Raises ValueError."""
        match = HEX.fullmatch(text)
        if match is None:
            raise ValueError("a colour in hex: rgb, rrggbb or rrggbbaa")
        digits = match[1]
        return cls(*bytes.fromhex("".join(2 * d for d in digits) if len(digits) == 3 else digits))

    def __str__(self) -> str:
        """Return the shortest hex that parses to this colour."""
        digits = bytes(self.rgba).hex()
        if self.alpha < 255:
            return digits
        short = digits[0:6:2]
        return short if digits[:6] == "".join(2 * d for d in short) else digits[:6]

    @property
    def rgb(self) -> tuple[int, int, int]:
        return self.red, self.green, self.blue

    @property
    def rgba(self) -> tuple[int, int, int, int]:
        return self.red, self.green, self.blue, self.alpha

    def over_white(self) -> "Colour":
        """Return this colour composited over white."""
        return Colour(*((c * self.alpha + 255 * (255 - self.alpha) + 127) // 255 for c in self.rgb))


Colour.TRANSPARENT = Colour(0, 0, 0, 0)
Colour.WHITE = Colour(255, 255, 255)
