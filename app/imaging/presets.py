"""Presets: named transforms, used as `preset=thumb`."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Self
from urllib.parse import parse_qsl

from app.errors import InvalidParameter
from app.imaging.params import PARAMS
from app.imaging.transform import Transform

PRESET_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}", re.ASCII)
NAME_RULE = "1 to 40 letters a-z, digits, hyphens and underscores"
PARAM_BY_NAME = {param.name: param for param in PARAMS}


@dataclass(frozen=True)
class Preset:
    """A name, and its parameters as written."""

    name: str
    parameters: Mapping[str, str]

    @cached_property
    def transform(self) -> Transform:
        return Transform.parse(self.parameters)

    @property
    def canonical(self) -> str:
        """The shortest equivalent URL query."""
        return self.transform.query()


@dataclass(frozen=True, slots=True)
class Presets:
    """All presets by name, in the order of the setting."""

    named: Mapping[str, Preset]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse `thumb=w=200&h=200&fit=cover; hero=w=1600&q=75`. Raises ValueError with the problem."""
        named: dict[str, Preset] = {}
        for entry in filter(None, map(str.strip, re.split("[;\n]", text))):
            preset = _parse_preset(entry)
            if preset.name in named:
                raise ValueError(f"the preset {preset.name!r} is there twice")
            named[preset.name] = preset
        return cls(named)

    def __iter__(self) -> Iterator[Preset]:
        return iter(self.named.values())

    def get(self, name: str) -> Preset:
        """Return the preset of this name. Raises InvalidParameter."""
        preset = self.named.get(name)
        if preset is None:
            there_are = (
                f"one of {', '.join(self.named)}" if self.named else "left out: this server has no presets"
            )
            raise InvalidParameter("preset", name, there_are)
        return preset

    def transform(self, query: Mapping[str, str]) -> Transform:
        """Return the transform of a URL's parameters: those of its `preset`, overridden by its own.

        Raises InvalidParameter.
        """
        if "preset" not in query:
            return Transform.parse(query)
        return Transform.parse({**self.get(query["preset"]).parameters, **query})


def _parse_preset(entry: str) -> Preset:
    name, _, query = (part.strip() for part in entry.partition("="))
    if PRESET_NAME.fullmatch(name) is None:
        raise ValueError(f"{name!r} is no name for a preset, which has {NAME_RULE}")
    pairs = parse_qsl(query, keep_blank_values=True)
    if not pairs:
        raise ValueError(f"the preset {name!r} says nothing; it may say {', '.join(PARAM_BY_NAME)}")
    parameters: dict[str, str] = {}
    for key, value in pairs:
        if key not in PARAM_BY_NAME:
            raise ValueError(f"the preset {name!r} has {key!r}, where it may have {', '.join(PARAM_BY_NAME)}")
        if key in parameters:
            raise ValueError(f"the preset {name!r} has {key!r} twice")
        parameters[key] = value
    try:
        Transform.parse(parameters)
    except InvalidParameter as error:
        found = parameters[error.name]
        raise ValueError(
            f"in the preset {name!r}, {error.name} must be {error.allowed}; it is {found!r}"
        ) from error
    return Preset(name, parameters)
