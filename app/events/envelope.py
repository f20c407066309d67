"""The public form of an event, the same in every interface."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import orjson

from app.models import Event


@dataclass(frozen=True, slots=True)
class EventEnvelope:
    """`type` is the event type; `data` is described in the catalogue."""

    id: str
    type: str
    created_at: datetime
    data: Any

    @classmethod
    def of(cls, event: Event) -> Self:
        return cls(event.id, event.type, event.created_at, event.data)

    def as_json(self) -> bytes:
        """Return the JSON object, with its time in UTC with a Z."""
        return orjson.dumps(self, option=orjson.OPT_UTC_Z)
