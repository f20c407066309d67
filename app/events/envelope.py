"""The form in which events leave the house, one and the same everywhere."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import orjson

from app.models import Event


@dataclass(frozen=True, slots=True)
class EventEnvelope:
    """`type` as the catalogue writes it; `data` is what the catalogue says of that type."""

    id: str
    type: str
    created_at: datetime
    data: Any

    @classmethod
    def of(cls, event: Event) -> Self:
        return cls(event.id, event.type, event.created_at, event.data)

    def as_json(self) -> bytes:
        """The object in JSON, its time in UTC with a Z."""
        return orjson.dumps(self, option=orjson.OPT_UTC_Z)
