"""Body and headers of a webhook request."""

from collections.abc import Iterable
from datetime import datetime

import orjson

from app.events.envelope import EventEnvelope
from app.webhooks.signatures import signed_headers


def serialize(envelope: EventEnvelope) -> bytes:
    """Return the body, identical for each attempt. `event` repeats `type`, for receivers of the earlier format."""
    return orjson.dumps(
        {
            "id": envelope.id,
            "type": envelope.type,
            "event": envelope.type,
            "timestamp": envelope.created_at,
            "data": envelope.data,
        },
        option=orjson.OPT_UTC_Z,
    )


def headers(id: str, body: bytes, now: datetime, secrets: Iterable[str]) -> dict[str, str]:
    """Return the headers of an attempt made now. Raises InvalidSecret."""
    return {
        "content-type": "application/json",
        **signed_headers(id, int(now.timestamp()), body, secrets),
    }
